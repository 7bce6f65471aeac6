/** Every match field by name as text and bytes: `openflow-fields.txt`. A line added to the table needs a case here. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fieldList } from '#openflow/fields.js'
import { match as matchCodec } from '#openflow/match-codec.js'
import { parseMatch, printMatch } from '#openflow/match-text.js'
import { decode, encode } from '#wire/codec.js'

const cases = readFileSync(new URL('openflow-fields.txt', import.meta.url), 'utf8')
  .split(/^# /m)
  .slice(1)
  .map((block) => {
    const [name = '', text = '', outcome = ''] = block.trim().split('\n')
    return { name, text, outcome: outcome.slice(2), good: outcome.startsWith(': ') }
  })

const hexOf = (text: string): string => Buffer.from(encode(matchCodec, parseMatch(text))).toString('hex')

describe('a match on a field', () => {
  it.each(cases.filter(({ good }) => good))('$name as $text', ({ text, outcome }) => {
    const hex = outcome.replaceAll(' ', '')
    expect(hexOf(text)).toBe(hex)
    expect(printMatch(decode(matchCodec, Buffer.from(hex, 'hex')))).toBe(text)
  })

  it.each(cases.filter(({ good }) => !good))('$name is refused', ({ text, outcome }) => {
    expect(() => hexOf(text)).toThrow(outcome)
  })

  it('is there for every field of the table', () => {
    expect(cases.map(({ name }) => name).sort()).toEqual(fieldList.map(({ name }) => name).sort())
  })
})
