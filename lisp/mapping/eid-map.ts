/** Values by EID-prefix with longest match: for things fewer and richer than mappings, as sites and subscriptions. */
import type { Eid } from '../eid.js'
import { checkedFamily, type EidFamily, keyLength, keyWords, readKey, writeKey } from './eid-key.js'
import { RadixTree } from './radix-tree.js'

interface Forest {
  readonly tree: RadixTree
  readonly roots: Map<number, number>
}

export class EidMap<V> {
  readonly #forests = new Map<EidFamily, Forest>()
  readonly #values: (V | undefined)[] = [undefined]
  readonly #eids: (Eid | undefined)[] = [undefined]
  readonly #free: number[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Throws `unencodable` for an EID that has no longest match, as everything here does. */
  set(eid: Eid, value: V): void {
    const known = this.#exact(eid)
    if (known !== 0) {
      this.#values[known] = value
      return
    }
    const number = this.#free.pop() ?? this.#values.length
    this.#values[number] = value
    this.#eids[number] = eid
    this.#size += 1
    const forest = this.#forest(eid)
    const root = forest.roots.get(eid.iid) ?? forest.tree.plant()
    forest.roots.set(eid.iid, root)
    forest.tree.insert(root, writeKey(eid, forest.tree.key), number)
  }

  get(eid: Eid): V | undefined {
    return this.#values[this.#exact(eid)]
  }

  delete(eid: Eid): V | undefined {
    const forest = this.#forest(eid)
    const root = forest.roots.get(eid.iid)
    if (root === undefined) return undefined
    const number = forest.tree.remove(root, writeKey(eid, forest.tree.key))
    if (number === 0) return undefined
    const value = this.#values[number]
    this.#values[number] = undefined
    this.#eids[number] = undefined
    this.#free.push(number)
    this.#size -= 1
    if (forest.tree.isEmpty(root)) {
      forest.tree.fell(root)
      forest.roots.delete(eid.iid)
    }
    return value
  }

  /** The value of the longest prefix that covers `eid`. */
  longest(eid: Eid): V | undefined {
    const { tree, roots } = this.#forest(eid)
    const root = roots.get(eid.iid)
    return root === undefined
      ? undefined
      : this.#values[tree.valueAt(tree.longest(root, writeKey(eid, tree.key)))]
  }

  /** The values of all prefixes that cover `eid`, the shortest first. */
  covering(eid: Eid): readonly V[] {
    const { tree, roots } = this.#forest(eid)
    const root = roots.get(eid.iid)
    const found: V[] = []
    if (root === undefined) return found
    tree.covering(root, writeKey(eid, tree.key), (node) => found.push(this.#values[tree.valueAt(node)] as V))
    return found
  }

  /** Up to `limit` values of prefixes that `eid` covers, its own included, in order. */
  within(eid: Eid, limit: number): readonly V[] {
    const { tree, roots } = this.#forest(eid)
    const root = roots.get(eid.iid)
    const found: V[] = []
    if (root === undefined || limit <= 0) return found
    tree.within(
      root,
      writeKey(eid, tree.key),
      (node) => found.push(this.#values[tree.valueAt(node)] as V) < limit,
    )
    return found
  }

  /** As `MappingSystem.hole`. */
  hole(eid: Eid): Eid | undefined {
    const family = checkedFamily(eid)
    const { tree, roots } = this.#forest(eid)
    const root = roots.get(eid.iid)
    const length = writeKey(eid, tree.key)
    const free = root === undefined ? 0 : tree.gap(root, length)
    return free < 0 ? undefined : readKey(family, eid.iid, tree.key, wholeLength(family, free))
  }

  *entries(): Generator<readonly [Eid, V]> {
    for (const [number, eid] of this.#eids.entries())
      if (eid !== undefined) yield [eid, this.#values[number] as V]
  }

  #exact(eid: Eid): number {
    const { tree, roots } = this.#forest(eid)
    const root = roots.get(eid.iid)
    return root === undefined ? 0 : tree.valueAt(tree.exact(root, writeKey(eid, tree.key)))
  }

  #forest(eid: Eid): Forest {
    const family = checkedFamily(eid)
    const known = this.#forests.get(family)
    if (known !== undefined) return known
    const made = { tree: new RadixTree(keyWords[family]), roots: new Map<number, number>() }
    this.#forests.set(family, made)
    return made
  }
}

/** A prefix of at least `bits` that the family can have: a name ends at a character. */
export const wholeLength = (family: EidFamily, bits: number): number =>
  family === 'name' ? Math.ceil(bits / 8) * 8 : bits

/** The longer of two prefixes of one EID. */
export const longer = (a: Eid, b: Eid): Eid => (keyLength(a) >= keyLength(b) ? a : b)
