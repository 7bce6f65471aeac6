/**
 * Matches as the text that `ovs-ofctl dump-flows` prints: `tcp,nw_dst=10.0.0.0/8,tp_dst=80`. Order and spelling are Open
 * vSwitch's; where it would leave out what the text is needed for to be parsed again (masks of some tunnel fields, a match
 * on Ethernet alone), we print it.
 */
import { printFieldValue } from './field-text.js'
import { type Field, type FieldName, fields } from './fields.js'
import { type AnyConstraint, type AnyMatch, canonicalMatch, type Match, maskedOf } from './match.js'
import { wordFor } from './match-shorthand.js'
import { ethertypeOf } from './prerequisites.js'
import { mergeTci, type Tci, tagPresent, tciOf } from './views.js'

/** How numbers are written: with `#`, zero has no `0x`; `decimal`: hexadecimal with a mask. */
type Style = 'decimal' | '#hexadecimal' | 'hexadecimal' | 'padded' | 'value'

/** A field's line in a printed match. */
interface Printed {
  readonly field: Field
  readonly name: string
  readonly style: Style
  /** Digits of a `padded` number, or of a masked decimal one. */
  readonly digits: number
}

const styleOf = (field: Field): Style => {
  if (field.format === 'decimal') return 'decimal'
  return field.format === 'hexadecimal' ? '#hexadecimal' : 'value'
}

const as = (key: FieldName, name: string = key, style?: Style, digits = 1): Printed => ({
  field: fields[key],
  name,
  style: style ?? styleOf(fields[key]),
  digits,
})

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

const beforeProtocol: readonly Printed[] = [
  as('pkt_mark'),
  as('recirc_id', 'recirc_id', '#hexadecimal'),
  as('dp_hash'),
  as('conj_id'),
  as('skb_priority'),
  as('actset_output'),
  as('ct_state'),
  as('ct_zone', 'ct_zone', 'decimal'),
  as('ct_mark'),
  as('ct_label'),
  as('ct_nw_src'),
  as('ct_ipv6_src'),
  as('ct_nw_dst'),
  as('ct_ipv6_dst'),
  as('ct_nw_proto'),
  as('ct_tp_src'),
  as('ct_tp_dst'),
]

const betweenProtocolAndTag: readonly Printed[] = [
  ...range(32).map((n) => as(`reg${n}` as 'reg0')),
  as('tun_id'),
  as('tun_src'),
  as('tun_dst'),
  as('tun_ipv6_src'),
  as('tun_ipv6_dst'),
  as('tun_gbp_id'),
  as('tun_gbp_flags'),
  as('tun_erspan_ver'),
  as('tun_erspan_idx'),
  as('tun_erspan_dir'),
  as('tun_erspan_hwid'),
  as('tun_gtpu_flags'),
  as('tun_gtpu_msgtype'),
  as('tun_flags'),
  ...range(64).map((n) => as(`tun_metadata${n}` as 'tun_metadata0')),
  as('metadata'),
  as('in_port'),
]

const afterTag: readonly Printed[] = [
  as('eth_src', 'dl_src'),
  as('eth_dst', 'dl_dst'),
  as('eth_type', 'dl_type', 'padded', 4),
  as('ipv6_src'),
  as('ipv6_dst'),
  as('ipv6_label', 'ipv6_label', 'padded', 5),
  as('arp_spa'),
  as('arp_tpa'),
  as('nsh_flags', 'nsh_flags', 'decimal', 2),
  as('nsh_ttl'),
  as('nsh_mdtype'),
  as('nsh_np'),
  as('nsh_spi', 'nsh_spi', 'hexadecimal'),
  as('nsh_si'),
  as('nsh_c1', 'nsh_c1', 'hexadecimal'),
  as('nsh_c2', 'nsh_c2', 'hexadecimal'),
  as('nsh_c3', 'nsh_c3', 'hexadecimal'),
  as('nsh_c4', 'nsh_c4', 'hexadecimal'),
  as('ip_src', 'nw_src'),
  as('ip_dst', 'nw_dst'),
  as('nw_proto'),
  as('arp_op'),
  as('arp_sha'),
  as('arp_tha'),
  as('ip_dscp', 'nw_tos'),
  as('nw_ecn'),
  as('nw_ttl'),
  as('mpls_label'),
  as('mpls_tc'),
  as('mpls_ttl'),
  as('mpls_bos'),
  as('ip_frag', 'nw_frag'),
  as('icmp_type'),
  as('icmp_code'),
  as('icmpv6_type', 'icmp_type'),
  as('icmpv6_code', 'icmp_code'),
  as('nd_target'),
  as('nd_sll'),
  as('nd_tll'),
  as('nd_reserved'),
  as('nd_options_type'),
  as('tcp_src', 'tp_src'),
  as('tcp_dst', 'tp_dst'),
  as('udp_src', 'tp_src'),
  as('udp_dst', 'tp_dst'),
  as('sctp_src', 'tp_src'),
  as('sctp_dst', 'tp_dst'),
  as('tcp_flags'),
]

const hexadecimal = (value: number | bigint, digits = 1): string =>
  `0x${value.toString(16).padStart(digits, '0')}`

const printNumber = ({ style, digits }: Printed, value: number | bigint): string => {
  switch (style) {
    case 'decimal':
      return `${value}`
    case '#hexadecimal':
      return BigInt(value) === 0n ? '0' : hexadecimal(value)
    default:
      return hexadecimal(value, digits)
  }
}

/** A tunnel option with an empty mask: the packet has it, whatever is in it. */
const isPresence = (field: Field, constraint: AnyConstraint): boolean =>
  field.variable && typeof constraint === 'object' && constraint.mask === 0n

const printConstraint = (line: Printed, constraint: AnyConstraint): string => {
  const { field, name, style } = line
  if (isPresence(field, constraint)) return name
  const { value, mask } = typeof constraint === 'object' ? constraint : { value: constraint, mask: undefined }
  if (field === fields.ip_dscp) return `${name}=${Number(value) * 4}`
  // Bits of the tunnel header are printed by sign even when all of them are matched.
  if (field === fields.tun_flags) return `${name}=${printFieldValue(field, value, mask ?? field.full)}`
  if (style === 'value') return `${name}=${printFieldValue(field, value, mask)}`
  if (mask === undefined) return `${name}=${printNumber(line, value)}`
  if (style === 'decimal')
    return `${name}=${hexadecimal(value, line.digits)}/${hexadecimal(mask, line.digits)}`
  return `${name}=${printNumber(line, value)}/${printNumber(line, mask)}`
}

/** What the match says of the VLAN tag. */
const tagOf = (match: Match): Tci | undefined =>
  ([fields.vlan_vid, fields.vlan_pcp, fields.vlan_tci] as const).reduce<Tci | undefined>((tci, field) => {
    const constraint = (match as AnyMatch)[field.name]
    if (constraint === undefined) return tci
    const { value, mask } = maskedOf(field, constraint)
    return mergeTci(tci, tciOf(field.name, Number(value), Number(mask)) ?? { value: 0, mask: 0 })
  }, undefined)

const isAllOrNothing = (bits: number, all: number): boolean => bits === 0 || bits === all

/** A tag by id and priority where it is matched by these, else the tag as a whole. */
const printTag = (match: Match): string[] => {
  const tag = tagOf(match)
  if (tag === undefined) return []
  const { value, mask } = tag
  const id = mask & 0x0fff
  const priority = mask & 0xe000
  const tagged = (value & mask & tagPresent) !== 0
  if (tagged && (id | priority) !== 0 && isAllOrNothing(id, 0x0fff) && isAllOrNothing(priority, 0xe000)) {
    return [
      ...(id === 0 ? [] : [`dl_vlan=${value & 0x0fff}`]),
      ...(priority === 0 ? [] : [`dl_vlan_pcp=${value >>> 13}`]),
    ]
  }
  return [`vlan_tci=${hexadecimal(value, 4)}${mask === 0xffff ? '' : `/${hexadecimal(mask, 4)}`}`]
}

/** Packet type, or the word for Ethertype and protocol, and the fields that need not be printed any more. */
const printProtocol = (match: Match): { readonly parts: string[]; readonly said: ReadonlySet<string> } => {
  const type = match.packet_type
  const parts =
    typeof type === 'number' && type !== 0 ? [`packet_type=${printFieldValue(fields.packet_type, type)}`] : []
  if (type === 0) parts.push('eth')
  const protocol = typeof match.nw_proto === 'number' ? match.nw_proto : undefined
  const word = match.eth_type === undefined ? undefined : wordFor(ethertypeOf(match), protocol)
  if (word === undefined) return { parts, said: new Set() }
  parts.push(word.word)
  return { parts, said: new Set(word.withProtocol ? ['eth_type', 'nw_proto'] : ['eth_type']) }
}

/** Prints a match; `{}` is the empty text. */
export const printMatch = (match: Match): string => {
  const canonical = canonicalMatch(match)
  const { parts, said } = printProtocol(canonical)
  const print = (lines: readonly Printed[]): string[] =>
    lines.flatMap((line) => {
      const constraint = said.has(line.field.name) ? undefined : (canonical as AnyMatch)[line.field.name]
      return constraint === undefined ? [] : [printConstraint(line, constraint)]
    })
  return [
    ...print(beforeProtocol),
    ...parts,
    ...print(betweenProtocolAndTag),
    ...printTag(canonical),
    ...print(afterTag),
  ].join(',')
}
