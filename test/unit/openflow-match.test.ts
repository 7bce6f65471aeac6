/**
 * Matches as values: one canonical form, one key. Properties over random matches of all fields, and noise: whatever bytes
 * or characters come, the answer is a match or the typed error.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drop, gotoTable, output } from '#openflow/actions.js'
import { parseIpv6, parseMac, printIpv6, printMac } from '#openflow/address-text.js'
import { OpenFlowError } from '#openflow/errors.js'
import { type Field, fieldList } from '#openflow/fields.js'
import type { Flow } from '#openflow/flow.js'
import { defaultPriority, parseFlow, printFlow } from '#openflow/flow-text.js'
import { type AnyConstraint, canonicalMatch, type Match } from '#openflow/match.js'
import { matchWith, oxmListWith } from '#openflow/match-codec.js'
import { matchFromKey, matchKey } from '#openflow/match-key.js'
import { parseMatch, printMatch } from '#openflow/match-text.js'
import { meets } from '#openflow/prerequisites.js'
import { fitsField } from '#openflow/value-rules.js'
import { decode, encode } from '#wire/codec.js'
import { WireError } from '#wire/error.js'

const strict = matchWith({ strict: true })
const loose = matchWith({ strict: false })

const own = (field: Field, value: bigint): number | bigint => (field.wide ? value : Number(value))

const bits = (field: Field): fc.Arbitrary<bigint> =>
  fc.oneof(
    fc.constantFrom(0n, 1n, field.ones),
    fc.bigInt({ min: 0n, max: field.variable ? 0xffff_ffffn : field.ones }),
  )

const constraint = (field: Field): fc.Arbitrary<AnyConstraint> => {
  const exact = bits(field).map((value): AnyConstraint => own(field, value))
  if (!field.maskable) return exact
  const masked = fc
    .tuple(bits(field), bits(field))
    .map(([value, mask]) => ({ value: own(field, value & mask), mask: own(field, mask) }))
  return fc.oneof(exact, masked)
}

/** Values that lead somewhere: protocols under which other fields exist. */
const steering: fc.Arbitrary<Match> = fc.constantFrom<Match[]>(
  {},
  { eth_type: 0x0800 },
  { eth_type: 0x0800, nw_proto: 6 },
  { eth_type: 0x86dd, nw_proto: 17 },
  { eth_type: 0x86dd, nw_proto: 58, icmpv6_type: 135 },
  { eth_type: 0x0800, nw_proto: 1 },
  { eth_type: 0x0806 },
  { eth_type: 0x8847 },
  { eth_type: 0x894f },
  { packet_type: 0x1_0800 },
  { vlan_vid: 0x1005, vlan_pcp: 3 },
)

const valuePart = (each: AnyConstraint): number | bigint => (typeof each === 'object' ? each.value : each)

/** Two masks of `ip_frag` describe packets for which text has a word with another mask. */
const isTwin = (field: Field, each: AnyConstraint): boolean =>
  field.name === 'ip_frag' &&
  typeof each === 'object' &&
  (each.mask === 2 ? each.value === 2 : each.mask === 1 && each.value === 0)

/** Leaves out what the rest of the match does not allow, and what names the same bits again. */
const legal = (match: Record<string, AnyConstraint>): Match => {
  const kept: Record<string, AnyConstraint> = {}
  const taken = new Set<string>()
  for (const field of fieldList) {
    const each = match[field.name]
    if (each === undefined || isTwin(field, each) || field.headers.length === 0) continue
    const bits = [field.name, ...field.viewOf]
    if (!fitsField(field, valuePart(each)) || bits.some((name) => taken.has(name))) continue
    if (!meets(kept, field.needs)) continue
    kept[field.name] = each
    for (const name of bits) taken.add(name)
  }
  return canonicalMatch(kept)
}

const anyMatch: fc.Arbitrary<Match> = fc
  .tuple(
    fc
      .uniqueArray(fc.constantFrom(...fieldList), { maxLength: 12 })
      .chain((chosen) =>
        fc.tuple(...chosen.map((field) => constraint(field).map((c) => [field.name, c] as const))),
      ),
    steering,
  )
  .map(([entries, steered]) => legal({ ...Object.fromEntries(entries), ...steered }))

describe('canonicalMatch', () => {
  it.each<[string, Match, Match]>([
    ['a full mask is the bare value', { reg0: { value: 5, mask: 0xffff_ffff } }, { reg0: 5 }],
    ['an empty mask says nothing', { reg0: { value: 5, mask: 0 } }, {}],
    [
      'value bits outside the mask are cleared',
      { reg0: { value: 0xff, mask: 0xf } },
      { reg0: { value: 0xf, mask: 0xf } },
    ],
    ['a wide register is two', { xreg0: 0x1_0000_0002n }, { reg0: 1, reg1: 2 }],
    ['half a wide register is one', { xreg0: { value: 2n, mask: 0xffff_ffffn } }, { reg1: 2 }],
    ['a VLAN id of OpenFlow 1.0', { dl_vlan: 5 }, { vlan_vid: 0x1005 }],
    ['no VLAN, of OpenFlow 1.0', { dl_vlan: 0xffff }, { vlan_vid: 0 }],
    ['a priority needs a tag', { vlan_pcp: 3 }, { vlan_vid: { value: 0x1000, mask: 0x1000 }, vlan_pcp: 3 }],
    ['a tag as a whole', { vlan_tci: 0x7005 }, { vlan_vid: 0x1005, vlan_pcp: 3 }],
    [
      'part of a priority',
      { vlan_tci: { value: 0x2000, mask: 0x2000 } },
      { vlan_tci: { value: 0x2000, mask: 0x2000 } },
    ],
    ['ToS is DSCP', { eth_type: 0x800, nw_tos: 32 }, { eth_type: 0x800, ip_dscp: 8 }],
    ['Ethernet goes without saying', { packet_type: 0, eth_type: 0x800 }, { eth_type: 0x800 }],
    ['Ethernet alone does not', { packet_type: 0 }, { packet_type: 0 }],
    ['the port of OpenFlow 1.2', { in_port_oxm: 0xffff_fffe }, { in_port: 0xffff_fffe }],
  ])('%s', (_, written, canonical) => {
    expect(canonicalMatch(written)).toEqual(canonical)
    expect(matchKey(written)).toBe(matchKey(canonical))
    expect(matchFromKey(matchKey(written))).toEqual(canonical)
  })

  it('refuses what is no field and what contradicts itself', () => {
    expect(() => canonicalMatch({ __proto__: null, nosuch: 1 } as Match)).toThrow('nosuch')
    expect(() => canonicalMatch(JSON.parse('{"__proto__": 1}'))).toThrow('__proto__')
    expect(() => matchKey(JSON.parse('{"constructor": 1}'))).toThrow('constructor')
    expect(() => canonicalMatch({ dl_vlan: 5, vlan_vid: 0x1006 })).toThrow('contradict')
    expect(() => canonicalMatch({ reg0: 1, xreg0: 5n })).toThrow('reg0 under two names')
    expect(() => canonicalMatch({ vlan_vid: 0x3005 })).toThrow('vlan_vid cannot be 12293')
    expect(() => canonicalMatch({ reg0: -1 })).toThrow('reg0 cannot be -1')
    expect(() => canonicalMatch({ reg0: Number.NaN })).toThrow('reg0 cannot be NaN')
    expect(() => canonicalMatch({ eth_src: 1n << 48n })).toThrow('eth_src cannot be')
  })

  it('is the same a second time, in any order', () => {
    fc.assert(
      fc.property(anyMatch, (match) => {
        const reversed = Object.fromEntries(Object.entries(match).reverse()) as Match
        expect(canonicalMatch(reversed)).toEqual(match)
        expect(Object.keys(canonicalMatch(reversed))).toEqual(Object.keys(match))
        expect(matchKey(reversed)).toBe(matchKey(match))
      }),
    )
  })
})

describe('matchKey', () => {
  it('is the same for equal matches only', () => {
    fc.assert(
      fc.property(anyMatch, anyMatch, (a, b) => {
        expect(matchFromKey(matchKey(a))).toEqual(a)
        const equal = JSON.stringify(a, show) === JSON.stringify(b, show)
        expect(matchKey(a) === matchKey(b)).toBe(equal)
      }),
    )
  })
})

const show = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value)

describe('a random match', () => {
  it('is the same after writing and reading', () => {
    fc.assert(
      fc.property(anyMatch, (match) => {
        const bytes = encode(strict, match)
        expect(bytes.length % 8).toBe(0)
        expect(decode(strict, bytes)).toEqual(match)
        expect(encode(strict, decode(strict, bytes))).toEqual(bytes)
      }),
    )
  })

  it('is the same after printing and parsing', () => {
    fc.assert(
      fc.property(anyMatch, (match) => {
        const text = printMatch(match)
        expect(parseMatch(text)).toEqual(match)
        expect(printMatch(parseMatch(text))).toBe(text)
      }),
    )
  })
})

describe('a random flow', () => {
  const small = fc.integer({ min: 1, max: 0xffff })
  const flow = fc.record<Flow>(
    {
      table: fc.integer({ min: 0, max: 254 }),
      priority: fc.oneof(fc.constant(defaultPriority), fc.integer({ min: 0, max: 0xffff })),
      cookie: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      match: anyMatch,
      actions: fc.constantFrom(drop, [output(5)], [output(1), output(2)], [gotoTable(7)]),
      idleTimeout: small,
      hardTimeout: small,
      importance: small,
      flags: fc.constantFrom<Flow['flags'] & object>(['send_flow_rem'], ['check_overlap', 'no_byte_counts']),
    },
    { requiredKeys: ['table', 'priority', 'cookie', 'match', 'actions'] },
  )

  it('is the same after printing and parsing', () => {
    fc.assert(
      fc.property(flow, (each) => {
        expect(parseFlow(printFlow(each))).toEqual(each)
      }),
    )
  })
})

describe('noise', () => {
  const isTyped = (attempt: () => unknown, kind: new (...args: never[]) => Error): boolean => {
    try {
      attempt()
      return true
    } catch (error) {
      return error instanceof kind
    }
  }

  it('in bytes ends in a match or a wire error', () => {
    const mutation = fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 }), fc.nat(400))
    fc.assert(
      fc.property(anyMatch, fc.array(mutation, { maxLength: 4 }), fc.boolean(), (match, mutations, cut) => {
        let bytes = encode(strict, match)
        for (const [at, value, length] of mutations) {
          if (at < bytes.length) bytes[at] = value
          if (cut) bytes = bytes.slice(0, length)
        }
        for (const codec of [strict, loose, oxmListWith({ strict: true }), oxmListWith({ strict: false })])
          expect(isTyped(() => encode(codec, decode(codec, bytes)), WireError)).toBe(true)
      }),
      { numRuns: 400 },
    )
  })

  it('in text ends in a match or a text error', () => {
    const words = fc.constantFrom(...fieldList.map(({ name }) => name), 'tcp', 'ip', 'arp', 'eth', 'icmp6')
    const values = fc.constantFrom(
      '1',
      '0x10/0xf0',
      '1.2.3.4/8',
      'fe80::1',
      '*',
      '+est-trk',
      '',
      '01:02:03:04:05:06/7',
    )
    const pair = fc.oneof(
      words,
      fc.tuple(words, values).map(([word, value]) => `${word}=${value}`),
      fc.string({ maxLength: 12 }),
    )
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 6 }), (pairs) => {
        expect(isTyped(() => parseMatch(pairs.join(',')), OpenFlowError)).toBe(true)
      }),
      { numRuns: 400 },
    )
  })
})

describe('addresses', () => {
  it.each([
    ['::', 0n],
    ['::1', 1n],
    ['2001:db8::1', 0x2001_0db8_0000_0000_0000_0000_0000_0001n],
    ['::ffff:10.0.0.1', 0xffff_0a00_0001n],
    ['1:0:0:2::3', 0x1_0000_0000_0002_0000_0000_0000_0003n],
    ['1:2:3:4:5:6:7:0', 0x1_0002_0003_0004_0005_0006_0007_0000n],
  ])('%s', (text, address) => {
    expect(parseIpv6(text)).toBe(address)
    expect(printIpv6(address)).toBe(text)
  })

  it.each([
    '',
    ':',
    ':::',
    '1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '12345::',
    'g::',
    '::1%eth0',
  ])('%s is no IPv6 address', (text) => {
    expect(() => parseIpv6(text)).toThrow('no IPv6 address')
  })

  it('are the same after printing and parsing', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (address) => {
        expect(parseIpv6(printIpv6(address))).toBe(address)
        expect(parseMac(printMac(address & 0xffff_ffff_ffffn))).toBe(address & 0xffff_ffff_ffffn)
      }),
    )
  })
})
