/**
 * DHCP for those that ask: an endpoint that speaks RFC 2131 gets the address that it has in the northbound database, and no other.
 * Nothing is remembered here; the lease is the endpoint itself.
 */
import { type Cidr, hostMask, type Ip } from '#model/cidr.js'
import { gatewayMac } from '#model/gateway.js'
import { encode, pad, u8, u16, u32 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { dhcpOptions, numberOption, type Options } from './dhcp-options.js'
import { everybody, mac, readAs, readIpFrame, readUdp, writeUdpFrame } from './frame.js'

/** RFC 2131, section 2. The hardware address is a MAC. */
const message = struct({
  op: u8,
  hardwareType: u8,
  hardwareLength: u8,
  hops: u8,
  xid: u32,
  seconds: u16,
  flags: u16,
  clientAddress: u32,
  yourAddress: u32,
  serverAddress: u32,
  relayAddress: u32,
  hardwareAddress: mac,
  _rest: pad(10 + 64 + 128),
  magic: u32,
  options: dhcpOptions,
})

const magic = 0x6382_5363
const ports = { client: 68, server: 67 } as const
const broadcastFlag = 0x8000

/** RFC 2132, section 9.6. */
const kinds = { discover: 1, offer: 2, request: 3, ack: 5, nak: 6, inform: 8 } as const

/** Numbers of options: RFC 2132; classless routes: RFC 3442. */
const codes = {
  mask: 1,
  router: 3,
  mtu: 26,
  requested: 50,
  seconds: 51,
  kind: 53,
  server: 54,
  classlessRoutes: 121,
} as const

/** What an endpoint is given. */
export interface Lease4 {
  /** Of the endpoint. */
  readonly mac: number
  readonly address: Ip
  /** Of the subnet's prefix. */
  readonly length: number
  /** The gateway, who is the server too. */
  readonly gateway: Ip
  readonly mtu?: number
  readonly routes?: readonly { readonly destination: Cidr; readonly gateway: Ip }[]
  readonly leaseSeconds: number
}

/** Length of the prefix, as many of its bytes as count, the next hop. */
const route = ({ destination, gateway }: { readonly destination: Cidr; readonly gateway: Ip }): number[] => {
  const bytesOf = (value: bigint): number[] =>
    [24n, 16n, 8n, 0n].map((shift) => Number((value >> shift) & 0xffn))
  const { value, length } = destination
  return [length, ...bytesOf(value).slice(0, Math.ceil(length / 8)), ...bytesOf(gateway.value)]
}

/** Who understands the routes does not look at the router option, so the default route is among them: RFC 3442. */
const routesOption = ({ routes = [], gateway }: Lease4): Options => {
  const all = [{ destination: { family: 4, value: 0n, length: 0 } as const, gateway }, ...routes]
  const bytes = all.flatMap(route)
  return routes.length === 0 || bytes.length > 255
    ? new Map()
    : new Map([[codes.classlessRoutes, new Uint8Array(bytes)]])
}

const settings = (lease: Lease4): Options => {
  const mask = Number(hostMask(4, 0) ^ hostMask(4, lease.length))
  return new Map([
    [codes.mask, numberOption(mask, 4)],
    [codes.router, numberOption(Number(lease.gateway.value), 4)],
    ...(lease.mtu === undefined ? [] : [[codes.mtu, numberOption(lease.mtu, 2)] as const]),
    ...routesOption(lease),
  ])
}

type Message = NonNullable<ReturnType<typeof readMessage>>

const readMessage = (frame: Uint8Array) => {
  const packet = readIpFrame(frame)
  const payload = packet && readUdp(packet, ports.client, ports.server)
  const found = payload && readAs(message, payload)
  return found?.op === 1 && found.magic === magic ? found : undefined
}

const numberIn = (options: Options, code: number): number | undefined => {
  const bytes = options.get(code)
  return bytes?.reduce((value, byte) => value * 256 + byte, 0)
}

/** Which message answers, if one does: RFC 2131, section 4.3. */
const replyKind = (asked: Message, lease: Lease4): 'offer' | 'ack' | 'nak' | undefined => {
  const { options, clientAddress } = asked
  const server = numberIn(options, codes.server)
  switch (numberIn(options, codes.kind)) {
    case kinds.discover:
      return 'offer'
    case kinds.request: {
      // It has chosen another server.
      if (server !== undefined && server !== Number(lease.gateway.value)) return undefined
      const wanted = numberIn(options, codes.requested) ?? clientAddress
      return wanted === Number(lease.address.value) ? 'ack' : 'nak'
    }
    case kinds.inform:
      return 'ack'
    default:
      return undefined
  }
}

const optionsOf = (kind: 'offer' | 'ack' | 'nak', lease: Lease4, informs: boolean): Options =>
  new Map([
    [codes.kind, numberOption(kinds[kind], 1)],
    [codes.server, numberOption(Number(lease.gateway.value), 4)],
    ...(kind === 'nak' || informs ? [] : [[codes.seconds, numberOption(lease.leaseSeconds, 4)] as const]),
    ...(kind === 'nak' ? [] : settings(lease)),
  ])

/** Where the answer goes: RFC 2131, section 4.1. */
const receiver = (asked: Message, kind: string, lease: Lease4) => {
  const all = kind === 'nak' || (asked.clientAddress === 0 && (asked.flags & broadcastFlag) !== 0)
  return all
    ? { destinationMac: everybody, destination: { family: 4, value: 0xffff_ffffn } as const }
    : { destinationMac: lease.mac, destination: lease.address }
}

/** The frame that answers a request for an address; undefined where none is due. */
export const dhcpAnswer = (frame: Uint8Array, lease: Lease4): Uint8Array | undefined => {
  const asked = readMessage(frame)
  if (asked === undefined || asked.hardwareAddress !== lease.mac) return undefined
  const kind = replyKind(asked, lease)
  if (kind === undefined) return undefined
  const informs = numberIn(asked.options, codes.kind) === kinds.inform
  const payload = encode(message, {
    ...asked,
    op: 2,
    hops: 0,
    seconds: 0,
    clientAddress: kind === 'nak' ? 0 : asked.clientAddress,
    yourAddress: kind === 'nak' || informs ? 0 : Number(lease.address.value),
    serverAddress: 0,
    options: optionsOf(kind, lease, informs),
  })
  return writeUdpFrame(
    { sourceMac: gatewayMac, source: lease.gateway, ...receiver(asked, kind, lease) },
    { source: ports.server, destination: ports.client },
    payload,
  )
}
