/** Map-Register: an ETR says where its EIDs are. RFC 9301, section 5.6. */
import { type Codec, rest } from '#wire/codec.js'
import { type Flags, flagWord } from '#wire/flags.js'
import { type MappingRecord, mappingRecord } from '../records.js'
import {
  type Authentication,
  authentication,
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
  /** P: the Map-Server shall answer Map-Requests itself. */
  proxyReply: 1 << 27,
  /** S: the ETR does LISP-SEC. */
  security: 1 << 26,
  /** R: sent through an RTR, by an xTR behind a NAT (draft-ermagan-lisp-nat-traversal). */
  rtr: 1 << 24,
  /** E: by a first-hop router, of an EID that has just arrived. */
  eidNotify: 1 << 12,
  /** T: the record's TTL is the registration's. */
  useTtl: 1 << 11,
  /** a: the locators of several xTRs are to be merged. */
  merge: 1 << 10,
  /** m: by a mobile node (draft-ietf-lisp-mn). */
  mobileNode: 1 << 9,
  /** M: a Map-Notify is wanted. */
  wantNotify: 1 << 8,
})
const xtrPresent = 1 << 25

export interface MapRegister {
  readonly type: 'map-register'
  readonly flags: Flags<
    'proxyReply' | 'security' | 'rtr' | 'eidNotify' | 'useTtl' | 'merge' | 'mobileNode' | 'wantNotify'
  >
  /** Grows with each message of an xTR and key. */
  readonly nonce: bigint
  readonly authentication: Authentication
  readonly records: readonly MappingRecord[]
  readonly xtr?: XtrIdentity
}

export const mapRegister: Codec<MapRegister> = {
  read: (r) => {
    const word = r.u32()
    const nonce = r.u64()
    const auth = part(r, 'authentication', authentication)
    const records = parts(r, 'records', mappingRecord, word & 0xff)
    const set = flags.of(word)
    const message = { type: 'map-register', flags: set, nonce, authentication: auth, records } as const
    const xtr = (word & xtrPresent) === 0 ? undefined : part(r, 'xtr', xtrIdentity)
    // What routers behind RTRs add is covered by the authentication data and means nothing here.
    rest.read(r)
    return xtr === undefined ? message : { ...message, xtr }
  },
  write: (w, { flags: set, nonce, authentication: auth, records, xtr }) => {
    const present = xtr === undefined ? 0 : xtrPresent
    w.u32((typeBits(3) | flags.word(set) | present | count(w, 'records', records)) >>> 0)
    w.u64(nonce)
    writePart(w, 'authentication', authentication, auth)
    writeParts(w, 'records', mappingRecord, records)
    if (xtr !== undefined) writePart(w, 'xtr', xtrIdentity, xtr)
  },
}
