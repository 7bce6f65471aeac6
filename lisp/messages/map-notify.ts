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
  /** R: goes through an RTR, for which there may be authentication data at the end (draft-ermagan-lisp-nat-traversal). */
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
  /** By which the RTR on the way knows the Map-Server; only with `rtr`. */
  readonly rtrAuthentication?: Authentication
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
    const hasRtr = message.flags.rtr === true && r.remaining > 0
    const rtr = hasRtr ? part(r, 'rtrAuthentication', authentication) : undefined
    rest.read(r)
    return { ...message, ...(xtr && { xtr }), ...(rtr && { rtrAuthentication: rtr }) }
  },
  write: (w, { flags: set, nonce, authentication: auth, records, xtr, rtrAuthentication: rtr }) => {
    const present = xtr === undefined ? 0 : xtrPresent
    w.u32((typeBits(code) | flags.word(set) | present | count(w, 'records', records)) >>> 0)
    w.u64(nonce)
    writePart(w, 'authentication', authentication, auth)
    writeParts(w, 'records', mappingRecord, records)
    if (xtr !== undefined) writePart(w, 'xtr', xtrIdentity, xtr)
    if (rtr !== undefined && set.rtr === true) writePart(w, 'rtrAuthentication', authentication, rtr)
  },
})

export const mapNotify: Codec<MapNotify> = notice('map-notify', 4)
export const mapNotifyAck: Codec<MapNotifyAck> = notice('map-notify-ack', 5)
