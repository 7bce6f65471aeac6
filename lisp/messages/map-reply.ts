/** Map-Reply: the mappings that were asked for. RFC 9301, section 5.4. */
import { type Codec, rest } from '#wire/codec.js'
import { type Flags, flagWord } from '#wire/flags.js'
import { type MappingRecord, mappingRecord } from '../records.js'
import { count, parts, typeBits, writeParts } from './parts.js'

const flags = flagWord({
  /** P: answers a probe. */
  probe: 1 << 27,
  /** E: the site's ETRs echo nonces. */
  echoNonce: 1 << 26,
})
const securityPresent = 1 << 25

export interface MapReply {
  readonly type: 'map-reply'
  readonly flags: Flags<'probe' | 'echoNonce'>
  /** That of the Map-Request. */
  readonly nonce: bigint
  readonly records: readonly MappingRecord[]
  /** Authentication data of LISP-SEC (RFC 9303, section 6.2), as it came. */
  readonly security?: Uint8Array
}

export const mapReply: Codec<MapReply> = {
  read: (r) => {
    const word = r.u32()
    const nonce = r.u64()
    const records = parts(r, 'records', mappingRecord, word & 0xff)
    const message = { type: 'map-reply', flags: flags.of(word), nonce, records } as const
    return (word & securityPresent) === 0 ? message : { ...message, security: rest.read(r) }
  },
  write: (w, { flags: set, nonce, records, security }) => {
    const present = security === undefined ? 0 : securityPresent
    w.u32((typeBits(2) | flags.word(set) | present | count(w, 'records', records)) >>> 0)
    w.u64(nonce)
    writeParts(w, 'records', mappingRecord, records)
    if (security !== undefined) rest.write(w, security)
  },
}
