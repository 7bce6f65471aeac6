/**
 * A frame as one line of the fields that Open vSwitch would see in it: Ethernet, two VLAN tags, ARP, IPv4, IPv6, MPLS, TCP,
 * UDP, SCTP, ICMP and neighbour discovery. A layer that is cut off is shown as if it were absent, as Open vSwitch does.
 */
import { Reader } from '#wire/reader.js'
import { printFieldValue, printIpv4, printIpv6, printMac } from '../field-text.js'
import { fields } from '../fields.js'
import { ethertypes, protocols } from '../prerequisites.js'

/** What is known so far: a name in front, fields, and a checksum behind. */
interface Summary {
  name: string
  readonly parts: string[]
  checksum: string
}

const tagTypes = [0x8100, 0x88a8]
const mplsTypes: readonly number[] = [ethertypes.mpls, ethertypes.mplsMulticast]
const lengthLimit = 0x600
const noEthertype = 0x05ff
const hex16 = (value: number): string => `0x${value.toString(16).padStart(4, '0')}`

/** The line, newline included. */
export const packetText = (data: Uint8Array): string => {
  const summary: Summary = { name: '', parts: [], checksum: '' }
  ethernet(new Reader(data), summary)
  const { name, parts, checksum } = summary
  return `${[...(name === '' ? [] : [name]), ...parts].join(',')}${checksum}\n`
}

const ethernet = (r: Reader, summary: Summary): void => {
  const whole = r.remaining >= 14
  const destination = whole ? r.uint(6) : 0n
  const source = whole ? r.uint(6) : 0n
  const { parts } = summary
  const tags: number[] = []
  while (whole && tags.length < 2 && r.remaining >= 6 && tagTypes.includes(peek(r))) {
    r.take(2)
    tags.push(r.u16())
  }
  parts.push(...vlanText(tags), `dl_src=${printMac(source)}`, `dl_dst=${printMac(destination)}`)
  const type = whole && r.remaining >= 2 ? r.u16() : 0
  payload(r, type < lengthLimit && whole ? noEthertype : type, summary)
}

const peek = (r: Reader): number => {
  const type = r.u16()
  r.pos -= 2
  return type
}

/** Tags are numbered from the outermost; behind the last one stands that there is no more. */
const vlanText = (tags: readonly number[]): readonly string[] => {
  const texts = tags.flatMap((tci, index) => {
    const suffix = index === 0 ? '' : String(index)
    return [`dl_vlan${suffix}=${tci & 0xfff}`, `dl_vlan_pcp${suffix}=${tci >>> 13}`]
  })
  if (tags.length === 0) return ['vlan_tci=0x0000']
  return tags.length === 1 ? [...texts, 'vlan_tci1=0x0000'] : texts
}

const payload = (r: Reader, type: number, summary: Summary): void => {
  if (type === ethertypes.ip) ipv4(r, summary)
  else if (type === ethertypes.ipv6) ipv6(r, summary)
  else if (type === ethertypes.arp) arp(r, summary)
  else if (mplsTypes.includes(type)) mpls(r, summary)
  else summary.parts.push(`dl_type=${hex16(type)}`)
}

const arp = (r: Reader, summary: Summary): void => {
  summary.name = 'arp'
  const whole = r.remaining >= 28
  if (whole) r.take(6)
  const operation = whole ? r.u16() : 0
  const [senderMac, sender] = whole ? [r.uint(6), r.u32()] : [0n, 0]
  const [targetMac, target] = whole ? [r.uint(6), r.u32()] : [0n, 0]
  summary.parts.push(
    `arp_spa=${printIpv4(sender)}`,
    `arp_tpa=${printIpv4(target)}`,
    `arp_op=${operation}`,
    `arp_sha=${printMac(senderMac)}`,
    `arp_tha=${printMac(targetMac)}`,
  )
}

const mpls = (r: Reader, summary: Summary): void => {
  summary.name = 'mpls'
  const entry = r.remaining >= 4 ? r.u32() : 0
  summary.parts.push(
    `mpls_label=${entry >>> 12}`,
    `mpls_tc=${(entry >>> 9) & 7}`,
    `mpls_ttl=${entry & 0xff}`,
    `mpls_bos=${(entry >>> 8) & 1}`,
  )
}

interface IpHeader {
  readonly version: 4 | 6
  readonly protocol: number
  readonly tos: number
  readonly ttl: number
  readonly fragment: 'no' | 'first' | 'later'
}

const noHeader = { protocol: 0, tos: 0, ttl: 0, fragment: 'no' } as const

const ipv4 = (r: Reader, summary: Summary): void => {
  if (r.remaining < 20) {
    summary.parts.push('nw_src=0.0.0.0', 'nw_dst=0.0.0.0')
    transport(r, { version: 4, ...noHeader }, summary)
    return
  }
  const begin = r.pos
  const headerBytes = (r.u8() & 15) * 4
  const tos = r.u8()
  r.take(4)
  const offset = r.u16() & 0x3fff
  const fragment = offset === 0 ? 'no' : (offset & 0x1fff) === 0 ? 'first' : 'later'
  const ttl = r.u8()
  const protocol = r.u8()
  r.take(2)
  summary.parts.push(`nw_src=${printIpv4(r.u32())}`, `nw_dst=${printIpv4(r.u32())}`)
  r.pos = Math.min(r.end, Math.max(r.pos, begin + headerBytes))
  transport(r, { version: 4, protocol, tos, ttl, fragment }, summary)
}

const ipv6 = (r: Reader, summary: Summary): void => {
  const whole = r.remaining >= 40
  const first = whole ? r.u32() : 0
  if (whole) r.take(2)
  const protocol = whole ? r.u8() : 0
  const ttl = whole ? r.u8() : 0
  const source = whole ? r.uint(16) : 0n
  const destination = whole ? r.uint(16) : 0n
  const label = (first & 0xfffff).toString(16).padStart(5, '0')
  summary.parts.push(
    `ipv6_src=${printIpv6(source)}`,
    `ipv6_dst=${printIpv6(destination)}`,
    `ipv6_label=0x${label}`,
  )
  transport(r, { version: 6, protocol, tos: (first >>> 20) & 0xff, ttl, fragment: 'no' }, summary)
}

const names: Readonly<Record<number, string>> = {
  [protocols.tcp]: 'tcp',
  [protocols.udp]: 'udp',
  [protocols.sctp]: 'sctp',
}

const transport = (r: Reader, header: IpHeader, summary: Summary): void => {
  const { version, protocol, tos, ttl, fragment } = header
  const icmp = protocol === (version === 4 ? protocols.icmp : protocols.icmpv6)
  const name = icmp ? 'icmp' : names[protocol]
  summary.name = `${name ?? (version === 4 ? 'ip' : 'ipv6')}${version === 6 && name !== undefined ? '6' : ''}`
  if (name === undefined) summary.parts.push(`nw_proto=${protocol}`)
  summary.parts.push(`nw_tos=${tos & 0xfc}`, `nw_ecn=${tos & 3}`, `nw_ttl=${ttl}`, `nw_frag=${fragment}`)
  if (name === undefined || fragment === 'later') return
  if (icmp) icmpFields(r, version, summary)
  else ports(r, name, summary)
}

/** The least length of each header, and where its checksum is. */
const headers: Readonly<Record<string, readonly [bytes: number, checksumAt: number, checksumBytes: number]>> =
  {
    tcp: [20, 16, 2],
    udp: [8, 6, 2],
    sctp: [12, 8, 4],
  }

const ports = (r: Reader, name: string, summary: Summary): void => {
  const [bytes, checksumAt, checksumBytes] = headers[name] ?? [0, 0, 0]
  const begin = r.pos
  const whole = r.remaining >= bytes
  summary.parts.push(`tp_src=${whole ? r.u16() : 0}`, `tp_dst=${whole ? r.u16() : 0}`)
  if (name === 'tcp') summary.parts.push(`tcp_flags=${tcpFlags(r, begin, whole)}`)
  if (!whole) return
  r.pos = begin + checksumAt
  summary.checksum = ` ${name}_csum:${r.uint(checksumBytes).toString(16)}`
}

const tcpFlags = (r: Reader, begin: number, whole: boolean): string => {
  if (!whole) return '0'
  r.pos = begin + 12
  return printFieldValue(fields.tcp_flags, r.u16() & 0xfff)
}

const neighbourTypes = [135, 136]

const icmpFields = (r: Reader, version: 4 | 6, summary: Summary): void => {
  const whole = r.remaining >= (version === 4 ? 8 : 4)
  const type = whole ? r.u8() : 0
  const code = whole ? r.u8() : 0
  summary.parts.push(`icmp_type=${type}`, `icmp_code=${code}`)
  if (!whole) return
  summary.checksum = ` ${version === 4 ? 'icmp' : 'icmp6'}_csum:${r.u16().toString(16)}`
  if (version === 6 && neighbourTypes.includes(type) && code === 0) neighbour(r, summary)
}

/** RFC 4861: the target, and the link-layer addresses among the options. */
const neighbour = (r: Reader, summary: Summary): void => {
  const whole = r.remaining >= 20
  if (whole) r.take(4)
  const target = whole ? r.uint(16) : 0n
  const addresses = [0n, 0n]
  while (whole && r.remaining >= 8) {
    const end = r.pos
    const option = r.u8()
    const bytes = r.u8() * 8
    if (bytes === 0 || end + bytes > r.end) break
    if (bytes === 8 && (option === 1 || option === 2)) addresses[option - 1] = r.uint(6)
    r.pos = end + bytes
  }
  const [source = 0n, own = 0n] = addresses
  summary.parts.push(
    `nd_target=${printIpv6(target)}`,
    `nd_sll=${printMac(source)}`,
    `nd_tll=${printMac(own)}`,
  )
}
