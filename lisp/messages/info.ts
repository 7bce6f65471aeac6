/**
 * Info-Request and Info-Reply: an xTR asks a Map-Server how it is seen from outside its NAT. One type with a bit that tells
 * them apart (draft-ermagan-lisp-nat-traversal, section 5; the reply's body is an LCAF of RFC 8060, section 4.4).
 */
import { type Codec, pad, u8, u32 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { type Address, address } from '../address.js'
import { checkPrefix } from '../eid.js'
import { type Authentication, authentication, part, typeBits, writePart } from './parts.js'

export interface Info {
  readonly type: 'info-request' | 'info-reply'
  readonly nonce: bigint
  readonly authentication: Authentication
  /** Minutes. */
  readonly ttl: number
  readonly maskLength: number
  readonly eid: Address
  /** Of a request: nothing, or a name (lispers.net). Of a reply: a NAT-traversal LCAF. */
  readonly nat: Address
}

const replyBit = 1 << 27

const fields = struct({ ttl: u32, _reserved: pad(1), maskLength: u8, eid: address })

export const info: Codec<Info> = {
  read: (r) => {
    const word = r.u32()
    const nonce = r.u64()
    const auth = part(r, 'authentication', authentication)
    const { ttl, maskLength, eid } = fields.read(r)
    return {
      type: (word & replyBit) === 0 ? 'info-request' : 'info-reply',
      nonce,
      authentication: auth,
      ttl,
      maskLength: checkPrefix(r, eid, maskLength),
      eid,
      nat: r.remaining === 0 ? { family: 'none' } : part(r, 'nat', address),
    }
  },
  write: (w, message) => {
    w.u32((typeBits(7) | (message.type === 'info-reply' ? replyBit : 0)) >>> 0)
    w.u64(message.nonce)
    writePart(w, 'authentication', authentication, message.authentication)
    fields.write(w, message)
    writePart(w, 'nat', address, message.nat)
  },
}
