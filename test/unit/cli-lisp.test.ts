/** `heddle lisp decode`: messages from digits, lines and captures to text and JSON. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseEid } from '#lisp/address-text.js'
import { eidFields } from '#lisp/eid.js'
import { encodeMessage } from '#lisp/messages.js'
import { heddle } from './cli-support.js'

const folder = mkdtempSync(join(tmpdir(), 'heddle-lisp-'))
afterAll(() => rmSync(folder, { recursive: true }))

const itr = { family: 'ipv4', value: 0xc0000209 } as const
const server = { family: 'ipv4', value: 0xc0000201 } as const
const request = encodeMessage({
  type: 'map-request',
  flags: { smrInvoked: true },
  nonce: 0x2an,
  sourceEid: { family: 'none' },
  itrRlocs: [itr],
  records: [{ ...eidFields(parseEid('[100]10.1.1.7/32')), notify: true }],
  xtr: { xtrId: 1n, siteId: 2n },
})
const inner = { source: itr, dest: server, sourcePort: 5000, destPort: 4342, ttl: 64, payload: request }
const encapsulated = encodeMessage({ type: 'encapsulated', flags: {}, inner })
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')

const text = `Map-Request nonce 0x000000000000002a, smr-invoked
  source EID none
  ITR-RLOC 192.0.2.9
  EID [100]10.1.1.7/32, notify
  xTR-ID 0x00000000000000000000000000000001, Site-ID 0x0000000000000002
`

/** A pcap file (link type 101: IP packets) of one datagram, from port 4342. */
const capture = (payload: Uint8Array): Buffer => {
  const message = encodeMessage({
    type: 'encapsulated',
    flags: {},
    inner: { ...inner, sourcePort: 4342, payload },
  })
  const packet = message.subarray(4)
  const head = Buffer.alloc(40)
  head.writeUInt32LE(0xa1b2c3d4, 0)
  head.writeUInt16LE(2, 4)
  head.writeUInt16LE(4, 6)
  head.writeUInt32LE(65_535, 16)
  head.writeUInt32LE(101, 20)
  head.writeUInt32LE(packet.length, 32)
  head.writeUInt32LE(packet.length, 36)
  return Buffer.concat([head, packet])
}

describe('heddle lisp decode', () => {
  it.each([
    ['digits', hex(request)],
    ['digits as captures have them', `0x${hex(request).replace(/../g, '$&:').slice(0, -1).toUpperCase()}`],
    ['digits in groups', hex(request).replace(/.{8}/g, '$& ')],
  ])('reads %s', async (_form, digits) => {
    expect(await heddle(['lisp', 'decode', ...digits.trim().split(' ')])).toEqual({
      code: 0,
      out: text,
      err: '',
    })
  })

  it('prints JSON: addresses as text, big numbers as digits, messages within messages', async () => {
    const { code, out } = await heddle(['lisp', 'decode', hex(encapsulated), '-o', 'json'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject([
      {
        message: {
          type: 'encapsulated',
          inner: { source: '192.0.2.9', dest: '192.0.2.1', checksums: 'right' },
          message: {
            type: 'map-request',
            nonce: '0x2a',
            sourceEid: 'none',
            itrRlocs: ['192.0.2.9'],
            records: [{ eid: '[100]10.1.1.7', maskLength: 32, notify: true }],
            xtr: { xtrId: '0x1', siteId: '0x2' },
          },
        },
      },
    ])
  })

  it('reads a capture from a file and from standard input', async () => {
    const path = join(folder, 'routers.pcap')
    writeFileSync(path, capture(request))
    const { code, out } = await heddle(['lisp', 'decode', path])
    const indented = text.replace(/^(?=.)/gm, '  ')
    expect({ code, out }).toEqual({ code: 0, out: `packet 1: 192.0.2.9:4342 > 192.0.2.1:4342\n${indented}` })
    const json = await heddle(['lisp', 'decode', path, '--output', 'json'])
    expect(JSON.parse(json.out)).toMatchObject([
      { packet: 1, from: '192.0.2.9:4342', message: { nonce: '0x2a' } },
    ])
  })

  it('reads a message a line, tells of those that are none, and fails in the end', async () => {
    const stdin = [`# from a log\n${hex(request)}\n`, `\n10000001\n`]
    const { code, out, err } = await heddle('lisp decode -', { stdin })
    expect(code).toBe(1)
    expect(out).toContain('line 2\n  Map-Request nonce')
    expect(out).toContain('line 4\n  no message (')
    expect(err).toMatch(/^heddle: 1 message of 2 could not be read\n.*line 4: map-request/)
  })

  it.each([
    ['abc', 1, /half a byte is missing/],
    ['no/such/file', 2, /no\/such\/file is no hexadecimal digits, and as a file: ENOENT/],
    ['f000', 1, /1 message of 1 could not be read\n.*message type 15/],
    ['one two', 2, /one file at a time/],
  ])('%s is refused', async (words, code, message) => {
    const ran = await heddle(`lisp decode ${words}`)
    expect(ran.code).toBe(code)
    expect(ran.err).toMatch(message)
  })

  it('wants something to read', async () => {
    const ran = await heddle('lisp decode')
    expect(ran).toEqual({ code: 2, out: '', err: 'heddle: there is no LISP message in it\n' })
  })

  it('shows text of others without what would steer a terminal', async () => {
    const name = { family: 'name', value: '\u001b[31mred' } as const
    const reply = encodeMessage({
      type: 'map-request',
      flags: {},
      nonce: 1n,
      sourceEid: name,
      itrRlocs: [itr],
      records: [],
    })
    expect((await heddle(['lisp', 'decode', hex(reply)])).out).not.toContain('\u001b')
  })
})
