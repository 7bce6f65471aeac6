/**
 * Actions as text: the syntax of ovs-actions(7), as `ovs-ofctl` reads and prints it. What is parsed here is what Open
 * vSwitch makes of the text in OpenFlow 1.5, so the spellings of older versions come out as the actions of today.
 */

import { maxDepth } from './actions/codec.js'
import { portFromText } from './actions/ports.js'
import type { ActionSpec, Outer } from './actions/spec.js'
import { spellings, type Tags } from './actions/spellings.js'
import { actionTable } from './actions/table.js'
import { type AnyAction, badText, type FlowContext, keyValues, type TextContext } from './actions/text.js'
import { listFault } from './actions/verify.js'
import type { Action } from './actions.js'
import { OpenFlowError } from './errors.js'

export type { FlowContext } from './actions/text.js'

const specs = new Map(Object.entries<ActionSpec<unknown>>(actionTable))

/** Which action each name begins. */
const names = new Map<string, readonly [type: string, spec: ActionSpec<unknown>]>()
for (const [type, spec] of specs) for (const name of spec.text.names) names.set(name, [type, spec])

/** Longer texts are refused unread: a flow of 64 kB on the wire is shorter. */
const maxTextLength = 1 << 20

/** An action as `ovs-ofctl` prints it. */
export const printAction = (action: AnyAction): string =>
  specs.get(action.type)?.text.print(action, printActions) ?? action.type

/** Actions as `ovs-ofctl` prints them behind `actions=`: separated by commas, `drop` for none. */
export const printActions = (actions: readonly AnyAction[]): string =>
  actions.length === 0 ? 'drop' : actions.map(printAction).join(',')

const parseOne = (key: string, value: string, context: TextContext, tags: Tags): readonly Action[] => {
  const name = key.toLowerCase()
  const spelling = spellings.get(name)
  if (spelling !== undefined) return spelling.parse(value, tags)
  const known = names.get(name)
  if (known !== undefined) {
    const [type, spec] = known
    const parsed = spec.text.parse(value, context)
    return Array.isArray(parsed) ? parsed : [{ type, ...(parsed as object) } as Action]
  }
  const port = value === '' ? portFromText(key) : undefined
  return port === undefined ? badText(`there is no action ${key}`) : [{ type: 'output', port, maxLen: 0 }]
}

/** Says which action of a list a text error is about. */
const inAction = (error: unknown, index: number, key: string): unknown =>
  error instanceof OpenFlowError && error.code === 'bad-text'
    ? new OpenFlowError('bad-text', `[${index}].${key}: ${error.message}`)
    : error

const parseList = (text: string, outer: Outer, flow: FlowContext, depth: number): readonly Action[] => {
  if (depth > maxDepth) badText(`actions nested more than ${maxDepth} deep`)
  const tags: Tags = { hasVlan: flow.hasVlan === true }
  const actions: Action[] = []
  let dropped = false
  for (const { key, value } of keyValues(text)) {
    const context: TextContext = {
      flow,
      list: (nested, within) => parseList(nested, within, { ...flow, hasVlan: tags.hasVlan }, depth + 1),
    }
    try {
      if (key.toLowerCase() === 'drop') dropped = true
      else actions.push(...parseOne(key, value, context, tags))
    } catch (error) {
      throw inAction(error, actions.length, key)
    }
    for (const action of actions.slice(-1)) noteTags(action, tags)
  }
  if (dropped && actions.length > 0) badText('drop does not go with other actions')
  const found = listFault(actions, outer)
  if (found !== undefined) badText(`[${found.index}]: ${found.fault[1]}`)
  return actions
}

const noteTags = (action: Action, tags: Tags): void => {
  if (action.type === 'push_vlan') tags.hasVlan = true
  else if (action.type === 'pop_vlan') tags.hasVlan = false
}

/**
 * Parses what stands behind `actions=`. Spellings of OpenFlow 1.0 depend on the match of the flow, which `flow` tells.
 * Throws `OpenFlowError` `bad-text`, with the place in the list.
 */
export const parseActions = (text: string, flow: FlowContext = {}): readonly Action[] => {
  if (text.length > maxTextLength) badText(`${text.length} characters of actions`)
  return parseList(text, 'instructions', flow, 0)
}

/** Parses actions without instructions, as in a group bucket or a packet-out. */
export const parseActionList = (text: string, flow: FlowContext = {}): readonly Action[] => {
  if (text.length > maxTextLength) badText(`${text.length} characters of actions`)
  return parseList(text, 'actions', flow, 0)
}
