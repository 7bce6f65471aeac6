/**
 * The cases of `openflow-actions.txt`, asked of the `ovs-ofctl` that is installed (it needs no daemon): it prints our bytes
 * as we print them, writes its own reading of them as the same bytes, and reads and refuses the texts that we do. Skipped
 * where there is no `ovs-ofctl`.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { match as matchCodec } from '#openflow/match-codec.js'
import { parseMatch } from '#openflow/match-text.js'
import { encode } from '#wire/codec.js'
import { type ActionCase, goldenActions } from './openflow-actions-cases.js'

const ask = (args: readonly string[], input = ''): string => {
  const { stdout, stderr, error } = spawnSync('ovs-ofctl', ['-O', 'OpenFlow15', ...args], { input })
  if (error !== undefined) throw error
  return stdout.length > 0 ? stdout.toString() : stderr.toString()
}

const isInstalled = spawnSync('ovs-ofctl', ['--version']).error === undefined
const cases = isInstalled
  ? goldenActions(readFileSync(new URL('openflow-actions.txt', import.meta.url), 'utf8')).filter(
      ({ match }) => match !== '-',
    )
  : []
const good = cases.flatMap((one) => (one.hex === undefined ? [] : [{ ...one, hex: one.hex }]))
const bad = cases.filter(({ refusal }) => refusal !== undefined)

const flowOf = ({ match, text }: ActionCase): string => `${match}${match === '' ? '' : ','}actions=${text}`

/** What is printed behind `actions=` in each line of flows. */
const actionsIn = (output: string): readonly string[] =>
  output
    .split('\n')
    .filter((line) => line.includes(' actions='))
    .map((line) => line.slice(line.indexOf(' actions=') + ' actions='.length))

/** A flow_mod with these instructions: OpenFlow 1.5, section 7.3.4.2. */
const flowMod = ({ match, hex }: { readonly match: string; readonly hex: string }): string => {
  const anywhere = 'ffffffff'.repeat(3)
  const fields = `${'00'.repeat(16)}0000000000008000${anywhere}00000000`
  const body = fields + Buffer.from(encode(matchCodec, parseMatch(match))).toString('hex') + hex
  const length = (8 + body.length / 2).toString(16).padStart(4, '0')
  return `060e${length}00000001${body}`
}

/** Action sets that hold nothing are not sent, and ovs-ofctl prints nothing for no bytes. */
const sent = good.filter(({ hex }) => hex !== '')

describe.skipIf(!isInstalled)('ovs-ofctl', () => {
  it('reads the texts as we read them', () => {
    const printed = actionsIn(ask(['parse-flows', '-'], `${sent.map(flowOf).join('\n')}\n`))
    expect(printed).toEqual(sent.map((one) => one.printed))
  })

  it('prints our bytes as we print them, where actions need a match', () => {
    const bound = sent.filter(({ match }) => match !== '')
    const printed = bound.map((one) => actionsIn(ask(['ofp-print', flowMod(one)]))[0])
    expect(printed).toEqual(bound.map((one) => one.printed))
  })

  it('prints our bytes as we print them and writes the same bytes, where they do not', () => {
    const free = sent.filter(({ match }) => match === '')
    const answer = ask(['parse-instructions', 'OpenFlow15'], `${free.map(({ hex }) => hex).join('\n')}\n`)
    // Between the lines of actions it would say which bytes differ from its own.
    expect(answer.split('\n').filter((line) => line !== '')).toEqual(
      free.map(({ printed }) => `actions=${printed}`),
    )
  })

  it.each(bad)('refuses $text', (one) => {
    expect(actionsIn(ask(['parse-flow', flowOf(one)]))).toEqual([])
  })
})
