/** Actions that steer the packet through the tables, and those that leave it as it is. */
import type { Action, ActionOfType, LearnSpec } from '#openflow/actions.js'
import { type FieldName, fields } from '#openflow/fields.js'
import type { Flow } from '#openflow/flow.js'
import { canonicalMatch, type Masked, type Match } from '#openflow/match.js'
import type { Execute } from './execute.js'
import type { Run } from './run.js'
import { readBits, writeField } from './state.js'

/** Adds to the action set: of most actions it holds one, so what comes later replaces what was there. */
const write: Execute<'write_actions'> = (run, { actions }) => {
  run.actionSet = [...run.actionSet, ...actions]
  const out = actions.findLast((action) => action.type === 'output')
  const grouped = run.actionSet.some((action) => action.type === 'group')
  if (grouped) run.state = writeField(run.state, 'actset_output', unset)
  else if (out !== undefined) run.state = writeField(run.state, 'actset_output', out.port)
}

/** OFPP_UNSET: what actset_output says while the set sends the packet to no port. */
export const unset = 0xffff_fff7

/** The connection tracker knows every packet that it is shown; what it does to addresses is not interpreted. */
const track: Execute<'ct'> = (run, action) => {
  const { table, zone, actions } = action
  const translates = actions.some(({ type }) => type === 'nat')
  if (translates) run.note('addresses may be translated, which is not interpreted')
  const number = typeof zone === 'number' ? zone : Number(readBits(run.state, zone))
  if (action.commit) run.note(`the connection is committed to zone ${number}`)
  run.execute(actions.filter(({ type }) => type !== 'nat'))
  if (table === undefined) return
  const state = run.nextCtState()
  run.apart(() => {
    run.state = writeField(writeField(run.state, 'ct_state', state), 'ct_zone', number)
    run.lookup(table)
  })
}

type Bits = Masked<bigint>

const together = (
  match: Map<FieldName, Bits>,
  spec: Extract<LearnSpec, { type: 'match' }>,
  value: bigint,
): void => {
  const { field, offset, width } = spec.destination
  const mask = ((1n << BigInt(width)) - 1n) << BigInt(offset)
  const before = match.get(field) ?? { value: 0n, mask: 0n }
  match.set(field, { value: before.value | (value << BigInt(offset)), mask: before.mask | mask })
}

const matchOf = (bits: ReadonlyMap<FieldName, Bits>): Match => {
  const match = [...bits].map(([field, { value, mask }]) => {
    const { wide } = fields[field]
    return [field, wide ? { value, mask } : { value: Number(value), mask: Number(mask) }]
  })
  return canonicalMatch(Object.fromEntries(match))
}

/** The flow that a `learn` action would add for this packet. */
const learnedFlow = (run: Run, action: ActionOfType<'learn'>): Flow => {
  const match = new Map<FieldName, Bits>()
  const actions: Action[] = []
  for (const spec of action.specs) {
    const value = typeof spec.source === 'bigint' ? spec.source : readBits(run.state, spec.source)
    if (spec.type === 'match') together(match, spec, value)
    else if (spec.type === 'output') actions.push({ type: 'output', port: Number(value), maxLen: 0xffff })
    else {
      const { field, offset, width } = spec.destination
      const bits = value << BigInt(offset)
      const mask = ((1n << BigInt(width)) - 1n) << BigInt(offset)
      const { wide } = fields[field]
      actions.push({
        type: 'set_field',
        field,
        value: wide ? bits : Number(bits),
        ...(width !== fields[field].width && { mask: wide ? mask : Number(mask) }),
      })
    }
  }
  const { table, priority, cookie, idleTimeout, hardTimeout } = action
  return {
    table,
    priority,
    cookie,
    match: matchOf(match),
    actions,
    ...(idleTimeout !== 0 && { idleTimeout }),
    ...(hardTimeout !== 0 && { hardTimeout }),
  }
}

type Steering =
  | 'resubmit'
  | 'goto_table'
  | 'clone'
  | 'exit'
  | 'write_actions'
  | 'clear_actions'
  | 'ct'
  | 'ct_clear'
  | 'learn'
  | 'meter'
  | 'set_queue'
  | 'pop_queue'
  | 'conjunction'
  | 'note'
  | 'sample'
  | 'fin_timeout'
  | 'nat'
  | 'experimenter'
  | 'experimenter_instruction'

const nothing = (): void => {}
const unknown = (run: Run, action: Action): void => run.unknown(action)

const connection = ['ct_state', 'ct_zone', 'ct_mark', 'ct_label'] as const

export const pipelineActions: { readonly [T in Steering & Action['type']]: Execute<T> } = {
  resubmit: (run, { port, table }) => {
    run.resubmit()
    run.deeper(() => run.lookup(table ?? run.table, port))
  },
  goto_table: (run, { table }) => run.lookup(table),
  clone: (run, { actions }) => run.apart(() => run.execute(actions)),
  exit: (run) => {
    run.ended = 'exit'
  },
  write_actions: write,
  clear_actions: (run) => {
    run.actionSet = []
    run.state = writeField(run.state, 'actset_output', unset)
  },
  ct: track,
  ct_clear: (run) => {
    for (const field of connection) run.state = writeField(run.state, field, 0)
  },
  learn: (run, action) => run.learn(learnedFlow(run, action)),
  meter: (run, { meterId }) => run.meter(meterId),
  set_queue: (run, { queueId }) => {
    run.queueId = queueId
  },
  pop_queue: (run) => {
    run.queueId = undefined
  },
  conjunction: nothing,
  note: nothing,
  sample: nothing,
  fin_timeout: nothing,
  nat: unknown,
  experimenter: unknown,
  experimenter_instruction: unknown,
}
