/** Carries lists of actions out: each type of action has one line in one of three tables. */
import type { Action, ActionOfType } from '#openflow/actions.js'
import { actionSetList } from './action-set.js'
import { outputActions } from './output-actions.js'
import { packetActions } from './packet-actions.js'
import { pipelineActions } from './pipeline-actions.js'
import type { Run } from './run.js'

/** What an action of one type does. Others are carried out by `run.execute`. */
export type Execute<T extends Action['type']> = (run: Run, action: ActionOfType<T>) => void

type Table = { readonly [T in Action['type']]: Execute<T> }

const table: Table = { ...outputActions, ...packetActions, ...pipelineActions }

export const executeActions = (run: Run, actions: readonly Action[]): void => {
  for (const [index, action] of actions.entries()) {
    run.action(action)
    // Each line of the table takes the type of action that it stands under.
    const execute = table[action.type] as Execute<Action['type']>
    execute(run, action as never)
    if (run.ended === 'list') run.ended = undefined
    else if (run.ended === 'paused') run.leave(actions.slice(index + 1))
    else if (run.ended === undefined) continue
    return
  }
}

/** At the end of the pipeline, unless the packet waits for a controller. */
export const executeActionSet = (run: Run): void => {
  if (run.ended === 'paused') return
  const list = actionSetList(run.actionSet)
  run.actionSet = []
  run.ended = undefined
  if (list.length > 0) executeActions(run, list)
}
