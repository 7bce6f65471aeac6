/**
 * LISP messages that we write, read by tshark: every field that it shows is compared with ours, in its order. What
 * tshark 4.0 does not read (Map-Notify-Ack, LCAFs as ITR-RLOCs, EUI-64, signatures) is left out by name.
 */
import { describe, expect, it } from 'vitest'
import { decodeMessage, encodeMessage } from '#lisp/messages.js'
import { cases } from '../golden/lisp/message-cases.js'
import { expectedFields } from './support/lisp-fields.js'
import { readWithTshark } from './support/tshark.js'

/** Messages of which tshark reads only the beginning. */
const unreadable =
  /end of a subscription|every flag, several ITR-RLOCs|everything that can be an EID|signed|map-notify-ack/

describe('a message, read by tshark', () => {
  const entries = Object.entries(cases)
  const seen = readWithTshark(entries.map(([, message]) => encodeMessage(message)))

  it.each(entries.map(([name, message], index) => ({ name, message, index })))('$name', (one) => {
    const found = seen[one.index] ?? expect.fail('no packet')
    const expected = expectedFields(one.message)
    const absent = Object.entries(expected).filter(([, values]) => values.length === 0)
    if (!unreadable.test(one.name)) {
      for (const [name] of absent) expect(found[name], name).toBeUndefined()
      expect(found).toMatchObject(
        Object.fromEntries(Object.entries(expected).filter(([, v]) => v.length > 0)),
      )
      expect(found['_ws.expert.message']).toBeUndefined()
    } else expect(found['lisp.type']).toEqual(expected['lisp.type'])
    expect(new Set(found['ip.checksum.status'])).toEqual(new Set(['1']))
    expect(new Set(found['udp.checksum.status'])).toEqual(new Set(['1']))
  })

  it('a Map-Notify-Ack is a Map-Notify but for its type', () => {
    const ack = cases['map-notify-ack'] ?? expect.fail('no case')
    const data = encodeMessage(ack)
    const notify = Uint8Array.from(data, (byte, index) => (index === 0 ? (byte & 0x0f) | 0x40 : byte))
    const message = decodeMessage(notify)
    const expected = Object.entries(expectedFields(message)).filter(([, values]) => values.length > 0)
    expect(readWithTshark([notify])[0]).toMatchObject(Object.fromEntries(expected))
  })
})
