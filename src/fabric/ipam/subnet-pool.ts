/**
 * The addresses of one subnet: which block belongs to which node, which address is taken, and the next one to give out. What
 * it costs does not grow with the number of leases: a block is a bit mask, and blocks with room are kept by node. In memory
 * only; the caller stores what was given, and tells what is stored.
 */
import type { Subnet } from '#model/network.js'
import { BlockGrid, barredIn, rangeOf } from './geometry.js'
import { Ranges } from './ranges.js'

/** `resting`: given back, and not given out again yet. */
export type AddressState = 'free' | 'leased' | 'resting'

interface Block {
  readonly number: bigint
  /** Bits of addresses that are never given out. */
  readonly barred: bigint
  leased: bigint
  resting: bigint
  owner?: string
}

/** An address to give out, and the block that its node takes with it. */
export interface Choice {
  readonly address: bigint
  readonly claim?: bigint
}

/** As many as one transaction gives back besides what it empties itself. */
const idleMax = 16

export class SubnetPool {
  readonly grid: BlockGrid
  /** What nobody may have, and with it what is kept for somebody. */
  private readonly never: Ranges
  private readonly barred: Ranges
  private readonly full: bigint
  /** Blocks that have an owner or a taken address; all others are as they were at first. */
  private readonly blocks = new Map<bigint, Block>()
  /** Blocks with room by the node that owns them, and all of these. */
  private readonly roomAt = new Map<string, Set<bigint>>()
  private readonly room = new Set<bigint>()
  /** Blocks that have an owner, and nobody has an address of them. */
  private readonly unused = new Set<bigint>()
  /** Every block in front of this has an owner, or no room, or is in `open`. */
  private frontier = 0n
  /** Blocks that were given back and have room. */
  private readonly open = new Set<bigint>()

  /** `reserved`: addresses that are kept for somebody, and not chosen. */
  constructor(subnet: Subnet, reserved: Iterable<bigint> = []) {
    this.grid = new BlockGrid(subnet.cidr)
    this.never = barredIn(subnet)
    const kept = [...reserved].map((value) => ({ first: value, last: value }))
    const { first, last } = rangeOf(subnet.cidr)
    this.barred = new Ranges([...this.never.within(first, last), ...kept])
    this.full = (1n << this.grid.size) - 1n
  }

  isBarred(address: bigint): boolean {
    return this.never.around(address) !== undefined
  }

  /** Says what has become of an address. */
  set(address: bigint, state: AddressState): void {
    const block = this.block(this.grid.numberOf(address))
    const bit = this.bitOf(block, address)
    block.leased = state === 'leased' ? block.leased | bit : block.leased & ~bit
    block.resting = state === 'resting' ? block.resting | bit : block.resting & ~bit
    this.refresh(block)
  }

  /** Says whose a block is now. */
  setOwner(number: bigint, owner: string | undefined): void {
    const block = this.block(number)
    this.drop(block)
    if (owner === undefined) delete block.owner
    else block.owner = owner
    this.refresh(block)
  }

  ownerOf(number: bigint): string | undefined {
    return this.blocks.get(number)?.owner
  }

  /** Whether nobody has an address of the block but those that leave; some may rest. */
  isEmptyWithout(number: bigint, leaving: readonly bigint[]): boolean {
    const block = this.blocks.get(number)
    if (block === undefined) return true
    let { leased } = block
    for (const address of leaving)
      if (this.grid.numberOf(address) === number) leased &= ~this.bitOf(block, address)
    return leased === 0n
  }

  /** Some of the blocks that have an owner, and nobody has an address of them. */
  idle(): bigint[] {
    const some: bigint[] = []
    for (const number of this.unused) {
      if (some.length === idleMax) break
      some.push(number)
    }
    return some
  }

  /**
   * The lowest free address of a block of `node`'s own; of a block that nobody has; of another's block, so that a subnet is
   * exhausted only when all of it is given out. Undefined: it is.
   */
  choose(node: string): Choice | undefined {
    const own = firstOf(this.roomAt.get(node))
    if (own !== undefined) return { address: this.lowestFree(own) }
    const claim = this.nextOpen()
    if (claim !== undefined) return { address: this.lowestFree(claim), claim }
    const foreign = firstOf(this.room)
    return foreign === undefined ? undefined : { address: this.lowestFree(foreign) }
  }

  private block(number: bigint): Block {
    const known = this.blocks.get(number)
    if (known !== undefined) return known
    const block: Block = { number, barred: this.barredBits(number), leased: 0n, resting: 0n }
    this.blocks.set(number, block)
    return block
  }

  private bitOf({ number }: Block, address: bigint): bigint {
    return 1n << (address - this.grid.firstOf(number))
  }

  private barredBits(number: bigint): bigint {
    const start = this.grid.firstOf(number)
    let bits = 0n
    for (const { first: from, last } of this.barred.within(start, start + this.grid.size - 1n)) {
      bits |= ((1n << (last - from + 1n)) - 1n) << (from - start)
    }
    return bits
  }

  private freeBits(number: bigint): bigint {
    const block = this.blocks.get(number)
    const taken = block === undefined ? this.barredBits(number) : block.barred | block.leased | block.resting
    return this.full & ~taken
  }

  private lowestFree(number: bigint): bigint {
    let free = this.freeBits(number)
    let address = this.grid.firstOf(number)
    while ((free & 1n) === 0n) {
      free >>= 1n
      address++
    }
    return address
  }

  /** Puts a block where its room and its owner say, and forgets one about which there is nothing to know. */
  private refresh(block: Block): void {
    const { number, owner } = block
    this.drop(block)
    if (owner !== undefined && block.leased === 0n) this.unused.add(number)
    if (this.freeBits(number) !== 0n) {
      if (owner !== undefined) {
        this.room.add(number)
        const at = this.roomAt.get(owner) ?? new Set()
        this.roomAt.set(owner, at.add(number))
      } else if (number < this.frontier) this.open.add(number)
    }
    if (owner === undefined && block.leased === 0n && block.resting === 0n) this.blocks.delete(number)
  }

  private drop({ number, owner }: Block): void {
    this.unused.delete(number)
    this.room.delete(number)
    this.open.delete(number)
    if (owner === undefined) return
    const at = this.roomAt.get(owner)
    at?.delete(number)
    if (at?.size === 0) this.roomAt.delete(owner)
  }

  /** A block with room that nobody has. The frontier passes each block once, and a range that is barred in one step. */
  private nextOpen(): bigint | undefined {
    const given = firstOf(this.open)
    if (given !== undefined) return given
    while (this.frontier <= this.grid.last) {
      const number = this.frontier
      if (this.ownerOf(number) === undefined && this.freeBits(number) !== 0n) return number
      this.frontier = this.behindBarred(number)
    }
    return undefined
  }

  private behindBarred(number: bigint): bigint {
    const start = this.grid.firstOf(number)
    const barred = this.barred.around(start)
    const next = number + 1n
    if (barred === undefined) return next
    const behind = this.grid.numberOf(barred.last + 1n)
    return behind > next ? behind : next
  }
}

const firstOf = <T>(values: ReadonlySet<T> | undefined): T | undefined => {
  for (const value of values ?? []) return value
  return undefined
}
