/**
 * Every match field, asked of the `ovs-ofctl` that is installed (it needs no daemon): what it prints of the bytes that we
 * write is the text that we print, what it writes for that text is what we write, and we read its text as the same match.
 * Skipped where there is no `ovs-ofctl`.
 */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import type { Prerequisite } from '#openflow/fields/line.js'
import { type Field, fieldList } from '#openflow/fields.js'
import { canonicalMatch, type Match } from '#openflow/match.js'
import { match as matchCodec, oxmList } from '#openflow/match-codec.js'
import { parseMatch, printMatch } from '#openflow/match-text.js'
import { readOxmHeader } from '#openflow/oxm.js'
import { fitsField } from '#openflow/value-rules.js'
import { decode, encode } from '#wire/codec.js'
import { Reader } from '#wire/reader.js'
import { Writer } from '#wire/writer.js'

const ask = (args: readonly string[], input: string | Uint8Array): string => {
  const { stdout, stderr, error } = spawnSync('ovs-ofctl', ['-O', 'OpenFlow15', ...args], { input })
  if (error !== undefined) throw error
  return stdout.length > 0 ? stdout.toString() : stderr.toString()
}

const isInstalled = spawnSync('ovs-ofctl', ['--version']).error === undefined

/** A match that meets a prerequisite. */
const context: Readonly<Record<Prerequisite, Match>> = {
  none: {},
  ethernet: {},
  vlan: { vlan_vid: { value: 0x1000, mask: 0x1000 } },
  mpls: { eth_type: 0x8847 },
  ipv4: { eth_type: 0x0800 },
  ipv6: { eth_type: 0x86dd },
  ip: { eth_type: 0x86dd },
  arp: { eth_type: 0x0806 },
  nsh: { eth_type: 0x894f, nsh_mdtype: 1 },
  ct: { ct_state: { value: 0x21, mask: 0x21 }, ct_nw_proto: 6 },
  tcp: { eth_type: 0x0800, nw_proto: 6 },
  udp: { eth_type: 0x0800, nw_proto: 17 },
  sctp: { eth_type: 0x86dd, nw_proto: 132 },
  icmpv4: { eth_type: 0x0800, nw_proto: 1 },
  icmpv6: { eth_type: 0x86dd, nw_proto: 58 },
  nd: { eth_type: 0x86dd, nw_proto: 58, icmpv6_type: 135, icmpv6_code: 0 },
  'nd solicit': { eth_type: 0x86dd, nw_proto: 58, icmpv6_type: 135, icmpv6_code: 0 },
  'nd advert': { eth_type: 0x86dd, nw_proto: 58, icmpv6_type: 136, icmpv6_code: 0 },
}

/** A tracked address is matched together with the kind of packet that has such addresses, ovs-fields(7) does not say. */
const contextOf = ({ name, needs }: Field): Match => {
  if (!name.startsWith('ct_nw_') && !name.startsWith('ct_ipv6_')) return context[needs]
  return { ...context[needs], eth_type: name.startsWith('ct_nw_') ? 0x0800 : 0x86dd }
}

const pattern = 0x5a17_c3f0_81e4_9d26_3b70_4fa8_d215_6ce9n

/** Exact values, and values behind masks, that exercise a field's print form. */
const samplesOf = (field: Field): Match[] => {
  const cut = (value: bigint): bigint => value & (field.variable ? 0xffff_ffffn : field.ones)
  const own = (value: bigint): number | bigint => (field.wide ? value : Number(value))
  const exact = [0n, 1n, cut(pattern), cut(pattern >> 40n), cut(field.ones), 2n, 0x81n, 17n]
  const masks = field.maskable ? [cut(~0xfn & field.ones), cut(0xf0f0n), cut(1n), cut(field.ones << 1n)] : []
  return [
    ...exact.filter((value) => value <= field.ones).map(own),
    ...masks
      .filter((mask) => mask !== 0n)
      .map((mask) => ({ value: own(cut(pattern) & mask), mask: own(mask) })),
  ]
    .filter((constraint) => fitsField(field, typeof constraint === 'object' ? constraint.value : constraint))
    .map((constraint) => canonicalMatch({ ...contextOf(field), [field.name]: constraint }))
}

/**
 * Open vSwitch prints no masks, or wrong ones, of these fields, no match on Ethernet alone and no fragment that cannot be.
 * They are among the samples of the last test only.
 */
const isLossy = (match: Match): boolean =>
  match.packet_type === 0 ||
  match.ip_frag === 2 ||
  match.ct_nw_proto === 0 ||
  ['tun_gbp_flags', 'tun_erspan_ver', 'tun_erspan_idx', 'tun_erspan_dir', 'tun_erspan_hwid'].some(
    (name) => name in match,
  ) ||
  ['tun_gtpu_flags', 'tun_gtpu_msgtype'].some((name) => name in match)

const all = fieldList
  .filter((field) => field.viewOf.length === 0 && field.headers.length > 0)
  .flatMap(samplesOf)

/** Registers came after Open vSwitch 3.1 that it does not know. */
const isNewer = (match: Match): boolean =>
  Object.keys(match).some((name) => /^reg(1[6-9]|2\d|3[01])$/.test(name))

/**
 * An exact match on all known flags Open vSwitch writes with a mask of these flags; tunnel options `parse-oxm` cannot read
 * without a switch's option table.
 */
const isWrittenAlike = (match: Match): boolean =>
  typeof match.tun_flags !== 'number' &&
  typeof match.ct_state !== 'number' &&
  !Object.keys(match).some((name) => name.startsWith('tun_metadata'))

const samples = all.filter((match) => !isLossy(match) && !isNewer(match))

const flowMod = (match: Match): Uint8Array => {
  const writer = new Writer()
  const body = encode(matchCodec, match)
  writer.u16(0x060e)
  writer.u16(48 + body.length)
  writer.u32(1)
  writer.zeros(22)
  writer.u16(0x8000)
  writer.u32(0xffff_ffff)
  writer.u32(0xffff_ffff)
  writer.u32(0xffff_ffff)
  writer.zeros(4)
  writer.raw(body)
  return writer.finish()
}

/** OXM entries as `ovs-ofctl parse-oxm` writes them. */
const oxmText = (data: Uint8Array): string => {
  const reader = new Reader(data)
  const hex = (size: number): string => Buffer.from(reader.raw(size)).toString('hex')
  const entries: string[] = []
  while (reader.remaining > 0) {
    const { header, masked, size } = readOxmHeader(reader)
    entries.push(masked ? `${header.name}_W(${hex(size)}/${hex(size)})` : `${header.name}(${hex(size)})`)
  }
  return entries.join(', ')
}

const matchesIn = (output: string): string[] =>
  output
    .split('\n')
    .filter((line) => line.includes('FLOW_MOD') || line.startsWith('ovs-ofctl:'))
    .map((line) => line.replace(/^.*ADD (.*?) ?actions=drop$/, '$1').replace(/^table:255 ?/, ''))

describe.skipIf(!isInstalled)('ovs-ofctl', () => {
  it('prints the bytes that we write as the text that we print', () => {
    const printed = matchesIn(ask(['ofp-parse', '-'], Buffer.concat(samples.map(flowMod))))
    expect(printed).toEqual(samples.map(printMatch))
  })

  it('prints what we read as the same match', () => {
    const printed = matchesIn(ask(['ofp-parse', '-'], Buffer.concat(samples.map(flowMod))))
    expect(printed.map(parseMatch)).toEqual(samples)
  })

  it('reads the text that we print', () => {
    const flows = samples.map((match) => `${printMatch(match)},actions=drop\n`).join('')
    expect(matchesIn(ask(['parse-flows', '-'], flows))).toEqual(samples.map(printMatch))
  })

  it('writes the entries that we write', () => {
    const ours = samples.filter(isWrittenAlike).map((match) => oxmText(encode(oxmList, match)) || '<any>')
    expect(
      ask(['parse-oxm', 'OpenFlow15'], `${ours.join('\n')}\n`)
        .trim()
        .split('\n'),
    ).toEqual(ours)
  })
})

describe('all samples', () => {
  it('are the same after writing and reading', () => {
    for (const match of all) expect(decode(oxmList, encode(oxmList, match))).toEqual(match)
  })

  it('are the same after printing and parsing', () => {
    for (const match of all) expect(parseMatch(printMatch(match))).toEqual(match)
  })
})
