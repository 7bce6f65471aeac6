/**
 * LISP addresses that we write, read by tshark: the addresses within and the numbers beside them. The LCAFs that tshark 4.0
 * does not read are left out by name.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Address } from '#lisp/address.js'
import { parseAddress, printAddress } from '#lisp/address-text.js'
import { encodeMessage } from '#lisp/messages.js'
import { goldenBlocks } from '../golden/lisp/golden-blocks.js'
import { bit, type Fields, hex, leaves, octets, readWithTshark } from './support/tshark.js'

/** Numbers of LCAFs under tshark's names; addresses are compared for all. */
const lcafFields = (address: Address): Fields => {
  switch (address.family) {
    case 'instance-id':
      return { 'lisp.lcaf.iid': [String(address.iid)], 'lisp.lcaf.res2': [hex(address.iidLength, 2)] }
    case 'as-number':
      return { 'lisp.lcaf.asn': [String(address.asn)] }
    case 'geo':
      return {
        'lisp.lcaf.geo.lat.deg': [String(address.latitude.degrees)],
        'lisp.lcaf.geo.lat.min': [String(address.latitude.minutes)],
        'lisp.lcaf.geo.lat.sec': [String(address.latitude.seconds)],
        'lisp.lcaf.geo.lon.deg': [String(address.longitude.degrees)],
        'lisp.lcaf.geo.lon.min': [String(address.longitude.minutes)],
        'lisp.lcaf.geo.lon.sec': [String(address.longitude.seconds)],
      }
    case 'nat-traversal':
      return {
        'lisp.lcaf.natt.msport': [String(address.msPort)],
        'lisp.lcaf.natt.etrport': [String(address.etrPort)],
      }
    case 'nonce-locator':
      return { 'lisp.lcaf.nonce_loc': [hex(address.nonce, 6)] }
    case 'multicast-info':
      return {
        'lisp.lcaf.mcinfo_iid': [String(address.iid)],
        'lisp.lcaf.mcinfo.src.masklen': [String(address.sourceLength)],
        'lisp.lcaf.mcinfo.grp.masklen': [String(address.groupLength)],
      }
    case 'explicit-path':
      return { 'lisp.lcaf_elp_hop.flags.strict': address.hops.map(({ flags }) => bit(flags.strict)) }
    case 'source-dest':
      return {
        'lisp.lcaf.srcdst.src.masklen': [String(address.sourceLength)],
        'lisp.lcaf.srcdst.dst.masklen': [String(address.destLength)],
      }
    case 'replication-list':
      return { 'lisp.lcaf.rle_entry.level': address.entries.map(({ level }) => String(level)) }
    case 'vendor':
      return {
        'lisp.lcaf.vendor.oui': [hex(address.oui, 6)],
        'lisp.lcaf.vendor.data': [octets(address.data)],
      }
    default:
      return {}
  }
}

/** tshark reads names as UTF-8, of which we write ASCII. */
const asciiOf = (name: string): string => name.replace(/[\x80-\xff]/g, '\ufffd')

describe('an address, read by tshark', () => {
  const file = new URL('../golden/lisp/addresses.txt', import.meta.url)
  const golden = goldenBlocks(readFileSync(file, 'utf8')).map(({ name, text }) => ({
    name,
    address: parseAddress(text),
  }))
  /** tshark has no reader for these LCAFs and skips their bytes; EUI-64s stop it. */
  const skipped = new Set<string>([
    'application-data',
    'opaque-key',
    'security-key',
    'json',
    'encapsulation',
    'service-path',
    'lcaf',
    'eui64',
  ])
  const readable = golden.filter(({ address }) => !skipped.has(address.family))
  const seen = readWithTshark(
    readable.map(({ address: eid }) =>
      encodeMessage({
        type: 'map-reply',
        flags: {},
        nonce: 1n,
        records: [
          { ttl: 1, maskLength: 0, action: 'drop', authoritative: false, mapVersion: 0, eid, locators: [] },
        ],
      }),
    ),
  )

  it.each(readable.map((one, index) => ({ ...one, index })))('$name', ({ address, index }) => {
    const found = seen[index] ?? expect.fail('no packet')
    const plain = Object.entries(found)
      .filter(([name]) => /^lisp\..*\.(ipv4|ipv6|mac|dn)$/.test(name))
      .flatMap(([, values]) => values)
    const expected = leaves(address).map((leaf) =>
      leaf.family === 'name' ? asciiOf(leaf.value) : printAddress(leaf).replace(/^802:/, ''),
    )
    expect(plain.toSorted()).toEqual(expected.toSorted())
    // Behind them stand those of addresses within.
    for (const [name, values] of Object.entries(lcafFields(address)))
      expect(found[name]?.slice(0, values.length), name).toEqual(values)
    const complaints = found['_ws.expert.message'] ?? []
    expect(complaints.filter((text) => !text.startsWith("Look up the vendor's OUI"))).toEqual([])
  })
})
