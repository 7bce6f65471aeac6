/** JSON as OVSDB has it, good and bad: test/golden/ovsdb/json.txt. */
import { expect, test } from 'vitest'
import { OvsdbError } from '#ovsdb/errors.js'
import { Framing } from '#ovsdb/framing.js'
import { parseJson, printJson } from '#ovsdb/json.js'
import { readGolden, rewrite } from './golden.js'

const outcome = (parse: () => string): string => {
  try {
    return parse()
  } catch (error) {
    if (error instanceof OvsdbError) return `error ${error.message}`
    throw error
  }
}

test('texts, what is read from them, and where the bad ones go wrong', () => {
  const golden = readGolden('json.txt')
  expect(rewrite(golden, (text) => [outcome(() => printJson(parseJson(text)))])).toBe(golden)
})

test('the framing reads the good ones alike and refuses the bad ones', () => {
  for (const text of readGolden('json.txt')
    .split('\n')
    .filter((line) => /^[[{"]/.test(line))) {
    const framing = new Framing()
    const framed = outcome(() => [...framing.feed(Buffer.from(text))].map(printJson).join(''))
    const whole = outcome(() => printJson(parseJson(text)))
    if (whole.startsWith('error'))
      expect(framed.startsWith('error') || framing.heldBytes > 0, text).toBe(true)
    else expect(framed).toBe(whole)
  }
})
