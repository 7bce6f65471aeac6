/**
 * Longest-prefix match over bit strings of up to `words` × 32 bits: a path-compressed binary tree. Many trees share their nodes'
 * array: each begins at a root that the owner keeps. Keys are handed over in `key`, so that a lookup allocates nothing.
 *
 * A node stands for a prefix. It holds a value, or two children, or both; only a root may hold neither. Children differ in the
 * bit that follows their parent's prefix.
 */
import { type Node, RadixNodes } from './radix-nodes.js'
import { RadixWalk } from './radix-walk.js'

export class RadixTree {
  /** The prefix that the next operation is about, most significant word first; bits after the length are zero. */
  readonly key: Uint32Array
  readonly #nodes: RadixNodes
  readonly #walk: RadixWalk

  constructor(words: number, capacity = 64) {
    this.#nodes = new RadixNodes(words, capacity)
    this.#walk = new RadixWalk(this.#nodes)
    this.key = this.#nodes.key
  }

  /** Nodes in use, roots included. */
  get nodeCount(): number {
    return this.#nodes.count
  }

  /** The root of a new, empty tree. */
  plant(): Node {
    return this.#nodes.make(0)
  }

  /** Gives an empty tree's root back. */
  fell(root: Node): void {
    this.#nodes.give(root)
  }

  isEmpty(root: Node): boolean {
    return !this.hasMoreSpecifics(root) && this.#nodes.value(root) === 0
  }

  /** The value of a node that an operation has returned. */
  valueAt(node: Node): number {
    return this.#nodes.value(node)
  }

  lengthAt(node: Node): number {
    return this.#nodes.length(node)
  }

  wordAt(node: Node, index: number): number {
    return this.#nodes.word(node, index)
  }

  /** Whether values lie under a node: prefixes more specific than its own. */
  hasMoreSpecifics(node: Node): boolean {
    return this.#nodes.child(node, 0) !== 0 || this.#nodes.child(node, 1) !== 0
  }

  /** The node that holds the value for exactly the first `length` bits of `key`, or 0. */
  exact(root: Node, length: number): Node {
    const node = this.#deepest(root, length)
    return this.#nodes.length(node) === length && this.#nodes.value(node) !== 0 ? node : 0
  }

  /** The node with a value whose prefix is the longest that covers the first `length` bits of `key`, or 0. */
  longest(root: Node, length: number): Node {
    let best = 0
    for (let node = root; node !== 0; node = this.#below(node, length)) {
      if (this.#nodes.value(node) !== 0) best = node
    }
    return best
  }

  /** Calls `visit` with every node with a value that covers the first `length` bits of `key`, shortest first. */
  covering(root: Node, length: number, visit: (node: Node) => void): void {
    for (let node = root; node !== 0; ) {
      // What `visit` does to `key` is its own affair.
      const next = this.#below(node, length)
      if (this.#nodes.value(node) !== 0) visit(node)
      node = next
    }
  }

  /**
   * The length of the shortest prefix of `key` that has no value in it, neither at itself nor under it; values that cover it do
   * not matter. -1 when there is none: something lies in the very prefix of `length` bits.
   */
  gap(root: Node, length: number): number {
    const nodes = this.#nodes
    const node = this.#deepest(root, length)
    const covered = nodes.length(node)
    if (covered === length) {
      // A node of exactly this prefix holds a value or has some under it; an empty root is the only other case.
      return this.isEmpty(node) ? length : -1
    }
    if (this.isEmpty(node)) return covered
    const child = nodes.child(node, nodes.bit(covered))
    if (child === 0) return covered + 1
    const common = nodes.common(child, length)
    return common === length ? -1 : common + 1
  }

  /** Sets the value (not 0) for the first `length` bits of `key` and returns the node. */
  insert(root: Node, length: number, value: number): Node {
    const parent = this.#deepest(root, length)
    const node = this.#nodes.length(parent) === length ? parent : this.#graft(parent, length)
    this.#nodes.setValue(node, value)
    return node
  }

  /** Removes the value for exactly the first `length` bits of `key` and returns it, or 0. */
  remove(root: Node, length: number): number {
    const nodes = this.#nodes
    let above = 0
    let parent = 0
    let node = root
    while (nodes.length(node) < length) {
      const child = this.#below(node, length)
      if (child === 0) return 0
      above = parent
      parent = node
      node = child
    }
    const value = nodes.value(node)
    if (value === 0) return 0
    nodes.setValue(node, 0)
    if (parent !== 0 && this.#prune(parent, node) && above !== 0) this.#prune(above, parent)
    return value
  }

  /**
   * Visits the nodes with a value in order (by bits, a prefix before what it covers), from the first one after the first `length`
   * bits of `key`, or from the first of all when `length` is -1, until `visit` returns false. The tree may change between two
   * calls, not during one.
   */
  walk(root: Node, length: number, visit: (node: Node) => boolean): void {
    if (length < 0) this.#walk.from(root, visit)
    else this.#walk.after(root, length, visit)
  }

  /** Visits the nodes with a value that the first `length` bits of `key` cover, itself included, in order, as `walk` does. */
  within(root: Node, length: number, visit: (node: Node) => boolean): void {
    const nodes = this.#nodes
    const node = this.#deepest(root, length)
    const covered = nodes.length(node)
    const child = nodes.child(node, nodes.bit(covered))
    if (covered === length) this.#walk.from(node, visit)
    else if (child !== 0 && nodes.common(child, length) === length) this.#walk.from(child, visit)
  }

  /** The child of `node` that covers the first `length` bits of `key` as well, or 0. */
  #below(node: Node, length: number): Node {
    const nodes = this.#nodes
    const covered = nodes.length(node)
    if (covered >= length) return 0
    const child = nodes.child(node, nodes.bit(covered))
    return child !== 0 && nodes.covers(child, length) ? child : 0
  }

  /** The node, with a value or not, whose prefix is the longest that covers the first `length` bits of `key`. */
  #deepest(root: Node, length: number): Node {
    let node = root
    for (let next = root; next !== 0; next = this.#below(node, length)) node = next
    return node
  }

  /** Makes a node for the first `length` bits of `key` under `parent`, the deepest node that covers them. */
  #graft(parent: Node, length: number): Node {
    const nodes = this.#nodes
    const side = nodes.bit(nodes.length(parent))
    const child = nodes.child(parent, side)
    const node = nodes.make(length)
    const common = child === 0 ? length : nodes.common(child, length)
    const top = common === length ? node : nodes.make(common)
    nodes.setChild(parent, side, top)
    if (child !== 0) this.#adopt(top, child)
    if (top !== node) this.#adopt(top, node)
    return node
  }

  /** Hangs `child` under `node`, on the side that its own key says. */
  #adopt(node: Node, child: Node): void {
    this.#nodes.setChild(node, this.#nodes.sideOf(node, child), child)
  }

  /** Takes a node without a value and with fewer than two children out; true when the parent has lost a child. */
  #prune(parent: Node, node: Node): boolean {
    const nodes = this.#nodes
    const left = nodes.child(node, 0)
    const right = nodes.child(node, 1)
    if (nodes.value(node) !== 0 || (left !== 0 && right !== 0)) return false
    const heir = left === 0 ? right : left
    nodes.setChild(parent, nodes.child(parent, 0) === node ? 0 : 1, heir)
    nodes.give(node)
    return heir === 0
  }
}
