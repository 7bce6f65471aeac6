/**
 * OpenFlow channels on their way to their switches: a channel says the datapath id of its bridge, and belongs to the switch in
 * whose database that bridge is. Of two with one datapath id the first stays, as long as it answers.
 */
import type { Clock } from '#link/clock.js'
import type { LinkOptions } from '#link/link.js'
import type { Random } from '#link/random.js'
import type { Transport } from '#link/transport.js'
import { errorText } from '#model/error.js'
import type { Logger } from '#model/logger.js'
import { acceptChannel, type Channel, type ChannelLimits, type EventMessage } from '#openflow/channel.js'
import type { OvsSwitch } from './ovs-switch.js'
import type { Refusals } from './refusals.js'
import { UnclaimedChannels } from './unclaimed-channels.js'

export interface ChannelDoorOptions {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly channelLimits?: Partial<ChannelLimits>
  readonly link?: Partial<LinkOptions>
  readonly refusals: Refusals
  /** Those that have been admitted. */
  readonly switches: () => Iterable<OvsSwitch>
}

/** How long the first holder of a name or datapath id has to show that it is there. */
export const challengeMs = 2_000

export class ChannelDoor {
  private readonly byChannel = new Map<Channel, OvsSwitch>()
  private readonly unclaimed: UnclaimedChannels

  constructor(private readonly options: ChannelDoorOptions) {
    this.unclaimed = new UnclaimedChannels(options.clock)
  }

  /** Closes the channels that wait. */
  clear(): void {
    this.unclaimed.clear()
  }

  /** Takes a connection over; `identified` is called once its handshake is complete. */
  accept(transport: Transport, identified: () => void): void {
    const { clock, random, channelLimits, link } = this.options
    acceptChannel(
      transport,
      {
        clock,
        random,
        ...(channelLimits !== undefined && { limits: channelLimits }),
        ...(link !== undefined && { link }),
        onEvent: (event, channel) => this.event(event, channel),
        onClose: (error, channel) => this.closed(error, channel),
      },
      (channel) => {
        identified()
        void this.connected(channel)
      },
      (error) =>
        this.options.refusals.tell(
          transport.peer,
          undefined,
          `its OpenFlow handshake failed: ${errorText(error)}`,
        ),
    )
  }

  private event(event: EventMessage, channel: Channel): void {
    this.byChannel.get(channel)?.take(event, channel)
  }

  private closed(error: Error, channel: Channel): void {
    this.unclaimed.forget(channel)
    const one = this.byChannel.get(channel)
    this.byChannel.delete(channel)
    this.options.logger.info(
      { node: one?.node, peer: channel.peer, reason: errorText(error) },
      'OpenFlow channel closed',
    )
    one?.detach(channel)
  }

  /** A channel says its datapath id: it goes to that switch, waits for it, or is one too many. */
  private async connected(channel: Channel): Promise<void> {
    const one = this.ofDatapath(channel.datapathId)
    if (one === undefined) {
      this.unclaimed.add(channel)
      return
    }
    if (!one.hasChannel) {
      this.join(one, channel)
      return
    }
    const answers = await one.channelAnswers(challengeMs)
    if (channel.link.phase.state === 'ended') return
    if (this.ofDatapath(channel.datapathId) !== one) {
      // The switch has left meanwhile, and may have come back as another one.
      await this.connected(channel)
      return
    }
    if (!answers) {
      this.join(one, channel)
      return
    }
    const reason = `datapath id ${datapathText(channel.datapathId)} is taken by node ${one.node}`
    this.options.refusals.tell(channel.peer, one.node, reason)
    channel.close(new Error(reason))
  }

  /** Gives a switch the channel that came before its bridge was known. */
  claim(one: OvsSwitch): void {
    const id = one.datapathId
    const channel = id === undefined || one.hasChannel ? undefined : this.unclaimed.take(BigInt(`0x${id}`))
    if (channel !== undefined) this.join(one, channel)
  }

  private join(one: OvsSwitch, channel: Channel): void {
    this.byChannel.set(channel, one)
    one.attach(channel)
  }

  private ofDatapath(datapathId: bigint): OvsSwitch | undefined {
    const text = datapathText(datapathId)
    for (const one of this.options.switches()) if (one.datapathId === text) return one
    return undefined
  }
}

const datapathText = (datapathId: bigint): string => datapathId.toString(16).padStart(16, '0')
