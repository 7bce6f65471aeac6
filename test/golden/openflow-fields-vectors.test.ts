/**
 * OXM and NXM entries judged by Open vSwitch's own tests: `../shared/vectors/openflow/ovs-oxm.json`. What it accepts we read
 * as the same match, what it refuses we refuse with the same error, and in OpenFlow 1.5 we write the bytes that it writes.
 * Skipped where the folder with the vectors is not there.
 */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fieldByHeaderName } from '#openflow/fields.js'
import { match, oxmListWith } from '#openflow/match-codec.js'
import { MatchError } from '#openflow/match-error.js'
import { decode, encode, u32 } from '#wire/codec.js'
import { Writer } from '#wire/writer.js'

interface Vector {
  readonly source: string
  readonly format: 'NXM' | 'OXM'
  readonly version: string
  readonly strict: boolean
  readonly input: string
  readonly expected?: string
  readonly expect_error?: string
  readonly ofp_match_hex?: string
}

/**
 * Where we read something else than Open vSwitch, and mean to: it turns an exact match on three ERSPAN fields into a mask
 * of the bits that are set, and takes a VLAN id with an empty mask for a match on Ethernet.
 */
const readAsWritten = /^NXOXM_ET_ERSPAN_(VER|DIR|HWID)\(|^OXM_OF_VLAN_VID_W\(0000\/0000\)/

/** The cookie as a match field belongs to Nicira's flow_mod of OpenFlow 1.0, which we do not speak. */
const isOurs = ({ input }: Vector): boolean => !input.startsWith('NXM_NX_COOKIE')

const file = new URL('../../../shared/vectors/openflow/ovs-oxm.json', import.meta.url)
const vectors: Vector[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).filter(isOurs) : []

const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')

/** `NXM_OF_IN_PORT(0001), 01020304(1111/3333)` as bytes: names are headers, hexadecimal is a header as it is. */
const bytesOf = (text: string): Uint8Array => {
  const writer = new Writer()
  for (const [, name = '', value = '', mask] of text
    .replace(/#.*/, '')
    .matchAll(/(\w+)\(([0-9a-fA-F]+)(?:\/([0-9a-fA-F]+))?\)/g)) {
    const named = fieldByHeaderName(name.replace(/_W$/, ''))
    const payload = Buffer.from(value + (mask ?? ''), 'hex')
    if (named === undefined) writer.raw(Buffer.from(name, 'hex'))
    else {
      const { oxmClass, number, experimenter } = named.header
      const length = payload.length + (experimenter === undefined ? 0 : 4)
      writer.u32(((oxmClass << 16) | (number << 9) | (mask === undefined ? 0 : 0x100) | length) >>> 0)
      if (experimenter !== undefined) u32.write(writer, experimenter)
    }
    writer.raw(payload)
  }
  return writer.finish()
}

const codecOf = (vector: Vector) => oxmListWith({ strict: vector.strict })

describe.skipIf(vectors.length === 0)('the vectors of Open vSwitch', () => {
  it.each(vectors.filter((v) => v.expected !== undefined))(
    '$version $input is read as $expected',
    (vector) => {
      const expected = readAsWritten.test(vector.input) ? vector.input : (vector.expected ?? '')
      const read = decode(codecOf(vector), bytesOf(vector.input.replace('<any>', '')))
      expect(read).toEqual(decode(codecOf(vector), bytesOf(expected.replace('<any>', ''))))
      const written = encode(codecOf(vector), read)
      expect(decode(codecOf(vector), written)).toEqual(read)
      if (vector.version === '1.5') expect(hex(written)).toBe(hex(bytesOf(expected)))
    },
  )

  it.each(vectors.filter((v) => v.expect_error !== undefined))(
    '$version $input is $expect_error',
    (vector) => {
      const read = (): unknown => decode(codecOf(vector), bytesOf(vector.input))
      expect(read).toThrow(MatchError)
      expect(read).toThrow(vector.expect_error)
    },
  )

  it.each(vectors.filter((v) => v.ofp_match_hex !== undefined))('ofp_match $ofp_match_hex', (vector) => {
    const data = Buffer.from(vector.ofp_match_hex ?? '', 'hex')
    const read = decode(match, data)
    expect(decode(match, encode(match, read))).toEqual(read)
    expect(read).toEqual(decode(codecOf(vector), bytesOf(vector.expected ?? '')))
  })
})
