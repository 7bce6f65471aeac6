/** Map-Request: "where is this EID?", also a probe and a call to ask again. RFC 9301, section 5.2; RFC 9437, section 4. */
import type { Codec } from '#wire/codec.js'
import { type Flags, flagWord } from '#wire/flags.js'
import { type Address, address, type IpAddress } from '../address.js'
import { type EidRecord, eidRecord, type MappingRecord, mappingRecord } from '../records.js'
import {
  count,
  part,
  parts,
  typeBits,
  writePart,
  writeParts,
  type XtrIdentity,
  xtrIdentity,
} from './parts.js'

const flags = flagWord({
  /** A: the site shall answer, not the mapping system for it. */
  authoritative: 1 << 27,
  /** M: a mapping record of the source EID follows. */
  mapReply: 1 << 26,
  /** P: a probe of a locator. */
  probe: 1 << 25,
  /** S: Solicit-Map-Request, "ask again". */
  smr: 1 << 24,
  /** p: from a proxy ITR. */
  pitr: 1 << 23,
  /** s: sent because of an SMR. */
  smrInvoked: 1 << 22,
  /** m: from a mobile node (draft-ietf-lisp-mn). */
  mobileNode: 1 << 21,
  /** L: the sender is one of the site's xTRs. */
  localXtr: 1 << 14,
  /** D: no Map-Reply is wanted. */
  dontReply: 1 << 13,
})
const xtrPresent = 1 << 20

export interface MapRequest {
  readonly type: 'map-request'
  readonly flags: Flags<
    | 'authoritative'
    | 'mapReply'
    | 'probe'
    | 'smr'
    | 'pitr'
    | 'smrInvoked'
    | 'mobileNode'
    | 'localXtr'
    | 'dontReply'
  >
  readonly nonce: bigint
  readonly sourceEid: Address
  /** To one of these the reply goes: 1 to 32. */
  readonly itrRlocs: readonly Address[]
  readonly records: readonly EidRecord[]
  /** The mapping of the source EID. */
  readonly mapReply?: MappingRecord
  /** RFC 9437: whose subscription it is. */
  readonly xtr?: XtrIdentity
}

/** The address to which a reply can be sent: an ITR-RLOC, or what an LCAF there holds. */
export const ipAddressOf = (rloc: Address): IpAddress | undefined => {
  switch (rloc.family) {
    case 'ipv4':
    case 'ipv6':
      return rloc
    case 'nat-traversal':
      return ipAddressOf(rloc.globalEtr)
    case 'afi-list':
      return rloc.addresses.map(ipAddressOf).find((address) => address !== undefined)
    case 'key-value':
      return ipAddressOf(rloc.key)
    case 'instance-id':
    case 'as-number':
    case 'application-data':
    case 'geo':
    case 'nonce-locator':
    case 'security-key':
    case 'json':
    case 'encapsulation':
      return ipAddressOf(rloc.address)
    default:
      return undefined
  }
}

export const mapRequest: Codec<MapRequest> = {
  read: (r) => {
    const word = r.u32()
    const nonce = r.u64()
    const sourceEid = part(r, 'sourceEid', address)
    const itrRlocs = parts(r, 'itrRlocs', address, ((word >>> 8) & 31) + 1)
    // A lone ITR-RLOC that is no address ends a subscription (RFC 9437, section 5).
    const isFarewell = itrRlocs.length === 1 && itrRlocs[0]?.family === 'none'
    if (!isFarewell && !itrRlocs.some((rloc) => ipAddressOf(rloc) !== undefined))
      r.fail('no ITR-RLOC that a reply could be sent to')
    const records = parts(r, 'records', eidRecord, word & 0xff)
    const set = flags.of(word)
    const message = { type: 'map-request', flags: set, nonce, sourceEid, itrRlocs, records } as const
    // Some routers set the bit and send no record: OpenDaylight's tests have it so.
    const hasReply = set.mapReply === true && r.remaining > 0
    const mapReply = hasReply ? part(r, 'mapReply', mappingRecord) : undefined
    const xtr = (word & xtrPresent) !== 0 ? part(r, 'xtr', xtrIdentity) : undefined
    if (mapReply === undefined && xtr === undefined) return message
    return { ...message, ...(mapReply && { mapReply }), ...(xtr && { xtr }) }
  },
  write: (w, { flags: set, nonce, sourceEid, itrRlocs, records, mapReply, xtr }) => {
    if (itrRlocs.length === 0) w.fail('a Map-Request needs an ITR-RLOC')
    const present = (mapReply === undefined ? 0 : 1 << 26) | (xtr === undefined ? 0 : xtrPresent)
    const counts = ((count(w, 'ITR-RLOCs', itrRlocs, 32) - 1) << 8) | count(w, 'records', records)
    w.u32((typeBits(1) | flags.word(set) | present | counts) >>> 0)
    w.u64(nonce)
    writePart(w, 'sourceEid', address, sourceEid)
    writeParts(w, 'itrRlocs', address, itrRlocs)
    writeParts(w, 'records', eidRecord, records)
    if (mapReply !== undefined) writePart(w, 'mapReply', mappingRecord, mapReply)
    if (xtr !== undefined) writePart(w, 'xtr', xtrIdentity, xtr)
  },
}
