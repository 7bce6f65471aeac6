/** Nodes of a radix tree in order: by bits, a prefix before what it covers. Nothing is allocated on the way. */
import type { Node, RadixNodes } from './radix-nodes.js'

export class RadixWalk {
  readonly #nodes: RadixNodes
  /** Subtrees still to be visited: at most one for each bit of a key, and the one being visited. */
  readonly #pending: Int32Array
  #count = 0

  constructor(nodes: RadixNodes) {
    this.#nodes = nodes
    this.#pending = new Int32Array(nodes.bitsMax + 2)
  }

  /** Visits the nodes with a value from `node` down, until `visit` returns false. The tree does not change meanwhile. */
  from(node: Node, visit: (node: Node) => boolean): void {
    this.#count = 0
    this.#push(node)
    this.#run(visit)
  }

  /** Visits the nodes with a value that come after the first `length` bits of the key, likewise. */
  after(root: Node, length: number, visit: (node: Node) => boolean): void {
    this.#count = 0
    this.#seek(root, length)
    this.#run(visit)
  }

  #push(node: Node): void {
    if (node === 0) return
    this.#pending[this.#count] = node
    this.#count += 1
  }

  /** Puts the subtrees that come after the first `length` bits of the key on the stack, the first of them on top. */
  #seek(root: Node, length: number): void {
    const nodes = this.#nodes
    let node = root
    for (;;) {
      const covered = nodes.length(node)
      const right = nodes.child(node, 1)
      if (covered === length) {
        this.#push(right)
        this.#push(nodes.child(node, 0))
        return
      }
      const side = nodes.bit(covered)
      if (side === 0) this.#push(right)
      const child = nodes.child(node, side)
      if (child === 0) return
      if (!nodes.covers(child, length)) {
        if (this.#isAfter(child, length)) this.#push(child)
        return
      }
      node = child
    }
  }

  /** Whether a node that does not cover the first `length` bits of the key comes after them, and so all that is under it. */
  #isAfter(node: Node, length: number): boolean {
    const common = this.#nodes.common(node, length)
    return common === length || this.#nodes.bit(common) === 0
  }

  #run(visit: (node: Node) => boolean): void {
    const nodes = this.#nodes
    while (this.#count > 0) {
      this.#count -= 1
      const node = this.#pending[this.#count] as number
      this.#push(nodes.child(node, 1))
      this.#push(nodes.child(node, 0))
      if (nodes.value(node) !== 0 && !visit(node)) return
    }
  }
}
