/**
 * Messages of every type, three ways: the value in openflow-messages-cases.ts, the bytes and the text of
 * openflow-messages.txt. Whoever changes the table of messages finds here what changed on the wire and on paper.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { OpenFlowError } from '#openflow/errors.js'
import { decodeMessage, encodeMessage, messageTypes } from '#openflow/messages.js'
import { printBytes, printMessage } from '#openflow/print.js'
import { cases, ownCases } from './openflow-messages-cases.js'

interface Golden {
  readonly name: string
  readonly hex: string
  readonly text: string
}

const blocksOf = (file: string): readonly Golden[] =>
  readFileSync(new URL(file, import.meta.url), 'utf8')
    .split(/^# /m)
    .slice(1)
    .map((block) => {
      const [name = '', ...lines] = block.trimEnd().split('\n')
      const text = lines.filter((line) => line.startsWith('>')).map((line) => line.slice(2))
      const hex = lines.filter((line) => !line.startsWith('>')).join('')
      return { name, hex: hex.replaceAll(' ', ''), text: text.join('\n') }
    })

const golden = blocksOf('openflow-messages.txt')
const all = { ...cases, ...ownCases }
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))

describe('a message', () => {
  it.each(golden)('$name', ({ name, hex, text }) => {
    const message = all[name] ?? expect.fail(`${name} is in the golden file alone`)
    expect(Buffer.from(encodeMessage(message, 1)).toString('hex')).toBe(hex)
    const envelope = decodeMessage(bytesOf(hex))
    expect(envelope).toEqual({ version: 6, xid: 1, message })
    expect(printMessage(envelope).trimEnd()).toBe(text)
  })

  it('is golden, whatever its type', () => {
    expect(golden.map(({ name }) => name)).toEqual(Object.keys(all))
    const types = new Set(Object.values(all).map(({ type }) => type as string))
    expect(messageTypes.filter((type) => !types.has(type))).toEqual([])
  })
})

describe('no message', () => {
  it.each(blocksOf('openflow-messages-bad.txt'))('$name', ({ hex, text }) => {
    const [reason, ...printed] = text.split('\n')
    const data = bytesOf(hex)
    const refused = (): unknown => decodeMessage(data)
    expect(refused).toThrow(OpenFlowError)
    expect(refused).toThrow(reason)
    expect(printBytes(data).split('\n')[0]).toBe(printed[0])
  })
})
