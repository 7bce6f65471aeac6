/** All actions, one line each: the groups of this folder together. The order is that of `docs/openflow-actions.md`. */
import { conntrackActions } from './conntrack.js'
import { instructionActions } from './instruction.js'
import { learn } from './learn.js'
import { otherActions } from './other.js'
import { outputActions } from './output.js'
import { pipelineActions } from './pipeline.js'
import { setFieldActions } from './set-field.js'
import type { ActionOf } from './spec.js'
import { tagActions } from './tags.js'

export const actionTable = {
  ...outputActions,
  ...tagActions,
  ...setFieldActions,
  ...conntrackActions,
  learn,
  ...pipelineActions,
  ...otherActions,
  ...instructionActions,
} as const

/** An action as a value: `type` is its name in ovs-actions(7), the other members are its arguments. */
export type Action = ActionOf<typeof actionTable>
