/** OpenFlow channels whose bridge is not known yet: a switch may be quicker than the report that its bridge is there. */
import type { Clock } from '#link/clock.js'
import type { Channel } from '#openflow/channel.js'

const patienceMs = 30_000
const waitingMax = 1_000

interface Waiting {
  readonly channel: Channel
  readonly cancel: () => void
}

export class UnclaimedChannels {
  private readonly byDatapath = new Map<bigint, Waiting>()

  constructor(private readonly clock: Clock) {}

  add(channel: Channel): void {
    const id = channel.datapathId
    if (this.byDatapath.has(id) || this.byDatapath.size >= waitingMax) {
      channel.close(new Error('another bridge with its datapath id waits already'))
      return
    }
    const cancel = this.clock.schedule(patienceMs, () => {
      this.byDatapath.delete(id)
      channel.close(new Error('no node has a bridge with its datapath id'))
    })
    this.byDatapath.set(id, { channel, cancel })
  }

  take(datapathId: bigint): Channel | undefined {
    const waiting = this.byDatapath.get(datapathId)
    this.drop(datapathId)
    return waiting?.channel
  }

  forget(channel: Channel): void {
    if (this.byDatapath.get(channel.datapathId)?.channel === channel) this.drop(channel.datapathId)
  }

  clear(): void {
    for (const [id, { channel }] of [...this.byDatapath]) {
      this.drop(id)
      channel.close(new Error('the controller stops'))
    }
  }

  private drop(datapathId: bigint): void {
    this.byDatapath.get(datapathId)?.cancel()
    this.byDatapath.delete(datapathId)
  }
}
