/**
 * The nodes of radix trees in one typed array, so that a million prefixes cost the garbage collector nothing and a step of a lookup
 * touches one cache line; and the key that an operation is about, compared with theirs. `radix-tree.ts` makes trees of them.
 */

/** Fields of a node: the two children (0 where there is none), the value (0 for none), the length in bits, then the key's words. */
const CHILD = 0
const VALUE = 2
const LENGTH = 3
const KEY = 4

/** A node's number; 0 is no node. */
export type Node = number

/** Which of a node's children: the bit that follows its prefix there. */
export type Side = number

export class RadixNodes {
  /** The prefix that the next operation is about, most significant word first; bits after the length are zero. */
  readonly key: Uint32Array
  readonly bitsMax: number
  readonly #words: number
  readonly #stride: number
  #data: Uint32Array
  /** Nodes handed out so far, and the head of the list of those given back, linked by their left child. */
  #used = 1
  #free: Node = 0
  #count = 0

  constructor(words: number, capacity: number) {
    this.#words = words
    this.#stride = KEY + words
    this.bitsMax = words * 32
    this.key = new Uint32Array(words)
    this.#data = new Uint32Array(this.#stride * capacity)
  }

  /** Nodes in use. */
  get count(): number {
    return this.#count
  }

  child(node: Node, side: Side): Node {
    return this.#data[node * this.#stride + CHILD + side] as number
  }

  setChild(node: Node, side: Side, child: Node): void {
    this.#data[node * this.#stride + CHILD + side] = child
  }

  value(node: Node): number {
    return this.#data[node * this.#stride + VALUE] as number
  }

  setValue(node: Node, value: number): void {
    this.#data[node * this.#stride + VALUE] = value
  }

  length(node: Node): number {
    return this.#data[node * this.#stride + LENGTH] as number
  }

  word(node: Node, index: number): number {
    return this.#data[node * this.#stride + KEY + index] as number
  }

  /** The side of `node` on which the key of another node lies. */
  sideOf(node: Node, other: Node): Side {
    const length = this.length(node)
    return (this.word(other, length >>> 5) >>> (31 - (length & 31))) & 1
  }

  /** Bit `index` of `key`; 0 after its end. */
  bit(index: number): Side {
    return ((this.key[index >>> 5] ?? 0) >>> (31 - (index & 31))) & 1
  }

  /** Whether the node's prefix covers the first `length` bits of `key`. */
  covers(node: Node, length: number): boolean {
    const at = node * this.#stride
    const bits = this.#data[at + LENGTH] as number
    if (bits > length) return false
    const whole = bits >>> 5
    for (let i = 0; i < whole; i++) if (this.key[i] !== this.#data[at + KEY + i]) return false
    const rest = bits & 31
    if (rest === 0) return true
    const difference = (this.key[whole] as number) ^ (this.#data[at + KEY + whole] as number)
    return difference >>> (32 - rest) === 0
  }

  /** How many leading bits the node's prefix and the first `length` bits of `key` share. */
  common(node: Node, length: number): number {
    const at = node * this.#stride
    const most = Math.min(this.#data[at + LENGTH] as number, length)
    for (let i = 0; i < this.#words; i++) {
      const difference = (this.key[i] as number) ^ (this.#data[at + KEY + i] as number)
      if (difference !== 0) return Math.min(i * 32 + Math.clz32(difference), most)
    }
    return most
  }

  /** A node without value and children for the first `length` bits of `key`. */
  make(length: number): Node {
    const node = this.#take()
    const at = node * this.#stride
    this.#data.fill(0, at, at + KEY)
    this.#data[at + LENGTH] = length
    for (let i = 0; i < this.#words; i++) {
      const bits = Math.min(32, Math.max(0, length - i * 32))
      this.#data[at + KEY + i] = bits === 0 ? 0 : (this.key[i] as number) & (0xffff_ffff << (32 - bits))
    }
    return node
  }

  give(node: Node): void {
    this.#count -= 1
    this.setChild(node, 0, this.#free)
    this.#free = node
  }

  #take(): Node {
    this.#count += 1
    if (this.#free !== 0) {
      const node = this.#free
      this.#free = this.child(node, 0)
      return node
    }
    if ((this.#used + 1) * this.#stride > this.#data.length) this.#grow()
    return this.#used++
  }

  #grow(): void {
    const larger = new Uint32Array(this.#stride * Math.ceil((this.#data.length / this.#stride) * 1.6))
    larger.set(this.#data)
    this.#data = larger
  }
}
