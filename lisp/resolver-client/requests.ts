/** The bytes of Map-Requests: plain or encapsulated (RFC 9301, sections 5.2, 5.3 and 5.8), with a subscription or its end (RFC 9437). */
import { type Address, type IpAddress, noAddress } from '../address.js'
import { type Eid, eidFields } from '../eid.js'
import type { Endpoint } from '../map-server/effects.js'
import type { XtrIdentity } from '../messages/parts.js'
import { encodeMessage } from '../messages.js'

/** What all requests of a client have in common. */
export interface Asker {
  readonly rlocs: readonly IpAddress[]
  /** Where answers are received. */
  readonly port: number
  readonly encapsulated: boolean
  readonly sourceEid: Address
  readonly identity?: XtrIdentity
}

/** What is asked: to know, to know and hear of changes, or to hear of no more changes. */
export type Purpose = 'resolve' | 'subscribe' | 'unsubscribe'

export interface Question {
  readonly eid: Eid
  readonly purpose: Purpose
  readonly nonce: bigint
  readonly smrInvoked: boolean
}

const controlPort = 4342

/** Undefined where there is no own address of the resolver's family. */
export const encodeRequest = (question: Question, asker: Asker, to: Endpoint): Uint8Array | undefined => {
  const own = asker.rlocs.find(({ family }) => family === to.address.family)
  if (own === undefined) return undefined
  const { eid, purpose, nonce, smrInvoked } = question
  const identity = purpose === 'resolve' ? undefined : asker.identity
  // The resolver's family first: some answer to the first address that they see.
  const rlocs = [own, ...asker.rlocs.filter((rloc) => rloc !== own)]
  const request = encodeMessage({
    type: 'map-request',
    flags: smrInvoked ? { smrInvoked: true } : {},
    nonce,
    sourceEid: asker.sourceEid,
    itrRlocs: purpose === 'unsubscribe' ? [noAddress] : rlocs,
    records: [{ ...eidFields(eid), notify: identity !== undefined }],
    ...(identity && { xtr: identity }),
  })
  if (!asker.encapsulated) return request
  const { port } = asker
  const dest = destinationOf(eid, to.address)
  const inner = { source: own, dest, sourcePort: port, destPort: controlPort, ttl: 64, payload: request }
  return encodeMessage({ type: 'encapsulated', flags: {}, inner })
}

/** The inner destination is the EID, where that is an address of the same family. */
const destinationOf = ({ address }: Eid, resolver: IpAddress): IpAddress =>
  (address.family === 'ipv4' || address.family === 'ipv6') && address.family === resolver.family
    ? address
    : resolver
