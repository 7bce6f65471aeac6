/** How a subnet is cut: which of its addresses may be given out, and the blocks that nodes take. Pure. */
import { type Cidr, cidrHas, type Family, hostMask, widthOf } from '#model/cidr.js'
import type { Subnet } from '#model/network.js'
import { type Range, Ranges } from './ranges.js'

/** At most 64 addresses a block: a node that has few containers keeps few addresses from the others. */
const blockBitsMax = 6

const hostBitsOf = ({ family, length }: Cidr): number => widthOf(family) - length

/** Bits of an address inside its block: half of those inside the subnet. /28 in a /24, /26 in a /16, /122 in a /64. */
export const blockBitsOf = (cidr: Cidr): number => Math.min(blockBitsMax, Math.floor(hostBitsOf(cidr) / 2))

export const rangeOf = ({ family, length, value }: Cidr): Range => ({
  first: value,
  last: value | hostMask(family, length),
})

const single = (value: bigint): Range => ({ first: value, last: value })

/**
 * The addresses that have a meaning of their own: network and broadcast of IPv4, which a /31 does not have (RFC 3021); the
 * Subnet-Router anycast address of IPv6 (RFC 4291, section 2.6.1), which a /127 does not have (RFC 6164).
 */
export const specialOf = (cidr: Cidr): readonly bigint[] => {
  if (hostBitsOf(cidr) < 2) return []
  const { first, last } = rangeOf(cidr)
  return cidr.family === 4 ? [first, last] : [first]
}

/** The gateway of a subnet for which none is stated: its first usable address. */
export const firstUsable = (cidr: Cidr): bigint => (hostBitsOf(cidr) < 2 ? cidr.value : cidr.value + 1n)

/** What no endpoint may have: gateway, addresses with a meaning, exclusions. */
export const barredIn = ({ cidr, gateway, exclude }: Subnet): Ranges =>
  new Ranges([...specialOf(cidr).map(single), single(gateway), ...exclude.map(rangeOf)])

/** The blocks of a subnet, numbered from its first address. */
export class BlockGrid {
  readonly bits: number
  readonly size: bigint
  /** Number of the last block. */
  readonly last: bigint

  constructor(readonly cidr: Cidr) {
    this.bits = blockBitsOf(cidr)
    this.size = 1n << BigInt(this.bits)
    this.last = (1n << BigInt(hostBitsOf(cidr) - this.bits)) - 1n
  }

  get family(): Family {
    return this.cidr.family
  }

  numberOf(address: bigint): bigint {
    return (address - this.cidr.value) >> BigInt(this.bits)
  }

  firstOf(block: bigint): bigint {
    return this.cidr.value + (block << BigInt(this.bits))
  }

  cidrOf(block: bigint): Cidr {
    const { family } = this.cidr
    return { family, value: this.firstOf(block), length: widthOf(family) - this.bits }
  }
}

/** Whether a prefix is one of the blocks of these subnets. */
export const isBlockOf = (
  subnets: readonly Pick<Subnet, 'cidr'>[],
  { family, value, length }: Cidr,
): boolean => {
  const subnet = subnets.find(({ cidr }) => cidrHas(cidr, { family, value }))
  if (subnet === undefined) return false
  const grid = new BlockGrid(subnet.cidr)
  const own = grid.cidrOf(grid.numberOf(value))
  return own.value === value && own.length === length
}
