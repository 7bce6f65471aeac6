/**
 * Longest-prefix match over bit strings of up to `words` × 32 bits: a path-compressed binary tree whose nodes lie in one typed
 * array, so that a million prefixes cost the garbage collector nothing and a step of a lookup touches one cache line. Many trees
 * share the array: each begins at a root that the owner keeps. Keys are handed over in `key`, so that a lookup allocates nothing.
 *
 * A node stands for a prefix. It holds a value, or two children, or both; only a root may hold neither. Children differ in the
 * bit that follows their parent's prefix.
 */

/** Fields of a node: the two children (0 where there is none), the value (0 for none), the length in bits, then the key's words. */
const LEFT = 0
const VALUE = 2
const LENGTH = 3
const KEY = 4

/** A node's number; 0 is no node. */
export type Node = number

export class RadixTree {
  /** The prefix that the next operation is about, most significant word first; bits after the length are zero. */
  readonly key: Uint32Array
  readonly bitsMax: number
  readonly #words: number
  readonly #stride: number
  #nodes: Uint32Array
  /** Nodes handed out so far, and the head of the list of those given back, linked by their left child. */
  #used = 1
  #free: Node = 0
  #count = 0
  /** Subtrees still to be visited: at most one for each bit of a key, and the one being visited. */
  readonly #pending: Int32Array

  constructor(words: number, capacity = 64) {
    this.#words = words
    this.#stride = KEY + words
    this.bitsMax = words * 32
    this.key = new Uint32Array(words)
    this.#nodes = new Uint32Array(this.#stride * capacity)
    this.#pending = new Int32Array(this.bitsMax + 2)
  }

  /** Nodes in use, roots included. */
  get nodeCount(): number {
    return this.#count
  }

  /** The root of a new, empty tree. */
  plant(): Node {
    const root = this.#take()
    this.#nodes.fill(0, root * this.#stride, (root + 1) * this.#stride)
    return root
  }

  /** Gives an empty tree's root back. */
  fell(root: Node): void {
    this.#give(root)
  }

  isEmpty(root: Node): boolean {
    const at = root * this.#stride
    return this.#nodes[at + LEFT] === 0 && this.#nodes[at + LEFT + 1] === 0 && this.#nodes[at + VALUE] === 0
  }

  /** The value of a node that an operation has returned. */
  valueAt(node: Node): number {
    return this.#nodes[node * this.#stride + VALUE] as number
  }

  lengthAt(node: Node): number {
    return this.#nodes[node * this.#stride + LENGTH] as number
  }

  wordAt(node: Node, index: number): number {
    return this.#nodes[node * this.#stride + KEY + index] as number
  }

  /** Whether values lie under a node: prefixes more specific than its own. */
  hasMoreSpecifics(node: Node): boolean {
    const at = node * this.#stride
    return (this.#nodes[at + LEFT] as number) !== 0 || (this.#nodes[at + LEFT + 1] as number) !== 0
  }

  /** The node that holds the value for exactly the first `length` bits of `key`, or 0. */
  exact(root: Node, length: number): Node {
    const node = this.#deepest(root, length)
    const at = node * this.#stride
    return this.#nodes[at + LENGTH] === length && this.#nodes[at + VALUE] !== 0 ? node : 0
  }

  /** The node with a value whose prefix is the longest that covers the first `length` bits of `key`, or 0. */
  longest(root: Node, length: number): Node {
    const nodes = this.#nodes
    const stride = this.#stride
    let best = 0
    let node = root
    for (;;) {
      const at = node * stride
      if ((nodes[at + VALUE] as number) !== 0) best = node
      const covered = nodes[at + LENGTH] as number
      if (covered >= length) return best
      const child = nodes[at + LEFT + this.#bit(covered)] as number
      if (child === 0 || !this.#covers(child, length)) return best
      node = child
    }
  }

  /** Calls `visit` with every node with a value that covers the first `length` bits of `key`, shortest first. */
  covering(root: Node, length: number, visit: (node: Node) => void): void {
    let node = root
    for (;;) {
      const at = node * this.#stride
      const covered = this.#nodes[at + LENGTH] as number
      const child = covered < length ? (this.#nodes[at + LEFT + this.#bit(covered)] as number) : 0
      const more = child !== 0 && this.#covers(child, length)
      if ((this.#nodes[at + VALUE] as number) !== 0) visit(node)
      if (!more) return
      node = child
    }
  }

  /**
   * The length of the shortest prefix of `key` that has no value in it, neither at itself nor under it; values that cover it do
   * not matter. -1 when there is none: something lies in the very prefix of `length` bits.
   */
  gap(root: Node, length: number): number {
    const node = this.#deepest(root, length)
    const at = node * this.#stride
    const covered = this.#nodes[at + LENGTH] as number
    if (covered === length) {
      // A node of exactly this prefix holds a value or has some under it; an empty root is the only other case.
      return this.isEmpty(node) ? length : -1
    }
    if (this.isEmpty(node)) return covered
    const child = this.#nodes[at + LEFT + this.#bit(covered)] as number
    if (child === 0) return covered + 1
    const common = this.#common(child, length)
    return common === length ? -1 : common + 1
  }

  /** Sets the value (not 0) for the first `length` bits of `key` and returns the node. */
  insert(root: Node, length: number, value: number): Node {
    const parent = this.#deepest(root, length)
    const node = this.#lengthOf(parent) === length ? parent : this.#graft(parent, length)
    this.#nodes[node * this.#stride + VALUE] = value
    return node
  }

  /** Removes the value for exactly the first `length` bits of `key` and returns it, or 0. */
  remove(root: Node, length: number): number {
    let above = 0
    let parent = 0
    let node = root
    while (this.#lengthOf(node) < length) {
      const child = this.#nodes[node * this.#stride + LEFT + this.#bit(this.#lengthOf(node))] as number
      if (child === 0 || !this.#covers(child, length)) return 0
      above = parent
      parent = node
      node = child
    }
    const at = node * this.#stride
    const value = this.#nodes[at + VALUE] as number
    if (value === 0) return 0
    this.#nodes[at + VALUE] = 0
    if (parent !== 0 && this.#prune(parent, node) && above !== 0) this.#prune(above, parent)
    return value
  }

  /**
   * Visits the nodes with a value in order (by bits, a prefix before what it covers), from the first one after the first `length`
   * bits of `key`, or from the first of all when `length` is -1, until `visit` returns false. The tree may change between two
   * calls, not during one.
   */
  walk(root: Node, length: number, visit: (node: Node) => boolean): void {
    this.#run(length < 0 ? this.#push(0, root) : this.#seek(root, length), visit)
  }

  /** Visits the nodes with a value that the first `length` bits of `key` cover, itself included, in order, as `walk` does. */
  within(root: Node, length: number, visit: (node: Node) => boolean): void {
    const node = this.#deepest(root, length)
    const covered = this.#lengthOf(node)
    const child = this.#nodes[node * this.#stride + LEFT + this.#bit(covered)] as number
    if (covered === length) this.#run(this.#push(0, node), visit)
    else if (child !== 0 && this.#common(child, length) === length) this.#run(this.#push(0, child), visit)
  }

  #lengthOf(node: Node): number {
    return this.#nodes[node * this.#stride + LENGTH] as number
  }

  /** Bit `index` of `key`; 0 after its end. */
  #bit(index: number): number {
    return ((this.key[index >>> 5] ?? 0) >>> (31 - (index & 31))) & 1
  }

  /** Whether the node's prefix covers the first `length` bits of `key`. */
  #covers(node: Node, length: number): boolean {
    const at = node * this.#stride
    const bits = this.#nodes[at + LENGTH] as number
    if (bits > length) return false
    const whole = bits >>> 5
    for (let i = 0; i < whole; i++) if (this.key[i] !== this.#nodes[at + KEY + i]) return false
    const rest = bits & 31
    if (rest === 0) return true
    const difference = (this.key[whole] as number) ^ (this.#nodes[at + KEY + whole] as number)
    return difference >>> (32 - rest) === 0
  }

  /** How many leading bits the node's prefix and the first `length` bits of `key` share. */
  #common(node: Node, length: number): number {
    const at = node * this.#stride
    const most = Math.min(this.#nodes[at + LENGTH] as number, length)
    for (let i = 0; i < this.#words; i++) {
      const difference = (this.key[i] as number) ^ (this.#nodes[at + KEY + i] as number)
      if (difference !== 0) return Math.min(i * 32 + Math.clz32(difference), most)
    }
    return most
  }

  /** The node, with a value or not, whose prefix is the longest that covers the first `length` bits of `key`. */
  #deepest(root: Node, length: number): Node {
    let node = root
    for (;;) {
      const covered = this.#lengthOf(node)
      if (covered >= length) return node
      const child = this.#nodes[node * this.#stride + LEFT + this.#bit(covered)] as number
      if (child === 0 || !this.#covers(child, length)) return node
      node = child
    }
  }

  /** Makes a node for the first `length` bits of `key` under `parent`, the deepest node that covers them. */
  #graft(parent: Node, length: number): Node {
    const bit = this.#bit(this.#lengthOf(parent))
    const node = this.#make(length)
    const child = this.#nodes[parent * this.#stride + LEFT + bit] as number
    const common = child === 0 ? 0 : this.#common(child, length)
    if (child === 0) {
      this.#nodes[parent * this.#stride + LEFT + bit] = node
    } else if (common === length) {
      this.#nodes[parent * this.#stride + LEFT + bit] = node
      this.#adopt(node, child)
    } else {
      const fork = this.#make(common)
      this.#nodes[parent * this.#stride + LEFT + bit] = fork
      this.#adopt(fork, child)
      this.#adopt(fork, node)
    }
    return node
  }

  /** Hangs `child` under `node`, on the side that its own key says. */
  #adopt(node: Node, child: Node): void {
    const length = this.#lengthOf(node)
    const word = this.#nodes[child * this.#stride + KEY + (length >>> 5)] as number
    this.#nodes[node * this.#stride + LEFT + ((word >>> (31 - (length & 31))) & 1)] = child
  }

  /** Takes a node without a value and with fewer than two children out; true when the parent has lost a child. */
  #prune(parent: Node, node: Node): boolean {
    const at = node * this.#stride
    const left = this.#nodes[at + LEFT] as number
    const right = this.#nodes[at + LEFT + 1] as number
    if ((this.#nodes[at + VALUE] as number) !== 0 || (left !== 0 && right !== 0)) return false
    const side = this.#nodes[parent * this.#stride + LEFT] === node ? LEFT : LEFT + 1
    const heir = left === 0 ? right : left
    this.#nodes[parent * this.#stride + side] = heir
    this.#give(node)
    return heir === 0
  }

  /** A node without value and children for the first `length` bits of `key`. */
  #make(length: number): Node {
    const node = this.#take()
    const at = node * this.#stride
    this.#nodes.fill(0, at, at + KEY)
    this.#nodes[at + LENGTH] = length
    for (let i = 0; i < this.#words; i++) {
      const bits = Math.min(32, Math.max(0, length - i * 32))
      this.#nodes[at + KEY + i] = bits === 0 ? 0 : (this.key[i] as number) & (0xffff_ffff << (32 - bits))
    }
    return node
  }

  #take(): Node {
    this.#count += 1
    if (this.#free !== 0) {
      const node = this.#free
      this.#free = this.#nodes[node * this.#stride + LEFT] as number
      return node
    }
    if ((this.#used + 1) * this.#stride > this.#nodes.length) this.#grow()
    return this.#used++
  }

  #give(node: Node): void {
    this.#count -= 1
    this.#nodes[node * this.#stride + LEFT] = this.#free
    this.#free = node
  }

  #grow(): void {
    const larger = new Uint32Array(this.#stride * Math.ceil((this.#nodes.length / this.#stride) * 1.6))
    larger.set(this.#nodes)
    this.#nodes = larger
  }

  #push(pending: number, node: Node): number {
    if (node === 0) return pending
    this.#pending[pending] = node
    return pending + 1
  }

  /** Puts the subtrees that come after the first `length` bits of `key` on the stack, the first of them on top. */
  #seek(root: Node, length: number): number {
    let pending = 0
    let node = root
    for (;;) {
      const at = node * this.#stride
      const covered = this.#nodes[at + LENGTH] as number
      const right = this.#nodes[at + LEFT + 1] as number
      if (covered === length) {
        return this.#push(this.#push(pending, right), this.#nodes[at + LEFT] as number)
      }
      const bit = this.#bit(covered)
      if (bit === 0) pending = this.#push(pending, right)
      const child = this.#nodes[at + LEFT + bit] as number
      if (child === 0) return pending
      if (!this.#covers(child, length))
        return this.#isAfter(child, length) ? this.#push(pending, child) : pending
      node = child
    }
  }

  /** Whether a node that does not cover the first `length` bits of `key` comes after them, and so all that is under it. */
  #isAfter(node: Node, length: number): boolean {
    const common = this.#common(node, length)
    return common === length || this.#bit(common) === 0
  }

  #run(from: number, visit: (node: Node) => boolean): void {
    let pending = from
    while (pending > 0) {
      pending -= 1
      const node = this.#pending[pending] as number
      const at = node * this.#stride
      pending = this.#push(pending, this.#nodes[at + LEFT + 1] as number)
      pending = this.#push(pending, this.#nodes[at + LEFT] as number)
      if ((this.#nodes[at + VALUE] as number) !== 0 && !visit(node)) return
    }
  }
}
