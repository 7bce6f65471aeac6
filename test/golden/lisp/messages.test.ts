/**
 * LISP messages of every type, three ways: the value in message-cases.ts, the bytes and the text of messages.txt. Whoever
 * changes a message finds here what changed on the wire and on paper.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { LispError } from '#lisp/errors.js'
import { decodeMessage, encodeMessage, messageTypes } from '#lisp/messages.js'
import { printMessage } from '#lisp/print.js'
import { goldenBlocks } from './golden-blocks.js'
import { cases } from './message-cases.js'

const blocksOf = (file: string) => goldenBlocks(readFileSync(new URL(file, import.meta.url), 'utf8'))
const golden = blocksOf('messages.txt')

describe('a LISP message', () => {
  it.each(golden)('$name', ({ name, hex, text }) => {
    const message = cases[name] ?? expect.fail(`${name} is in the golden file alone`)
    expect(Buffer.from(encodeMessage(message)).toString('hex')).toBe(hex)
    const read = decodeMessage(Uint8Array.from(Buffer.from(hex, 'hex')))
    expect(read).toEqual(message)
    expect(printMessage(read)).toBe(text)
  })

  it('is golden, whatever its type', () => {
    expect(golden.map(({ name }) => name)).toEqual(Object.keys(cases))
    const types = new Set(Object.values(cases).map(({ type }) => type))
    expect(messageTypes.filter((type) => !types.has(type))).toEqual([])
  })
})

describe('no LISP message', () => {
  it.each(blocksOf('bad-messages.txt'))('$name', ({ hex, text }) => {
    const refused = (): unknown => decodeMessage(Buffer.from(hex, 'hex'))
    expect(refused).toThrow(LispError)
    expect(refused).toThrow(text)
  })
})
