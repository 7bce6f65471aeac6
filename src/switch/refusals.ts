/** Refusals, told once a while: a switch that is refused comes back every few seconds, and says nothing new. */
import type { Clock } from '#link/clock.js'

const quietMs = 60_000
const rememberedMax = 1_000

export class Refusals {
  private readonly told = new Map<string, number>()

  constructor(
    private readonly clock: Clock,
    /** `repeated`: the same was said of the same peer a moment ago. */
    private readonly listener: (
      peer: string,
      node: string | undefined,
      reason: string,
      repeated: boolean,
    ) => void,
  ) {}

  tell(peer: string, node: string | undefined, reason: string): void {
    // The port of the peer changes with every attempt.
    const key = `${peer.replace(/:\d+$/, '')} ${node ?? ''} ${reason}`
    const last = this.told.get(key)
    const now = this.clock.now()
    const repeated = last !== undefined && now - last < quietMs
    this.listener(peer, node, reason, repeated)
    if (repeated) return
    this.told.delete(key)
    this.told.set(key, now)
    const [oldest] = this.told.keys()
    if (this.told.size > rememberedMax && oldest !== undefined) this.told.delete(oldest)
  }
}
