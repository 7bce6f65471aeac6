/**
 * Encapsulated Control Message: another message with an IP and a UDP header of its own, as an ITR sends it to its
 * Map-Resolver and a Map-Server to an ETR. RFC 9301, section 5.8; its authentication data RFC 9303, section 6.1.
 */
import { type Codec, lengthOf, pad, rest, u8, u16 } from '#wire/codec.js'
import { type Flags, flagWord } from '#wire/flags.js'
import { sized, sizeOf, struct } from '#wire/struct.js'
import { type Datagram, datagram } from './inner-packet.js'
import { part, typeBits, writePart } from './parts.js'

const flags = flagWord({
  /** D: by a node of the delegated database tree (RFC 8111). */
  ddt: 1 << 26,
  /** E: to an ETR (draft-ietf-lisp-rfc6833bis, before the RFC). */
  toEtr: 1 << 25,
  /** M: to a Map-Server (the same draft). */
  toMs: 1 << 24,
})
const securityPresent = 1 << 27

/** LISP-SEC: the one-time key with which the answer is to be authenticated. */
export interface EcmSecurity {
  readonly adType: number
  readonly hmacId: number
  readonly keyId: number
  readonly wrappingId: number
  /** Preamble and key. */
  readonly oneTimeKey: Uint8Array
  readonly eid: { readonly kdfId: number; readonly data: Uint8Array }
}

const security: Codec<EcmSecurity> = struct({
  adType: u8,
  _unassigned: pad(1),
  hmacId: u16,
  _length: sizeOf('oneTimeKey', u16, 2),
  keyId: u8,
  wrappingId: u8,
  oneTimeKey: sized('_length', rest),
  eid: struct({ _length: lengthOf(u16, 2), kdfId: u16, data: rest }),
})

export interface Encapsulated {
  readonly type: 'encapsulated'
  readonly flags: Flags<'ddt' | 'toEtr' | 'toMs'>
  readonly security?: EcmSecurity
  /** The message inside is `inner.payload`: read it with `decodeMessage`, or send it on as it is. */
  readonly inner: Datagram
}

export const encapsulated: Codec<Encapsulated> = {
  read: (r) => {
    const word = r.u32()
    const set = flags.of(word)
    if ((word & securityPresent) === 0)
      return { type: 'encapsulated', flags: set, inner: part(r, 'inner', datagram) }
    const found = part(r, 'security', security)
    return { type: 'encapsulated', flags: set, security: found, inner: part(r, 'inner', datagram) }
  },
  write: (w, { flags: set, security: data, inner }) => {
    w.u32((typeBits(8) | flags.word(set) | (data === undefined ? 0 : securityPresent)) >>> 0)
    if (data !== undefined) writePart(w, 'security', security, data)
    writePart(w, 'inner', datagram, inner)
  },
}
