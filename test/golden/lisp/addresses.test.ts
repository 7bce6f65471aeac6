/** Addresses of every family, two ways: the bytes and the text of addresses.txt; and text that is no address. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Address, address } from '#lisp/address.js'
import { parseAddress, printAddress } from '#lisp/address-text.js'
import { LispError } from '#lisp/errors.js'
import { decode, encode } from '#wire/codec.js'
import { goldenBlocks } from './golden-blocks.js'

const golden = goldenBlocks(readFileSync(new URL('addresses.txt', import.meta.url), 'utf8'))

/** Every family: adding one without a golden case is an error of the types here. */
const families: Readonly<Record<Address['family'], true>> = {
  none: true,
  ipv4: true,
  ipv6: true,
  mac: true,
  'mac-802': true,
  eui64: true,
  name: true,
  'afi-list': true,
  'instance-id': true,
  'as-number': true,
  'application-data': true,
  geo: true,
  'opaque-key': true,
  'nat-traversal': true,
  'nonce-locator': true,
  'multicast-info': true,
  'explicit-path': true,
  'security-key': true,
  'source-dest': true,
  'replication-list': true,
  json: true,
  'key-value': true,
  encapsulation: true,
  'service-path': true,
  vendor: true,
  lcaf: true,
}

describe('an address', () => {
  it.each(golden)('$name', ({ hex, text }) => {
    const value = decode(address, Uint8Array.from(Buffer.from(hex, 'hex')))
    expect(printAddress(value)).toBe(text)
    expect(parseAddress(text)).toEqual(value)
    expect(Buffer.from(encode(address, value)).toString('hex')).toBe(hex)
  })

  it('is golden, whatever its family', () => {
    const found = new Set(golden.map(({ text }) => parseAddress(text).family))
    expect(Object.keys(families).filter((family) => !found.has(family as Address['family']))).toEqual([])
  })

  it.each([
    // draft-ietf-lisp-geo: degrees with milliseconds, radius and uncertainty beside them.
    ['geo', '40030000 0500 001a c0000000 0030 00000001 0010 00000002 000000ab 0000 0000 0000'],
    // lispers.net: a name behind each entry.
    ['replication list', '40030000 0d00 0011 00000000 0001 c0000201 0011 727472 3100'],
    // A count that lies.
    ['security key', '40030000 0b00 0006 ff00 0100 0000'],
  ])('of a form that is not in RFC 8060 is kept as it came: %s', (_, text) => {
    const data = Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
    const value = decode(address, data)
    expect(value.family).toBe('lcaf')
    expect(encode(address, value)).toEqual(data)
    expect(parseAddress(printAddress(value))).toEqual(value)
  })

  it('may leave out the address of JSON', () => {
    const value = decode(address, Buffer.from('40030000 0e00 0004 0002 7b7d'.replaceAll(' ', ''), 'hex'))
    expect(printAddress(value)).toBe('json(flags=-,json="{}",address=none)')
  })
})

const bad: readonly (readonly [text: string, reason: string])[] = [
  ['', 'an address is expected, at character 1'],
  ['10.0.0', '10.0.0 is no address'],
  ['10.0.0.256', 'is no address'],
  ['2001:db8:::1', 'is no address'],
  ['02:00:00:00:00', 'is no address'],
  ['fe80::1%eth0', 'more than an address'],
  ['10.0.0.1 ', 'more than an address, at character 9'],
  ['[100', '] is expected, at character 5'],
  ['[4294967296]10.0.0.1', '4294967296 is not in 0..4294967295'],
  ['"a', 'a text in quotes is expected'],
  ['"\\x"', 'the text in quotes is not one of JSON'],
  ['"\u20ac"', 'a character that is no byte'],
  ['as-number(asn=1)', ',address= is expected, at character 16'],
  ['as-number(address=10.0.0.1,asn=1)', 'asn= is expected'],
  ['geo(latitude=1:2:3X,longitude=1:2:3E,altitude=0,address=none)', 'S is expected'],
  ['encapsulation(formats=ipsec,address=none)', 'ipsec is not one of lisp'],
  ['opaque-key(fieldsMinusOne=0,wildcards=0,key=012)', ') is expected'],
  [`${'[1]'.repeat(9)}none`, 'nested more than 8 deep'],
]

describe('no address', () => {
  it.each(bad)('%s', (text, reason) => {
    expect(() => parseAddress(text)).toThrow(LispError)
    expect(() => parseAddress(text)).toThrow(reason)
  })
})
