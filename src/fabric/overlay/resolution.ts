/**
 * Misses of the map-caches: a packet that found no entry waits in the switch until the EID is resolved, its entry confirmed, and it is
 * resumed. One question for each EID and node however many packets ask, and packets of one EID go on in the order in which they came.
 * Whatever becomes known of an EID later changes the entry; one that leaves by itself is forgotten.
 */
import { isDeepStrictEqual } from 'node:util'
import type { CacheEntry } from '#compile/cache.js'
import type { Slot } from '#compile/cookie.js'
import type { Clock } from '#link/clock.js'
import { type Cidr, type Ip, printIp, widthOf } from '#model/cidr.js'
import type { Located, Whereabouts } from '#model/whereabouts.js'
import type { PacketIn } from '#reconcile/switch-handle.js'
import { type CacheKey, cacheSlot, type MapCache } from './map-cache.js'

export interface ResolutionOptions {
  readonly clock: Clock
  readonly cache: MapCache
  readonly whereabouts: Whereabouts
  /** Marks an origin of a node, so that its flows are compared. */
  readonly mark: (node: string, slot: Slot) => void
  /** Whether the switch is known to hold what the origin wants. */
  readonly confirmed: (node: string, slot: Slot) => boolean
  readonly resume: (node: string, packet: PacketIn) => void
  /** The tunnel address family of a node. */
  readonly familyOf: (node: string) => 4 | 6 | undefined
  readonly idleTimeoutSeconds: (vni: number) => number
  /** Whether a node has endpoints of a network. */
  readonly takesPart: (node: string, vni: number) => boolean
  /** Sends something to an RLOC that it may not have talked to; milliseconds until packets get through. */
  readonly greet: (node: string, rloc: Located['rlocs'][number], vni: number) => number
}

/** An EID that a node has asked about, for as long as the answer is in its map-cache. */
interface Asked {
  readonly node: string
  readonly vni: number
  readonly ip: Ip
  readonly waiting: PacketIn[]
  key: CacheKey | undefined
  /** Whether what holds the packets back is over. */
  answered: boolean
  stop: () => void
  cancel: () => void
}

/** Packets of one EID that wait at a node, and of all EIDs: more are dropped, as a switch without room would. */
const waitingMax = 64
const waitingAllMax = 4_096
/** An answer that takes longer than this is none. */
const patienceMs = 3_000
const negativeSeconds = 5
const forwardSeconds = 15

const single = (ip: Ip): Cidr => ({ ...ip, length: widthOf(ip.family) })

export class Resolution {
  private readonly asked = new Map<string, Asked>()
  /** By node and slot: what waits for the flows of the slot. */
  private readonly bySlot = new Map<string, Set<Asked>>()
  private waitingAll = 0
  /** Packets that were not kept. */
  dropped = 0

  constructor(private readonly options: ResolutionOptions) {}

  get waiting(): number {
    return this.waitingAll
  }

  get size(): number {
    return this.asked.size
  }

  /** A packet to `ip` found no entry at `node`. */
  miss(node: string, vni: number, ip: Ip, packet: PacketIn): void {
    const asked = this.ask(node, vni, ip)
    if (asked.waiting.length >= waitingMax || this.waitingAll >= waitingAllMax) {
      this.dropped++
      return
    }
    asked.waiting.push(packet)
    this.waitingAll++
    this.release(asked)
  }

  /** An EID that the switch has an entry for already, from before this controller. */
  adopt(node: string, vni: number, ip: Ip): void {
    this.ask(node, vni, ip)
  }

  /** Whether entries of this origin are still being asked about. */
  isOpen(node: string, slot: Slot): boolean {
    return [...(this.bySlot.get(`${node} ${slot}`) ?? [])].some(({ answered }) => !answered)
  }

  /** Flows of an origin of the map-cache were compared with the switch. */
  settled(node: string, slot: Slot): void {
    for (const asked of [...(this.bySlot.get(`${node} ${slot}`) ?? [])]) this.release(asked)
  }

  /** Flows of an origin left by their time-outs: its entries are gone, but those that only stopped sending on. */
  expired(node: string, slot: Slot): void {
    const { cache, mark, takesPart } = this.options
    for (const entry of cache.at(node, slot)) {
      if (entry.state === 'moved' && takesPart(node, entry.vni)) this.put(node, withoutForward(entry))
      else cache.delete(node, entry)
    }
    for (const asked of [...(this.bySlot.get(`${node} ${slot}`) ?? [])])
      if (asked.key === undefined || cache.get(node, asked.key) === undefined) this.forget(asked)
    mark(node, slot)
  }

  /** An EID has left `node`: what still arrives there is sent on to where it is now. */
  moved(node: string, vni: number, ip: Ip): void {
    const asked = this.ask(node, vni, ip)
    const there = asked.key && this.options.cache.get(node, asked.key)
    if (there?.state === 'remote') this.put(node, { ...there, state: 'moved', forwardSeconds })
  }

  /** A node has no endpoint of a network any more: what is still to be sent on stays until its time is over. */
  forgetNetwork(node: string, vni: number): void {
    const { cache } = this.options
    for (const asked of [...this.asked.values()]) {
      if (asked.node !== node || asked.vni !== vni) continue
      const entry = asked.key && cache.get(node, asked.key)
      if (entry?.state !== 'moved') this.drop(asked)
    }
  }

  /** The switch is gone with whatever waited there. */
  forgetPackets(node: string): void {
    for (const asked of this.asked.values()) {
      if (asked.node !== node) continue
      this.waitingAll -= asked.waiting.splice(0).length
    }
  }

  private ask(node: string, vni: number, ip: Ip): Asked {
    const text = `${node} ${vni} ${printIp(ip)}`
    const there = this.asked.get(text)
    if (there !== undefined) return there
    const { clock, whereabouts } = this.options
    const asked: Asked = {
      node,
      vni,
      ip,
      waiting: [],
      key: undefined,
      answered: false,
      stop: () => {},
      cancel: clock.schedule(patienceMs, () => this.unanswered(asked)),
    }
    this.asked.set(text, asked)
    this.join(asked, { vni, eid: single(ip) })
    asked.stop = whereabouts.watch(vni, ip, (now) => this.found(asked, now))
    return asked
  }

  private found(asked: Asked, now: Located | undefined): void {
    // Nothing is known at the moment, and it is being asked: what was known holds until then.
    if (now === undefined || this.asked.get(textOf(asked)) !== asked) return
    this.answer(asked, this.entryOf(asked, now))
  }

  private unanswered(asked: Asked): void {
    if (!asked.answered) this.answer(asked, negative(asked))
  }

  private answer(asked: Asked, entry: CacheEntry | undefined): void {
    const { cache, mark } = this.options
    asked.cancel()
    asked.answered = true
    const key = entry ?? { vni: asked.vni, eid: single(asked.ip) }
    const before = asked.key
    if (before !== undefined && !isDeepStrictEqual(keyOf(before), keyOf(key)))
      cache.delete(asked.node, before)
    this.join(asked, keyOf(key))
    if (entry === undefined) cache.delete(asked.node, key)
    else this.put(asked.node, entry)
    mark(asked.node, cacheSlot(key))
  }

  /** Undefined where the node has the EID itself: its endpoint's flows are the entry. */
  private entryOf({ node, vni, ip }: Asked, now: Located): CacheEntry | undefined {
    if (now.node === node) return undefined
    const { familyOf, idleTimeoutSeconds, cache } = this.options
    const rloc = now.rlocs.find(({ family }) => family === familyOf(node))
    if (rloc === undefined) return negative({ vni, ip })
    const eid = now.node === undefined ? now.eid : single(ip)
    const remote = {
      vni,
      eid,
      rloc,
      ...(now.node !== undefined && { node: now.node }),
      encapsulation: now.node === undefined ? ('gpe' as const) : ('vxlan' as const),
      idleTimeoutSeconds: idleTimeoutSeconds(vni),
    }
    const before = cache.get(node, { vni, eid })
    return before?.state === 'moved'
      ? { ...remote, state: 'moved', forwardSeconds }
      : { ...remote, state: 'remote' }
  }

  private put(node: string, entry: CacheEntry): void {
    const { cache, mark } = this.options
    const before = cache.get(node, entry)
    if (before !== undefined && isDeepStrictEqual(before, entry)) return
    cache.put(node, entry)
    mark(node, cacheSlot(entry))
  }

  /** Lets go what waits, once the switch holds the entry. */
  private release(asked: Asked): void {
    const { cache, confirmed, greet, clock } = this.options
    const { node, key, waiting, answered } = asked
    if (!answered || key === undefined || waiting.length === 0 || !confirmed(node, cacheSlot(key))) return
    const entry = cache.get(node, key)
    const delayMs = entry === undefined || entry.state === 'negative' ? 0 : greet(node, entry.rloc, asked.vni)
    if (delayMs === 0) this.letGo(asked)
    else clock.schedule(delayMs, () => this.letGo(asked))
  }

  private letGo({ node, waiting }: Asked): void {
    const packets = waiting.splice(0)
    this.waitingAll -= packets.length
    for (const packet of packets) this.options.resume(node, packet)
  }

  private join(asked: Asked, key: CacheKey): void {
    this.leave(asked)
    asked.key = key
    const at = `${asked.node} ${cacheSlot(key)}`
    const there = this.bySlot.get(at)
    if (there === undefined) this.bySlot.set(at, new Set([asked]))
    else there.add(asked)
  }

  private leave(asked: Asked): void {
    if (asked.key === undefined) return
    const at = `${asked.node} ${cacheSlot(asked.key)}`
    const there = this.bySlot.get(at)
    there?.delete(asked)
    if (there?.size === 0) this.bySlot.delete(at)
  }

  private forget(asked: Asked): void {
    asked.cancel()
    asked.stop()
    this.leave(asked)
    this.waitingAll -= asked.waiting.length
    this.asked.delete(textOf(asked))
  }

  private drop(asked: Asked): void {
    const { cache, mark } = this.options
    if (asked.key !== undefined) {
      cache.delete(asked.node, asked.key)
      mark(asked.node, cacheSlot(asked.key))
    }
    this.forget(asked)
  }
}

const textOf = ({ node, vni, ip }: Asked): string => `${node} ${vni} ${printIp(ip)}`
const keyOf = ({ vni, eid }: CacheKey): CacheKey => ({ vni, eid })

const negative = ({ vni, ip }: Pick<Asked, 'vni' | 'ip'>): CacheEntry => ({
  state: 'negative',
  vni,
  eid: single(ip),
  holdSeconds: negativeSeconds,
})

const withoutForward = (entry: CacheEntry & { readonly state: 'moved' }): CacheEntry => {
  const { forwardSeconds: _, ...rest } = entry
  return { ...rest, state: 'remote' }
}
