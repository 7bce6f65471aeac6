/** Solicit-Map-Requests: "ask again", from somebody who has a say in the EID. RFC 9301, section 6.1. */
import type { IpAddress } from '../address.js'
import { printEid } from '../address-text.js'
import { type Eid, fullLength } from '../eid.js'
import type { Endpoint } from '../map-server/effects.js'
import { type Refused, refused } from '../map-server/refusals.js'
import { checkedEid } from '../map-server/registration.js'
import { ipAddressOf, type MapRequest } from '../messages/map-request.js'
import type { Resolved } from './effects.js'
import type { MapCache } from './map-cache.js'
import type { ClientRefusal } from './refusals.js'

/** Cached mappings that one SMR has asked for again. */
const affectedMax = 16

/** Some senders name the changed EID as the source (OpenDaylight), some as a record (VPP), some as both. */
const namedEids = ({ sourceEid, records }: MapRequest): readonly Eid[] => {
  const bare = sourceEid.family === 'instance-id' ? sourceEid.address : sourceEid
  const source = { eid: sourceEid, maskLength: fullLength(bare) }
  return [source, ...records].flatMap((record) => {
    const eid = checkedEid(record)
    return typeof eid === 'string' ? [] : [eid]
  })
}

const isLocator = ({ locators }: Resolved, address: IpAddress): boolean =>
  locators.some(({ rloc }) => ipAddressOf(rloc)?.value === address.value)

/**
 * The cached EID-prefixes to be asked for again. `isServer`: a Map-Server or Map-Resolver of ours sends it; anybody else is believed
 * only of mappings that it is a locator of.
 */
export const solicited = (
  message: MapRequest,
  from: Endpoint,
  isServer: boolean,
  cache: MapCache,
): { readonly eids: readonly Eid[] } | Refused<ClientRefusal> => {
  const known = new Map<string, Resolved>()
  for (const eid of namedEids(message)) {
    for (const mapping of cache.around(eid, affectedMax)) known.set(printEid(mapping.eid), mapping)
  }
  if (known.size === 0) return refused('smr-not-cached')
  const trusted = [...known.values()].filter((mapping) => isServer || isLocator(mapping, from.address))
  if (trusted.length === 0) return refused('smr-not-trusted')
  return { eids: trusted.slice(0, affectedMax).map(({ eid }) => eid) }
}
