/** The controller's side of the door: every switch that connects becomes a channel, or is reported as a failure. */
import { type Listener, type ListenOptions, listen } from '#link/listen.js'
import type { ListenTarget } from '#link/targets.js'
import { acceptChannel, type Channel, type ChannelOptions } from './channel.js'

/** The port that IANA has given to OpenFlow. */
export const openflowPort = 6653

export interface SwitchListenOptions extends ChannelOptions {
  readonly listen?: ListenOptions
  /** A switch whose datapath id is known; called before its first event. */
  readonly onSwitch: (channel: Channel) => void
  /** A connection that ended before its handshake did. */
  readonly onFailed?: (peer: string, error: Error) => void
}

/** Resolves once switches can connect; rejects with `LinkError` `listen-failed` or `bad-credentials`. */
export const listenForSwitches = (target: ListenTarget, options: SwitchListenOptions): Promise<Listener> =>
  listen(
    target,
    (transport, identified) =>
      acceptChannel(
        transport,
        options,
        (channel) => {
          identified()
          options.onSwitch(channel)
        },
        (error) => options.onFailed?.(transport.peer, error),
      ),
    options.listen,
  )
