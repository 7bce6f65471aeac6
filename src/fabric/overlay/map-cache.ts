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
  /** Mostly one in each; hashes may agree. */
  private readonly bySlot = new Map<Slot, Set<string>>()

  get(key: CacheKey): CacheEntry | undefined {
    return this.byKey.get(textOf(key))
  }

  at(slot: Slot): readonly CacheEntry[] {
    return [...(this.bySlot.get(slot) ?? [])].flatMap((text) => this.byKey.get(text) ?? [])
  }

  entries(): Iterable<CacheEntry> {
    return this.byKey.values()
  }

  slots(): Iterable<Slot> {
    return this.bySlot.keys()
  }

  put(entry: CacheEntry): void {
    const [text, slot] = [textOf(entry), cacheSlot(entry)]
    this.byKey.set(text, entry)
    const texts = this.bySlot.get(slot)
    if (texts === undefined) this.bySlot.set(slot, new Set([text]))
    else texts.add(text)
  }

  delete(key: CacheKey): void {
    const [text, slot] = [textOf(key), cacheSlot(key)]
    if (!this.byKey.delete(text)) return
    const texts = this.bySlot.get(slot)
    texts?.delete(text)
    if (texts?.size === 0) this.bySlot.delete(slot)
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

  entries(node: string): Iterable<CacheEntry> {
    return this.nodes.get(node)?.entries() ?? []
  }

  slots(node: string): Iterable<Slot> {
    return this.nodes.get(node)?.slots() ?? []
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
