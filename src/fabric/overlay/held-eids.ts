/** The EIDs that the flows of a switch's map-cache are for, read from their matches. Pure. */
import { originAt } from '#compile/cookie.js'
import { readRegister } from '#compile/registers.js'
import type { Ip } from '#model/cidr.js'
import type { Match } from '#openflow/match.js'
import { type FlowBook, keyParts } from '#reconcile/flow-book.js'

const numberOf = (constraint: Match['ip_dst'] | Match['ipv6_dst']): bigint | undefined => {
  if (constraint === undefined) return undefined
  return BigInt(typeof constraint === 'object' ? constraint.value : constraint)
}

const destinationOf = ({ ip_dst: ip4, ipv6_dst: ip6 }: Match): Ip | undefined => {
  const [four, six] = [numberOf(ip4), numberOf(ip6)]
  if (four !== undefined) return { family: 4, value: four }
  return six === undefined ? undefined : { family: 6, value: six }
}

/** An address of each EID: of a prefix its first. */
export function* heldEids(book: FlowBook): Generator<{ readonly vni: number; readonly ip: Ip }> {
  for (const slot of [...book.slots()]) {
    if (originAt(slot).kind !== 'cache') continue
    for (const key of book.keysOf(slot)) {
      const { match } = keyParts(key)
      const ip = destinationOf(match)
      if (ip !== undefined) yield { vni: readRegister('network', match), ip }
    }
  }
}
