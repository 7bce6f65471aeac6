/** VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe, section 3) as a simulated xTR has it: packets without Ethernet header, the VNI is the instance id. */
import { decode, encode, pad, rest, u8, u24 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'

export const gpePort = 4790

/** I: there is a VNI. P: there is a next protocol. */
const flagsWanted = 0x0c

/** Of the payload. */
const nextProtocols = { 4: 1, 6: 2 } as const

const packet = struct({
  flags: u8,
  _reserved: pad(2),
  nextProtocol: u8,
  vni: u24,
  _reserved2: pad(1),
  payload: rest,
})

/** The version of an IP packet: RFC 791, section 3.1; RFC 8200, section 3. */
export const ipVersion = (data: Uint8Array): 4 | 6 | undefined => {
  const version = (data[0] ?? 0) >> 4
  return version === 4 || version === 6 ? version : undefined
}

/** @param payload an IPv4 or IPv6 packet; anything else is a mistake of the caller */
export const encapsulate = (vni: number, payload: Uint8Array): Uint8Array => {
  const version = ipVersion(payload)
  if (version === undefined) throw new TypeError('no IP packet')
  return encode(packet, { flags: flagsWanted, nextProtocol: nextProtocols[version], vni, payload })
}

/** The IP packet in a datagram; undefined for what is none of this VNI. Throws `WireError` for what is too short. */
export const decapsulate = (vni: number, datagram: Uint8Array): Uint8Array | undefined => {
  const { flags, nextProtocol, vni: found, payload } = decode(packet, datagram)
  const version = ipVersion(payload)
  const isOurs = (flags & flagsWanted) === flagsWanted && found === vni && version !== undefined
  return isOurs && nextProtocols[version] === nextProtocol ? payload : undefined
}
