/**
 * The addresses of a lab, computed from its subnet number and a node's position. Management addresses come out of
 * 198.18.0.0/15, set aside for tests of network devices (RFC 2544, RFC 5735), one /22 a lab, since the root namespace
 * sees them all. RLOCs come out of 100.64.0.0/10 (RFC 6598): every lab uses the same, for no underlay sees another.
 */

/** How many labs can exist side by side. */
export const subnetCount = 128
/** How many nodes fit a lab: one bridge of Linux takes 1,023 ports, one /22 has 1,022 addresses. */
export const nodesMax = 1000

export const managementPrefix = 22
export const managementPrefix6 = 64
export const rlocPrefix = 16
export const rlocPrefix6 = 64

const managementBase = (198 << 24) | (18 << 16)
const rlocBase = (100 << 24) | (64 << 16)
const subnetSize = 1 << (32 - managementPrefix)

const ipv4 = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')

/** A lab's management network, as `198.18.4.0`. */
export const managementNetwork = (subnet: number): string => ipv4(managementBase + subnet * subnetSize)

/** The root namespace's address in a lab: where its controller listens. */
export const controllerAddress = (subnet: number): string =>
  ipv4(managementBase + subnet * subnetSize + subnetSize - 2)

export const controllerAddress6 = (subnet: number): string => `fd98:18:${(subnet + 1).toString(16)}::ffff`

/** @param position 1 for the first node */
export const managementAddress = (subnet: number, position: number): string =>
  ipv4(managementBase + subnet * subnetSize + position)

export const managementAddress6 = (subnet: number, position: number): string =>
  `fd98:18:${(subnet + 1).toString(16)}::${position.toString(16)}`

export const rlocAddress = (position: number): string => ipv4(rlocBase + position)

export const rlocAddress6 = (position: number): string => `fd64::${position.toString(16)}`

/** Whether two IPv4 prefixes, written `a.b.c.d/len`, share an address. */
export const overlaps = (a: string, b: string): boolean => {
  const [x, y] = [a, b].map((prefix) => {
    const [address = '', length = '32'] = prefix.split('/')
    const bytes = address.split('.').map(Number)
    return { value: bytes.reduce((sum, byte) => sum * 256 + byte, 0), size: 2 ** (32 - Number(length)) }
  })
  if (x === undefined || y === undefined) return false
  const size = Math.max(x.size, y.size)
  return Math.floor(x.value / size) === Math.floor(y.value / size)
}
