/**
 * A switch that forwards in user space loses the first packet to an RLOC while it asks for its link address. So before a packet that
 * waited goes on to an RLOC that was not talked to lately, a frame of a network that nobody has goes ahead of it.
 */
import type { Clock } from '#link/clock.js'
import type { Rloc } from '#model/address.js'
import { output, setField } from '#openflow/actions.js'
import type { SwitchHandle } from '#reconcile/switch-handle.js'

/** How long a neighbour is remembered by Open vSwitch at least, and how long it takes to find one on a local network. */
const rememberedMs = 300_000
const askingMs = 5
const greetedMax = 100_000

/** Sixty bytes from nobody to nobody; VNI 0 is none of ours. */
const frame = new Uint8Array(60)

export class Greetings {
  private readonly greeted = new Map<string, number>()

  constructor(private readonly clock: Clock) {}

  /** Milliseconds until packets to `far` get through. */
  greet(handle: SwitchHandle | undefined, own: Rloc | undefined, far: Rloc): number {
    const { tunnelOfport, datapathType } = handle?.facts ?? {}
    if (handle === undefined || own === undefined || tunnelOfport === undefined) return 0
    if (datapathType !== 'netdev') return 0
    const between = `${handle.node} ${far.text}`
    const now = this.clock.now()
    const before = this.greeted.get(between)
    if (this.greeted.size >= greetedMax) this.greeted.clear()
    this.greeted.set(between, now)
    if (before !== undefined && now - before < rememberedMs) return 0
    handle.packetOut(frame, [
      setField('tun_id', 0n),
      own.family === 4 ? setField('tun_src', own.value) : setField('tun_ipv6_src', own.value),
      far.family === 4 ? setField('tun_dst', far.value) : setField('tun_ipv6_dst', far.value),
      output(tunnelOfport),
    ])
    return askingMs
  }
}
