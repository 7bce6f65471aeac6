/**
 * The texts in which Open vSwitch's own tests print matches of OpenFlow 1.0 and 1.1, `../shared/vectors/openflow/
 * ovs-match-fixed.json`: we read them and print them again. Skipped where the folder with the vectors is not there.
 */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseMatch, printMatch } from '#openflow/match-text.js'

interface Vector {
  readonly source: string
  readonly expected: string
  readonly expect_error?: string
}

const file = new URL('../../../shared/vectors/openflow/ovs-match-fixed.json', import.meta.url)
const vectors: readonly Vector[] = existsSync(file)
  ? (JSON.parse(readFileSync(file, 'utf8')) as Vector[]).filter(
      ({ expect_error }) => expect_error === undefined,
    )
  : []

/** Texts behind which Open vSwitch says what it leaves out, because the fields do not go together. */
const isInconsistent = ({ expected }: Vector): boolean => expected.includes('\nnormal:')
const textOf = ({ expected }: Vector): string => expected.split('\n')[0] ?? ''

/** No tag is no tag: OpenFlow 1.5 has no priority to match beside it. */
const in15 = (text: string): string => text.replace(/^vlan_tci=0x0000$/, 'vlan_tci=0x0000/0x1fff')

describe.skipIf(vectors.length === 0)('matches that Open vSwitch prints', () => {
  it.each(vectors.filter((vector) => !isInconsistent(vector)))('$expected', (vector) => {
    expect(printMatch(parseMatch(textOf(vector)))).toBe(in15(textOf(vector)))
  })

  it.each(vectors.filter(isInconsistent))('$expected is refused', (vector) => {
    expect(() => parseMatch(textOf(vector))).toThrow('can be matched only with')
  })
})
