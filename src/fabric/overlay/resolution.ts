/**
 * Misses of the map-caches: a packet that found no entry waits in the switch until the EID is resolved, its entry confirmed, and it is
 * resumed. One question for each EID and node however many packets ask, and packets of one EID go on in the order in which they came.
 * Whatever becomes known of an EID later changes the entry; one that leaves by itself is forgotten.
 */
import { isDeepStrictEqual } from 'node:util'
import type { CacheEntry } from '#compile/cache.js'
import type { Slot } from '#compile/cookie.js'
import type { Clock } from '#link/clock.js'
import { hostPrefix, type Ip } from '#model/cidr.js'
import type { Located, Whereabouts } from '#model/whereabouts.js'
import type { PacketIn } from '#reconcile/switch-handle.js'
import { type Asked, AskedEids } from './asked-eids.js'
import { entryFor, negativeEntry, withForward, withoutForward } from './known-entry.js'
import { type CacheKey, cacheSlot, type MapCache } from './map-cache.js'

export interface ResolutionOptions {
  readonly clock: Clock
  readonly cache: MapCache
  readonly whereabouts: Whereabouts
  /** Marks an origin of a node, so that its flows are compared. */
  readonly mark: (node: string, slot: Slot) => void
  /** Whether the switch is known to hold what the origin wants. */
  readonly confirmed: (node: string, slot: Slot) => boolean
  /** Whether an endpoint of the node that has the EID is on its switch. */
  readonly isHere: (node: string, vni: number, ip: Ip) => boolean
  readonly resume: (node: string, packet: PacketIn) => void
  /** The tunnel address family of a node. */
  readonly familyOf: (node: string) => 4 | 6 | undefined
  readonly idleTimeoutSeconds: (vni: number) => number
  /** Whether a node has endpoints of a network. */
  readonly takesPart: (node: string, vni: number) => boolean
  /** Nothing of a network is sent on at a node any more. */
  readonly forwardsEnded: (node: string, vni: number) => void
  /** Sends something to an RLOC that it may not have talked to; milliseconds until packets get through. */
  readonly greet: (node: string, rloc: Located['rlocs'][number]) => number
}

/** Packets of one EID that wait at a node, and of all EIDs: more are dropped, as a switch without room would. */
export const waitingMax = 64
const waitingAllMax = 4_096
/** EIDs that one node may have asked about. */
const askedMax = 65_536
/** What takes longer than this is not waited for. */
export const patienceMs = 3_000
/** A miss of an entry that has been there for so long says that it has just left, which is told within so much. */
const freshMs = 1_000
const newsMs = 100

export class Resolution {
  private readonly asked = new AskedEids()
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
    const known = this.asked.get(node, vni, ip)
    const full = known === undefined && this.asked.count(node) >= askedMax
    if (full || (known?.waiting.length ?? 0) >= waitingMax || this.waitingAll >= waitingAllMax) {
      this.dropped++
      return
    }
    const asked = known ?? this.ask(node, vni, ip)
    const now = this.options.clock.now()
    if (asked.waiting.length === 0 && now - asked.settledAt > freshMs) asked.readyAt = now + newsMs
    asked.waiting.push(packet)
    this.waitingAll++
    this.beginPatience(asked)
    this.release(asked)
  }

  /** An EID that the switch has an entry for already, from before this controller. */
  adopt(node: string, vni: number, ip: Ip): void {
    this.tidy(this.asked.get(node, vni, ip) ?? this.ask(node, vni, ip))
  }

  /** Packets to `ip` are to be expected at `node`. */
  expect(node: string, vni: number, ip: Ip): void {
    if (this.asked.count(node) < askedMax) this.adopt(node, vni, ip)
  }

  /** Whether entries of this origin are still being asked about. */
  isOpen(node: string, slot: Slot): boolean {
    return this.asked.at(node, slot).some(({ state }) => state === 'asking')
  }

  /** Flows of an origin of the map-cache were compared with the switch. */
  settled(node: string, slot: Slot): void {
    for (const asked of this.asked.at(node, slot)) {
      if (asked.state === 'answered') asked.settledAt = this.options.clock.now()
      this.release(asked)
    }
  }

  /** The endpoint of a node that has the EID is on its switch. */
  arrived(node: string, vni: number, ip: Ip): void {
    const asked = this.asked.get(node, vni, ip)
    if (asked !== undefined) this.release(asked)
  }

  /**
   * Flows of an origin left by their time-outs. `forward`: one that sent packets on, and the entry is an ordinary one from now on;
   * else its entries are gone. Packets that asked meanwhile ask anew.
   */
  expired(node: string, slot: Slot, forward: boolean): void {
    const { cache, mark, takesPart } = this.options
    for (const entry of cache.at(node, slot)) {
      if (entry.state !== 'moved') {
        if (!forward) this.remove(node, entry)
      } else if (forward) {
        if (takesPart(node, entry.vni)) this.put(node, withoutForward(entry))
        else this.remove(node, entry)
      }
    }
    for (const asked of this.asked.at(node, slot)) {
      if (asked.key !== undefined && cache.get(node, asked.key) !== undefined) continue
      if (asked.state === 'asking' && asked.waiting.length > 0) continue
      const { vni, ip, waiting } = asked
      const packets = [...waiting]
      this.forget(asked)
      for (const packet of packets) this.miss(node, vni, ip, packet)
    }
    mark(node, slot)
  }

  /** An EID has left `node`: what still arrives there is sent on to where it is now. */
  moved(node: string, vni: number, ip: Ip): void {
    const asked = this.asked.get(node, vni, ip) ?? this.ask(node, vni, ip)
    const there = asked.key && this.options.cache.get(node, asked.key)
    if (there?.state === 'remote') this.put(node, withForward(there))
    this.tidy(asked)
  }

  /** A node has no endpoint of a network any more: what is still to be sent on stays until its time is over. */
  forgetNetwork(node: string, vni: number, all = false): void {
    const { cache, mark } = this.options
    for (const asked of this.asked.of(node)) {
      if (asked.vni !== vni) continue
      const { key } = asked
      if (!all && key !== undefined && cache.get(node, key)?.state === 'moved') continue
      this.forget(asked)
      if (key === undefined) continue
      this.remove(node, key)
      mark(node, cacheSlot(key))
    }
  }

  /** The switch is gone with whatever waited there. */
  forgetPackets(node: string): void {
    for (const asked of this.asked.of(node)) this.waitingAll -= asked.waiting.splice(0).length
  }

  /** The node is gone for good. */
  forgetNode(node: string): void {
    for (const asked of this.asked.of(node)) {
      const { key } = asked
      this.forget(asked)
      if (key !== undefined) this.remove(node, key)
    }
  }

  private ask(node: string, vni: number, ip: Ip): Asked {
    const asked: Asked = {
      node,
      vni,
      ip,
      waiting: [],
      state: 'asking',
      key: undefined,
      readyAt: 0,
      settledAt: Number.POSITIVE_INFINITY,
      stop: () => {},
      cancelRelease: undefined,
      cancelPatience: undefined,
    }
    this.asked.add(asked)
    this.asked.join(asked, { vni, eid: hostPrefix(ip) })
    asked.stop = this.options.whereabouts.watch(vni, ip, (now) => this.found(asked, now))
    return asked
  }

  private found(asked: Asked, now: Located | undefined): void {
    // Nothing is known at the moment, and it is being asked: what was known holds until then.
    if (now === undefined || !this.asked.has(asked)) return
    const { familyOf, idleTimeoutSeconds, cache } = this.options
    const { node, vni, ip } = asked
    const family = familyOf(node)
    const entry = entryFor(now, { node, vni, ip, family, idleTimeoutSeconds: idleTimeoutSeconds(vni) })
    const before = entry && cache.get(node, entry)
    this.answer(asked, entry && before?.state === 'moved' ? withForward(entry) : entry)
    // Whoever tells this is going through those that watch.
    queueMicrotask(() => this.tidy(asked))
  }

  private answer(asked: Asked, entry: CacheEntry | undefined): void {
    const { node, vni, ip, key: before } = asked
    const key: CacheKey = entry === undefined ? { vni, eid: hostPrefix(ip) } : { vni, eid: entry.eid }
    asked.state = 'answered'
    this.asked.join(asked, key)
    if (before !== undefined && asked.key !== before && !this.asked.isShared(asked, before)) {
      this.remove(node, before)
      this.options.mark(node, cacheSlot(before))
    }
    if (entry !== undefined) {
      this.put(node, entry, asked)
      return
    }
    this.remove(node, key)
    this.options.mark(node, cacheSlot(key))
  }

  /** An entry from now on. Its RLOC is greeted before the switch sends packets there; until then they go where they went. */
  private put(node: string, entry: CacheEntry, asked?: Asked): void {
    const { cache, clock, mark, greet } = this.options
    const before = cache.get(node, entry)
    if (before !== undefined && isDeepStrictEqual(before, entry)) return
    if (before?.state === 'moved' && entry.state !== 'moved') this.remove(node, before)
    cache.put(node, entry)
    const delayMs = entry.state === 'negative' ? 0 : greet(node, entry.rloc)
    if (asked !== undefined) asked.readyAt = clock.now() + delayMs
    if (before?.state === 'remote' && entry.state === 'remote' && delayMs > 0)
      clock.schedule(delayMs, () => mark(node, cacheSlot(entry)))
    else mark(node, cacheSlot(entry))
  }

  private remove(node: string, key: CacheKey): void {
    const { cache, forwardsEnded } = this.options
    const sentOn = cache.sendsOn(node, key.vni)
    cache.delete(node, key)
    if (sentOn && !cache.sendsOn(node, key.vni)) forwardsEnded(node, key.vni)
  }

  /** Lets go what waits, once the switch holds the entry or the endpoint, and packets get through. */
  private release(asked: Asked): void {
    const { cache, confirmed, isHere, clock } = this.options
    const { node, vni, ip, key, state, waiting } = asked
    if (state === 'asking' || key === undefined || waiting.length === 0) return
    if (!confirmed(node, cacheSlot(key))) return
    if (cache.get(node, key) === undefined && !isHere(node, vni, ip)) return
    const delayMs = asked.readyAt - clock.now()
    if (delayMs <= 0) this.letGo(asked)
    else
      asked.cancelRelease ??= clock.schedule(delayMs, () => {
        asked.cancelRelease = undefined
        this.release(asked)
      })
  }

  private beginPatience(asked: Asked): void {
    asked.cancelPatience ??= this.options.clock.schedule(patienceMs, () => {
      asked.cancelPatience = undefined
      // What is known and did not become true: the packets find out what is there.
      if (asked.state === 'answered') this.letGo(asked)
      else {
        this.answer(asked, negativeEntry(asked))
        this.beginPatience(asked)
      }
    })
  }

  private letGo(asked: Asked): void {
    const packets = this.stopWaiting(asked)
    for (const packet of packets) this.options.resume(asked.node, packet)
    this.tidy(asked)
  }

  private stopWaiting(asked: Asked): readonly PacketIn[] {
    asked.cancelPatience?.()
    asked.cancelRelease?.()
    asked.cancelPatience = undefined
    asked.cancelRelease = undefined
    const packets = asked.waiting.splice(0)
    this.waitingAll -= packets.length
    return packets
  }

  /** What has no entry and keeps no packet needs no watching. */
  private tidy(asked: Asked): void {
    if (asked.state === 'asking' || asked.waiting.length > 0) return
    if (asked.key === undefined || this.options.cache.get(asked.node, asked.key) === undefined)
      this.forget(asked)
  }

  private forget(asked: Asked): void {
    this.stopWaiting(asked)
    asked.stop()
    this.asked.remove(asked)
  }
}
