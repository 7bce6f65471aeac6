/**
 * Map-Notify, with which a Map-Server acknowledges a registration or tells of a change, and Map-Notify-Ack, the answer to the
 * latter. RFC 9301, section 5.7.
 */
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
  /** R: goes through an RTR (draft-ermagan-lisp-nat-traversal). */
  rtr: 1 << 26,
})
/** Reserved in RFC 9301; where OpenDaylight, Open Overlay Router and tshark have it. */
const xtrPresent = 1 << 27
const xtrBytes = 24

interface Notice {
  readonly flags: Flags<'rtr'>
  readonly nonce: bigint
  readonly authentication: Authentication
  readonly records: readonly MappingRecord[]
  readonly xtr?: XtrIdentity
}

export interface MapNotify extends Notice {
  readonly type: 'map-notify'
}

export interface MapNotifyAck extends Notice {
  readonly type: 'map-notify-ack'
}

const notice = <T extends MapNotify['type'] | MapNotifyAck['type']>(
  type: T,
  code: number,
): Codec<Notice & { readonly type: T }> => ({
  read: (r) => {
    const word = r.u32()
    const nonce = r.u64()
    const auth = part(r, 'authentication', authentication)
    const records = parts(r, 'records', mappingRecord, word & 0xff)
    const message = { type, flags: flags.of(word), nonce, authentication: auth, records }
    // There are senders that set the bit and leave the identity out, and others that do the reverse.
    const hasXtr = (word & xtrPresent) !== 0 && r.remaining >= xtrBytes
    const xtr = hasXtr ? part(r, 'xtr', xtrIdentity) : undefined
    rest.read(r)
    return xtr === undefined ? message : { ...message, xtr }
  },
  write: (w, { flags: set, nonce, authentication: auth, records, xtr }) => {
    const present = xtr === undefined ? 0 : xtrPresent
    w.u32((typeBits(code) | flags.word(set) | present | count(w, 'records', records)) >>> 0)
    w.u64(nonce)
    writePart(w, 'authentication', authentication, auth)
    writeParts(w, 'records', mappingRecord, records)
    if (xtr !== undefined) writePart(w, 'xtr', xtrIdentity, xtr)
  },
})

export const mapNotify: Codec<MapNotify> = notice('map-notify', 4)
export const mapNotifyAck: Codec<MapNotifyAck> = notice('map-notify-ack', 5)
