/** The field table: one line of text and hex per field that a person can read, bad ones beside good ones, and its manual. */
import { describe, expect, it } from 'vitest'
import { fieldByHeader, fieldByHeaderName, fieldByName, fieldList } from '#openflow/fields.js'
import { fieldsManual } from '#openflow/fields-manual.js'
import { match as matchCodec } from '#openflow/match-codec.js'
import { MatchError } from '#openflow/match-error.js'
import { parseMatch, printMatch } from '#openflow/match-text.js'
import { decode, encode } from '#wire/codec.js'

const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

/** Text of a match, and its ofp_match in OpenFlow 1.5. */
const golden: readonly (readonly [text: string, bytes: string])[] = [
  ['', '0001 0004 00000000'],
  ['in_port=1', '0001 000c 80000004 00000001 00000000'],
  ['in_port=LOCAL', '0001 000c 80000004 fffffffe 00000000'],
  ['dl_vlan=5', '0001 000a 80000c02 1005 000000000000'],
  ['dl_vlan=5,dl_vlan_pcp=3', '0001 000f 80000c02 1005 80000e01 03 00'],
  ['vlan_tci=0x0000/0x1fff', '0001 000a 80000c02 0000 000000000000'],
  ['vlan_tci=0x2000/0xe000', '0001 000c 00000904 2000 e000 00000000'],
  ['dl_dst=01:00:00:00:00:00/01:00:00:00:00:00', '0001 0014 8000070c 010000000000 010000000000 00000000'],
  [
    'tcp,nw_dst=10.0.0.0/8,tp_dst=80',
    '0001 0021 80000a02 0800 80001908 0a000000 ff000000 80001401 06 80001c02 0050 00000000000000',
  ],
  [
    'icmp6,icmp_type=135,nd_target=fe80::1',
    '0001 0028 80000a02 86dd 80001401 3a 80003a01 87 80003e10 fe800000000000000000000000000001',
  ],
  [
    'tun_id=0x2a,tun_src=192.0.2.1,in_port=7',
    '0001 0020 80000004 00000007 80004c08 000000000000002a 00013e04 c0000201',
  ],
  ['reg0=0x1,reg1=0x2/0xff', '0001 0018 80010110 0000000100000002 ffffffff000000ff'],
  ['reg3=0x5', '0001 0018 80010310 0000000000000005 00000000ffffffff'],
  ['ct_state=+est+trk,ct_zone=5', '0001 0016 0001d308 00000022 00000022 0001d402 0005 0000'],
  ['tun_metadata1=0x1234', '0001 000a 00015202 1234 000000000000'],
  ['tun_erspan_idx=0x5', '0001 0010 ffff1608 00002320 00000005'],
  ['dl_type=0x894f,nsh_spi=0x5', '0001 0016 80000a02 894f ffff0808 005ad650 00000005 0000'],
  ['tcp,tcp_flags=+syn-ack', '0001 0017 80000a02 0800 80001401 06 80005504 0002 0012 00'],
  ['metadata=0x5/0xff', '0001 0018 80000510 0000000000000005 00000000000000ff'],
]

/** Bytes that are no match, and the error that a switch would answer. */
const bad: readonly (readonly [what: string, bytes: string, error: string])[] = [
  ['a match of OpenFlow 1.1', '0000 0058', 'OFPBMC_BAD_TYPE'],
  ['a length below the header', '0001 0003 00000000', 'OFPBMC_BAD_LEN'],
  ['a length beyond the bytes', '0001 0010 80000004 00000001', 'OFPBMC_BAD_LEN'],
  ['half a header', '0001 0006 8000 0000', 'OFPBMC_BAD_LEN'],
  ['half a value', '0001 000a 80000004 0001 000000000000', 'OFPBMC_BAD_LEN'],
  ['a value of the wrong size', '0001 000a 80000002 0001 000000000000', 'OFPBMC_BAD_LEN'],
  ['an experimenter header without experimenter', '0001 0008 ffff0000', 'OFPBMC_BAD_LEN'],
  ['an experimenter length below 4', '0001 000c ffff1602 00002320 00000000', 'OFPBMC_BAD_LEN'],
  ['an unknown field', '0001 000c 8000fe04 00000001 00000000', 'OFPBMC_BAD_FIELD'],
  ['a field twice', '0001 0014 80000004 00000001 80000004 00000001 00000000', 'OFPBMC_DUP_FIELD'],
  [
    'a register twice, once in a wide one',
    '0001 0018 00010004 00000001 80010008 0000000000000001',
    'OFPBMC_DUP_FIELD',
  ],
  ['a tag twice, as a whole and by its id', '0001 0010 80000c02 1005 00000802 1005 0000', 'OFPBMC_DUP_FIELD'],
  [
    'value bits outside the mask',
    '0001 0014 8000070c 010000000001 010000000000 00000000',
    'OFPBMC_BAD_WILDCARDS',
  ],
  ['a mask where none may be', '0001 0010 80000108 00000001 0000000f', 'OFPBMC_BAD_MASK'],
  ['an IPv4 address without Ethertype', '0001 000c 80001604 0a000001 00000000', 'OFPBMC_BAD_PREREQ'],
  [
    'a port before its protocol',
    '0001 0015 80000a02 0800 80001c02 0050 80001401 06 000000',
    'OFPBMC_BAD_PREREQ',
  ],
  ['a VLAN id of 14 bits', '0001 000a 80000c02 2005 000000000000', 'OFPBMC_BAD_VALUE'],
  ['a port number that cannot be', '0001 000c 80000004 0000ff00 00000000', 'OFPBMC_BAD_VALUE'],
]

describe('ofp_match', () => {
  it.each(golden)('%s is %s', (text, bytes) => {
    expect(hex(encode(matchCodec, parseMatch(text)))).toBe(hex(unhex(bytes)))
    expect(printMatch(decode(matchCodec, unhex(bytes)))).toBe(text)
  })

  it.each(bad)('%s is refused', (_, bytes, error) => {
    expect(() => decode(matchCodec, unhex(bytes))).toThrow(MatchError)
    expect(() => decode(matchCodec, unhex(bytes))).toThrow(expect.objectContaining({ openflow: error }))
  })
})

describe('the table', () => {
  it('names every header and every field once', () => {
    const headers = fieldList.flatMap((field) => field.headers.map(({ name }) => name))
    const names = fieldList.flatMap(({ name, aliases }) => [name, ...aliases])
    expect(new Set(headers).size).toBe(headers.length)
    expect(new Set(names).size).toBe(names.length)
  })

  it('finds every field by its headers and its names', () => {
    for (const field of fieldList) {
      for (const header of field.headers) {
        expect(fieldByHeaderName(header.name)?.field).toBe(field)
        expect(fieldByHeader(header.oxmClass * 128 + header.number, header.experimenter)?.field).toBe(field)
      }
      for (const name of [field.name, ...field.aliases]) expect(fieldByName(name)).toBe(field)
    }
  })

  it('is what the manual says; `npx vitest run -u` prints it anew', async () => {
    await expect(fieldsManual()).toMatchFileSnapshot('../../docs/openflow-fields.md')
  })
})
