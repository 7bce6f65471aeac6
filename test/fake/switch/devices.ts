/** The network devices of a simulated node: what its bridges can have as ports. */
import { createHash } from 'node:crypto'

export interface Device {
  readonly name: string
  readonly mac: string
  /** The kernel's number; another one for a device that was made again. */
  readonly ifindex: number
  /** Bytes. */
  mtu: number
  /** Whether whatever is at the other end of it is up. */
  carrier: boolean
}

/** An address that stays the same for the same name: locally administered, unicast. */
export const macOf = (...names: readonly string[]): string => {
  const digits = createHash('sha256').update(names.join(' ')).digest('hex').slice(0, 10)
  return ['02', ...(digits.match(/../g) ?? [])].join(':')
}
