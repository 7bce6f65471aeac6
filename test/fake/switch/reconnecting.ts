/** A simulated switch's way to somebody who listens: dials, hands the transport over, dials again when it is lost. */
import type { Clock } from '#link/clock.js'
import type { Random } from '#link/random.js'
import type { Transport } from '#link/transport.js'
import { watched } from '#link/watched-transport.js'

export type DialTo = (target: string) => Promise<Transport>

export interface ReconnectingOptions {
  readonly target: string
  readonly dial: DialTo
  readonly clock: Clock
  readonly random: Random
  /** Takes the transport over and starts it. `lost` is to be called once, when it is over. */
  readonly open: (transport: Transport, lost: () => void) => Conversation
}

export interface Conversation {
  readonly end: () => void
  /** Asks something that the peer must answer. */
  readonly probe: () => void
}

/** Milliseconds, as in ovs-vswitchd.conf.db(5): `max_backoff`. */
const backoff = { min: 1_000, max: 8_000 }
/** Milliseconds of silence, after which the peer is asked, and after as long again given up: `inactivity_probe`. */
const silenceMsMax = 5_000

export class Reconnecting {
  private state: 'waiting' | 'dialling' | 'open' | 'stopped' = 'waiting'
  private backoffMs = 0
  private cancel = (): void => {}
  private end = (): void => {}
  private heardAt = 0

  constructor(private readonly options: ReconnectingOptions) {
    this.dial()
  }

  get target(): string {
    return this.options.target
  }

  get isOpen(): boolean {
    return this.state === 'open'
  }

  /** Loses the connection as a network does; it is dialled again. */
  drop(): void {
    this.end()
  }

  stop(): void {
    const { end } = this
    this.state = 'stopped'
    this.cancel()
    end()
  }

  private dial(): void {
    this.state = 'dialling'
    this.options.dial(this.options.target).then(
      (transport) => {
        if (this.state === 'stopped') transport.close()
        else this.opened(transport)
      },
      () => this.later(),
    )
  }

  private opened(transport: Transport): void {
    const { clock, open } = this.options
    this.state = 'open'
    this.backoffMs = 0
    this.heardAt = clock.now()
    const heard = (): void => {
      this.heardAt = clock.now()
    }
    const conversation = open(watched(transport, { onData: heard, onClose: () => {} }), () => {
      this.end = () => {}
      this.later()
    })
    if (this.state !== 'open') return
    this.end = conversation.end
    this.listen(conversation)
  }

  private listen(conversation: Conversation): void {
    const { clock } = this.options
    this.cancel = clock.schedule(silenceMsMax, () => {
      const silence = clock.now() - this.heardAt
      if (silence >= 2 * silenceMsMax) conversation.end()
      else {
        if (silence >= silenceMsMax) conversation.probe()
        this.listen(conversation)
      }
    })
  }

  private later(): void {
    if (this.state === 'stopped') return
    this.state = 'waiting'
    this.cancel()
    const { clock, random } = this.options
    this.backoffMs = Math.min(backoff.max, Math.max(backoff.min, this.backoffMs * 2))
    this.cancel = clock.schedule(this.backoffMs * (0.5 + random() / 2), () => this.dial())
  }
}
