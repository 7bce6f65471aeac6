/**
 * The map-caches of all nodes: which EIDs each node has an entry for, and why. Values and indexes only; who puts entries in and takes
 * them out is `resolution.ts`.
 */
import { type CacheEntry, originOfCache } from '#compile/cache.js'
import { type Slot, slotOf } from '#compile/cookie.js'
import { type Cidr, printCidr } from '#model/cidr.js'

/** An EID-prefix of a network. */
export interface CacheKey {
  readonly vni: number
  readonly eid: Cidr
}

export const cacheSlot = (key: CacheKey): Slot => slotOf(originOfCache(key))

const textOf = ({ vni, eid }: CacheKey): string => `${vni} ${printCidr(eid)}`

/** The entries of one node. */
class NodeCache {
  private readonly byKey = new Map<string, CacheEntry>()
  /** Mostly one in each; hashes may agree. An array of one takes a quarter of what a set of one takes. */
  private readonly bySlot = new Map<Slot, readonly string[]>()
  /** VNI to how many entries are there to send packets on. */
  private readonly forwards = new Map<number, number>()

  get(key: CacheKey): CacheEntry | undefined {
    return this.byKey.get(textOf(key))
  }

  at(slot: Slot): readonly CacheEntry[] {
    return (this.bySlot.get(slot) ?? []).flatMap((text) => this.byKey.get(text) ?? [])
  }

  slots(): Iterable<Slot> {
    return this.bySlot.keys()
  }

  sendsOn(vni: number): boolean {
    return this.forwards.has(vni)
  }

  put(entry: CacheEntry): void {
    const [text, slot] = [textOf(entry), cacheSlot(entry)]
    this.count(this.byKey.get(text), -1)
    this.count(entry, 1)
    this.byKey.set(text, entry)
    const texts = this.bySlot.get(slot)
    if (texts === undefined) this.bySlot.set(slot, [text])
    else if (!texts.includes(text)) this.bySlot.set(slot, [...texts, text])
  }

  delete(key: CacheKey): void {
    const [text, slot] = [textOf(key), cacheSlot(key)]
    this.count(this.byKey.get(text), -1)
    if (!this.byKey.delete(text)) return
    const others = (this.bySlot.get(slot) ?? []).filter((other) => other !== text)
    if (others.length === 0) this.bySlot.delete(slot)
    else this.bySlot.set(slot, others)
  }

  private count(entry: CacheEntry | undefined, by: 1 | -1): void {
    if (entry?.state !== 'moved') return
    const now = (this.forwards.get(entry.vni) ?? 0) + by
    if (now > 0) this.forwards.set(entry.vni, now)
    else this.forwards.delete(entry.vni)
  }
}

export class MapCache {
  private readonly nodes = new Map<string, NodeCache>()

  get(node: string, key: CacheKey): CacheEntry | undefined {
    return this.nodes.get(node)?.get(key)
  }

  /** The entries of an origin. */
  at(node: string, slot: Slot): readonly CacheEntry[] {
    return this.nodes.get(node)?.at(slot) ?? []
  }

  slots(node: string): Iterable<Slot> {
    return this.nodes.get(node)?.slots() ?? []
  }

  /** Whether a node sends packets on to EIDs of a network that have left it. */
  sendsOn(node: string, vni: number): boolean {
    return this.nodes.get(node)?.sendsOn(vni) === true
  }

  put(node: string, entry: CacheEntry): void {
    let cache = this.nodes.get(node)
    if (cache === undefined) {
      cache = new NodeCache()
      this.nodes.set(node, cache)
    }
    cache.put(entry)
  }

  delete(node: string, key: CacheKey): void {
    this.nodes.get(node)?.delete(key)
  }

  /** Nodes that have had an entry. */
  names(): Iterable<string> {
    return this.nodes.keys()
  }
}
