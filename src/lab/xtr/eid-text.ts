/** EIDs and RLOCs of a simulated xTR as text and back: 32 bits are a number, 128 a bigint, as in its messages. */
import { isIPv4, isIPv6 } from 'node:net'

export const ipv4Of = (text: string): number => {
  if (!isIPv4(text)) throw new RangeError(`${text} is no IPv4 address`)
  return text.split('.').reduce((value, part) => value * 256 + Number(part), 0)
}

export const ipv4Text = (value: number): string =>
  [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')

const groupsOf = (text: string): string[] => text.split(':').filter((group) => group !== '')

const ipv6Of = (text: string): bigint => {
  const [head = '', tail = ''] = text.split('::')
  const [left, right] = [groupsOf(head), groupsOf(tail)]
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...zeros, ...right].reduce(
    (value, group) => (value << 16n) | BigInt(Number.parseInt(group, 16)),
    0n,
  )
}

/** All eight groups, none left out. */
const ipv6Text = (value: bigint): string =>
  Array.from({ length: 8 }, (_, index) => ((value >> BigInt(16 * (7 - index))) & 0xffffn).toString(16)).join(
    ':',
  )

export const addressText = (value: number | bigint): string =>
  typeof value === 'number' ? ipv4Text(value) : ipv6Text(value)

/** An address or a prefix: `10.0.0.1`, `10.0.0.0/24`, `fd00::/64`. @throws RangeError */
export const prefixOf = (text: string): { readonly value: number | bigint; readonly length: number } => {
  const [address = '', length] = text.split('/')
  const six = isIPv6(address)
  return { value: six ? ipv6Of(address) : ipv4Of(address), length: Number(length ?? (six ? 128 : 32)) }
}

export const prefixText = (value: number | bigint, length: number): string =>
  `${addressText(value)}/${length}`
