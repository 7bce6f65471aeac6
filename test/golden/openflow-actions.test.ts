/**
 * Actions as text and as bytes: `openflow-actions.txt`. A case is a text, perhaps with the match of its flow in brackets
 * before it; then `=` and what is printed where that differs; then `:` and the instructions in hexadecimal, or `!` and
 * why the text is refused. Every line of the action table has a case.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseActions, printActions } from '#openflow/action-text.js'
import { actionTable } from '#openflow/actions/table.js'
import type { Action } from '#openflow/actions.js'
import { actionsManual } from '#openflow/actions-manual.js'
import { OpenFlowError } from '#openflow/errors.js'
import { instructions } from '#openflow/instructions.js'
import { decode, encode } from '#wire/codec.js'
import { flowContext, goldenActions } from './openflow-actions-cases.js'

const cases = goldenActions(readFileSync(new URL('openflow-actions.txt', import.meta.url), 'utf8'))
const good = cases.flatMap((one) => (one.hex === undefined ? [] : [{ ...one, hex: one.hex }]))
const bad = cases.flatMap((one) => (one.refusal === undefined ? [] : [{ ...one, refusal: one.refusal }]))

const hexOf = (actions: readonly Action[]): string =>
  Buffer.from(encode(instructions, actions)).toString('hex')
const fromHex = (hex: string): readonly Action[] => decode(instructions, Buffer.from(hex, 'hex'))

const typesIn = (actions: readonly Action[]): readonly string[] =>
  actions.flatMap((action) => [action.type, ...('actions' in action ? typesIn(action.actions) : [])])

describe('actions', () => {
  it.each(good)('$match $text', ({ match, text, printed, hex }) => {
    const actions = parseActions(text, flowContext(match))
    expect(hexOf(actions)).toBe(hex)
    expect(printActions(actions)).toBe(printed)
    expect(printActions(fromHex(hex))).toBe(hex === '' ? 'drop' : printed)
    expect(printActions(parseActions(printed, flowContext(match)))).toBe(printed)
    expect(hexOf(fromHex(hex))).toBe(hex)
  })

  it.each(bad)('$text is refused', ({ match, text, refusal }) => {
    const failing = (): string => hexOf(parseActions(text, flowContext(match)))
    expect(failing).toThrow(refusal)
    expect(failing).toThrow(Error)
  })

  it('refuses text with the typed error', () => {
    expect(() => parseActions('output:1,bogus')).toThrow(
      new OpenFlowError('bad-text', '[1].bogus: there is no action bogus'),
    )
  })

  it('has a case for every line of the table', () => {
    const seen = new Set(good.flatMap(({ match, text }) => typesIn(parseActions(text, flowContext(match)))))
    expect(Object.keys(actionTable).filter((type) => !seen.has(type))).toEqual([])
  })

  it('prints the manual', async () => {
    await expect(actionsManual()).toMatchFileSnapshot('../../docs/openflow-actions.md')
  })
})
