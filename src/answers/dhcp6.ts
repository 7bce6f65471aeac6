/**
 * DHCPv6 for those that ask, as router advertisements tell them to: an endpoint that speaks RFC 8415 gets the IPv6 addresses that it has
 * in the northbound database. Nothing is remembered here; the lease is the endpoint itself.
 */
import type { Ip } from '#model/cidr.js'
import { gatewayLinkLocal, gatewayMac } from '#model/gateway.js'
import { encode, list, rest, u8, u16, u24, u32, uint } from '#wire/codec.js'
import { sized, sizeOf, struct } from '#wire/struct.js'
import { mac, readAs, readIpFrame, readUdp, writeUdpFrame } from './frame.js'

const option = struct({ code: u16, _length: sizeOf('data', u16, 2), data: sized('_length', rest) })
const message = struct({ type: u8, transaction: u24, options: list(option) })
type Message = NonNullable<ReturnType<typeof readMessage>>

/** Identity association for addresses, and an address in it: RFC 8415, sections 21.4 and 21.6. */
const association = struct({ id: u32, renewSeconds: u32, rebindSeconds: u32, options: list(option) })
const addressOption = struct({ address: uint(16), preferredSeconds: u32, validSeconds: u32 })
/** DUID of a link-layer address: section 11.4. */
const duid = struct({ type: u16, hardware: u16, address: mac })
const status = struct({ code: u16 })

const ports = { client: 546, server: 547 } as const
const codes = { client: 1, server: 2, association: 3, address: 5, status: 13, rapid: 14 } as const
const kinds = {
  solicit: 1,
  advertise: 2,
  request: 3,
  confirm: 4,
  renew: 5,
  rebind: 6,
  reply: 7,
  information: 11,
} as const

/** What an endpoint is given. */
export interface Lease6 {
  /** Of the endpoint. */
  readonly mac: number
  readonly addresses: readonly Ip[]
  readonly leaseSeconds: number
}

const server = encode(duid, { type: 3, hardware: 1, address: gatewayMac })

const readMessage = (payload: Uint8Array | undefined) => payload && readAs(message, payload)

const find = ({ options }: Message, code: number): Uint8Array | undefined =>
  options.find((one) => one.code === code)?.data

const isServer = (duidBytes: Uint8Array): boolean =>
  duidBytes.length === server.length && server.every((byte, at) => byte === duidBytes[at])

/** Which message answers: RFC 8415, section 18.3. Another server's is left to it. */
const replyKind = (asked: Message): number | undefined => {
  const chosen = find(asked, codes.server)
  if (chosen !== undefined && !isServer(chosen)) return undefined
  switch (asked.type) {
    case kinds.solicit:
      return find(asked, codes.rapid) === undefined ? kinds.advertise : kinds.reply
    case kinds.request:
    case kinds.confirm:
    case kinds.renew:
    case kinds.rebind:
    case kinds.information:
      return kinds.reply
    default:
      return undefined
  }
}

/** Every association that was asked for has the endpoint's addresses, which are all there are. */
const granted = (asked: Message, { addresses, leaseSeconds }: Lease6) =>
  asked.options.flatMap(({ code, data }) => {
    const wanted = code === codes.association ? readAs(association, data) : undefined
    if (wanted === undefined) return []
    const inside = addresses.map(({ value: address }) => ({
      code: codes.address,
      data: encode(addressOption, { address, preferredSeconds: leaseSeconds, validSeconds: leaseSeconds }),
    }))
    const times = {
      renewSeconds: Math.floor(leaseSeconds / 2),
      rebindSeconds: Math.floor((leaseSeconds * 4) / 5),
    }
    return [{ code, data: encode(association, { id: wanted.id, ...times, options: inside }) }]
  })

/** The frame that answers a request for IPv6 addresses; undefined where none is due. */
export const dhcp6Answer = (frame: Uint8Array, lease: Lease6): Uint8Array | undefined => {
  const packet = readIpFrame(frame)
  const asked = readMessage(packet && readUdp(packet, ports.client, ports.server))
  const type = asked && replyKind(asked)
  if (packet?.source.family !== 6 || asked === undefined || type === undefined) return undefined
  const client = find(asked, codes.client)
  if (client === undefined && asked.type !== kinds.information) return undefined
  const options = [
    ...(client === undefined ? [] : [{ code: codes.client, data: client }]),
    { code: codes.server, data: server },
    ...(asked.type === kinds.solicit && type === kinds.reply
      ? [{ code: codes.rapid, data: new Uint8Array() }]
      : []),
    ...(asked.type === kinds.confirm ? [{ code: codes.status, data: encode(status, { code: 0 }) }] : []),
    ...granted(asked, lease),
  ]
  return writeUdpFrame(
    {
      sourceMac: gatewayMac,
      destinationMac: lease.mac,
      source: { family: 6, value: gatewayLinkLocal },
      destination: packet.source,
    },
    { source: ports.server, destination: ports.client },
    encode(message, { type, transaction: asked.transaction, options }),
  )
}
