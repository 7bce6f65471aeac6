/**
 * Messages judged by other projects: Ryu's OpenFlow 1.5 captures (`../shared/vectors/openflow/ryu-of15.json`, with what
 * ovs-ofctl 3.1 prints for each) and Open vSwitch's tests of errors and hellos (`ovs-errors-hello.json`). Skipped where the
 * folder with the vectors is not there.
 */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { offeredVersions } from '#openflow/channel/handshake.js'
import { decodeMessage, encodeMessage } from '#openflow/messages.js'
import { type PeerErrorName, peerErrors } from '#openflow/peer-errors.js'
import { printBytes } from '#openflow/print.js'

interface Capture {
  readonly name: string
  readonly hex: string
  readonly ovs_verdict: string
  readonly ovs_print: string
}

interface Vector {
  readonly kind: 'error-codes' | 'encode-error-reply' | 'encode-hello'
  readonly source: string
  readonly hex: string
  readonly error: PeerErrorName
  readonly request_hex: string
  readonly codes: readonly { readonly version: string; readonly type: number; readonly code: number }[]
  readonly versions_bitmap: string
}

const read = <T>(name: string): readonly T[] => {
  const file = new URL(`../../../shared/vectors/openflow/${name}`, import.meta.url)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
}
const captures = read<Capture>('ryu-of15.json')
const vectors = read<Vector>('ovs-errors-hello.json')
const bytesOf = (hex: string): Uint8Array => Buffer.from(hex, 'hex')

/** Not what their headers say: 8 bytes too many, and an instruction 2,056 bytes long. */
const broken = /meter_features_reply|flow_desc_reply/

/** `load:0` of learn() is for the text of actions, not for that of messages. */
const normal = (text: string): string => text.trimEnd()

describe.skipIf(captures.length === 0)('Ryu’s captures', () => {
  const readable = captures.filter(({ name }) => !broken.test(name))
  it('are all there', () => expect(captures).toHaveLength(77))

  it.each(readable)('$name is read and written back as it was', ({ hex }) => {
    const { message, xid } = decodeMessage(bytesOf(hex))
    expect(Buffer.from(encodeMessage(message, xid)).toString('hex')).toBe(hex)
  })

  it.each(captures.filter(({ name }) => broken.test(name)))('$name is refused', ({ hex }) => {
    expect(() => decodeMessage(bytesOf(hex))).toThrow(/left over|OFPBIC_BAD_LEN/)
  })

  /** Open vSwitch looks for bit 2 of the configuration in the wrong byte and says that eviction is off. */
  const printed = readable.filter(
    ({ name, ovs_verdict }) => ovs_verdict === 'ok' && !name.endsWith('table_mod'),
  )
  it.each(printed)('$name is printed as Open vSwitch prints it', ({ hex, ovs_print }) => {
    expect(normal(printBytes(bytesOf(hex)))).toBe(normal(ovs_print))
  })
})

describe.skipIf(vectors.length === 0)('Open vSwitch’s tests', () => {
  it('are all there', () => expect(vectors).toHaveLength(22))

  it.each(vectors.filter(({ kind }) => kind === 'error-codes'))(
    '$error has its numbers',
    ({ error, codes }) => {
      const { type, code } = codes.find(({ version }) => version === '1.5') ?? expect.fail('no 1.5')
      expect(peerErrors[error].slice(0, 2)).toEqual([type, code])
    },
  )

  it.each(vectors.filter(({ kind }) => kind === 'encode-hello'))('a hello of $versions_bitmap', (vector) => {
    const { version, message } = decodeMessage(bytesOf(vector.hex))
    const bitmap = Number(vector.versions_bitmap)
    const expected = [1, 2, 3, 4, 5].filter((bit) => ((bitmap >>> bit) & 1) === 1)
    expect(message.type === 'hello' && offeredVersions(version, message)).toEqual(expected)
  })

  /** Errors of OpenFlow 1.0 and 1.1 are numbered otherwise; from 1.2 on their layout is that of 1.5. */
  const replies = vectors.filter(
    ({ kind, hex }) => kind === 'encode-error-reply' && Number.parseInt(hex.slice(0, 2), 16) >= 3,
  )
  it.each(replies)('$error in $hex', ({ hex, error, request_hex }) => {
    const { message } = decodeMessage(bytesOf(hex))
    if (message.type !== 'error') expect.fail(message.type)
    expect(Buffer.from(message.error.data).toString('hex')).toBe(request_hex)
    const [type, code, experimenter] = peerErrors[error]
    const ours = { type, code, ...(experimenter === undefined ? {} : { experimenter }) }
    if (hex.startsWith('05') || experimenter !== undefined || message.error.name !== undefined) {
      expect(message.error).toMatchObject({ name: error, ...ours })
    }
  })
})
