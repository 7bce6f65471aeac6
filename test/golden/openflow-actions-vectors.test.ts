/**
 * Actions and instructions from Open vSwitch's own tests, `../shared/vectors/openflow/ovs-actions.json`. We speak OpenFlow
 * 1.5, so a vector of another version is judged where its bytes mean the same there; what we write is the form of 1.5.
 * Skipped where the folder with the vectors is not there.
 */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseActions, printActions } from '#openflow/action-text.js'
import { ActionError } from '#openflow/actions/error.js'
import type { Action } from '#openflow/actions.js'
import { actions, actionsKey, instructions } from '#openflow/instructions.js'
import { decode, encode } from '#wire/codec.js'

interface Vector {
  readonly name: string
  readonly kind: 'actions' | 'instructions'
  readonly version: string
  readonly hex: string
  readonly expected: string
  readonly expect_error?: string
  readonly in_table_id?: number
  readonly reencode_differs?: readonly string[]
}

const file = new URL('../../../shared/vectors/openflow/ovs-actions.json', import.meta.url)
const vectors: readonly Vector[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []

/** Bytes that begin with an action of the standard. */
const isStandard = ({ hex }: Vector): boolean => !hex.startsWith('ffff')

/** What cannot be judged, by name, and why. */
const notApplicable: readonly (readonly [why: string, is: (vector: Vector) => boolean])[] = [
  [
    'OpenFlow 1.0 gives other numbers and sizes to the actions of the standard',
    (one) => one.version === '1.0' && isStandard(one),
  ],
  [
    'OpenFlow 1.0 has no instructions; these are actions in their place',
    ({ version, kind }) => version === '1.0' && kind === 'instructions',
  ],
  [
    'an action of OpenFlow 1.0 inside clone',
    ({ expected }) => expected === 'actions=clone(mod_vlan_vid:5,output:10)',
  ],
  ['set_field has masks since OpenFlow 1.5', ({ expect_error }) => expect_error === 'OFPBAC_BAD_SET_MASK'],
  [
    "whether a table is later than the flow's is for the flow to say",
    ({ in_table_id }) => in_table_id !== undefined,
  ],
  [
    'instructions of other experimenters are kept, not refused',
    ({ expect_error }) => expect_error === 'OFPBIC_BAD_EXPERIMENTER',
  ],
]
const whyNot = (vector: Vector): string | undefined => notApplicable.find(([, is]) => is(vector))?.[0]

const judged = vectors.filter((vector) => whyNot(vector) === undefined)
const good = judged.filter(({ expect_error }) => expect_error === undefined)
const bad = judged.filter(({ expect_error }) => expect_error !== undefined)

const codecOf = ({ kind }: Vector) => (kind === 'actions' ? actions : instructions)
const read = (vector: Vector): readonly Action[] => decode(codecOf(vector), Buffer.from(vector.hex, 'hex'))
const textOf = ({ expected }: Vector): string => expected.replace(/^actions=/, '')

/** Texts of actions that we read in forms of older versions and write in the form of OpenFlow 1.5. */
const rewritten: readonly (readonly [why: string, text: RegExp])[] = [
  ['set_field says it', /^(load|set_tunnel|set_tunnel64|set_vlan_...|mod_dl_...|mod_nw_...):|exec\(load:/],
  ['OpenFlow 1.5 has a standard action', /^(move|set_queue|group):|^dec_ttl$/],
  ['the form with a table says it', /^resubmit:/],
  ['the form without a limit says it', /^learn\(table=2,priority=0/],
]

const keepsBytes = (vector: Vector): boolean => {
  if (vector.reencode_differs !== undefined) return false
  // In OpenFlow 1.1 these are the standard actions of today.
  if (vector.version === '1.5' || (vector.version === '1.1' && /^(set_queue|dec_ttl)/.test(textOf(vector))))
    return true
  return !rewritten.some(([, text]) => text.test(textOf(vector)))
}

describe.skipIf(vectors.length === 0)('actions of Open vSwitch', () => {
  it('are judged but for those that cannot be', () => {
    const left = notApplicable.map(([why]) => {
      const names = vectors.filter((vector) => whyNot(vector) === why).map(({ name }) => name)
      return `${why}:\n${names.map((name) => `  ${name}`).join('\n')}`
    })
    expect(left.join('\n')).toMatchInlineSnapshot(`
      "OpenFlow 1.0 gives other numbers and sizes to the actions of the standard:
        OpenFlow 1.0 action translation #1
        OpenFlow 1.0 action translation #2
        OpenFlow 1.0 action translation #3
        OpenFlow 1.0 action translation #4
        OpenFlow 1.0 action translation #5
        OpenFlow 1.0 action translation #6
        OpenFlow 1.0 action translation #7
        OpenFlow 1.0 action translation #8
        OpenFlow 1.0 action translation #9
        OpenFlow 1.0 action translation #10
        OpenFlow 1.0 action translation #11
        OpenFlow 1.0 action translation #12
        OpenFlow 1.0 action translation #13
        OpenFlow 1.0 action translation #42
        OpenFlow 1.0 action translation #43
        OpenFlow 1.0 action translation #45
        OpenFlow 1.0 "instruction" translations #1
        OpenFlow 1.0 "instruction" translations #2
      OpenFlow 1.0 has no instructions; these are actions in their place:
        OpenFlow 1.0 "instruction" translations #3
        OpenFlow 1.0 "instruction" translations #4
      an action of OpenFlow 1.0 inside clone:
        OpenFlow 1.0 action translation #76
      set_field has masks since OpenFlow 1.5:
        OpenFlow 1.2 action translation #2
      whether a table is later than the flow's is for the flow to say:
        OpenFlow 1.1 instruction translation #8
      instructions of other experimenters are kept, not refused:
        OpenFlow 1.1 instruction translation #23"
    `)
  })

  it.each(good)('$name', (vector) => {
    const found = read(vector)
    // Spellings of older versions parse to the actions of OpenFlow 1.5.
    const same = actionsKey(parseActions(textOf(vector), { hasVlan: true })) === actionsKey(found)
    if (!same || vector.version === '1.5') expect(printActions(found)).toBe(textOf(vector))
    if (keepsBytes(vector))
      expect(Buffer.from(encode(codecOf(vector), found)).toString('hex')).toBe(vector.hex)
  })

  it.each(bad)('$name: $expect_error', (vector) => {
    const failing = () => read(vector)
    expect(failing).toThrow(ActionError)
    expect(failing).toThrow(expect.objectContaining({ openflow: vector.expect_error }))
  })
})
