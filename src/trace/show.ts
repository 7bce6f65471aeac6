/** A trace in words, one line a step, for people. How flows and actions are written is the caller's business. */
import type { Action } from '#openflow/actions.js'
import type { Flow } from '#openflow/flow.js'
import type { Step, Trace } from './switch.js'

export interface TracePrinters {
  readonly flow: (flow: Flow) => string
  readonly action: (action: Action) => string
}

const line = (step: Step, print: TracePrinters): string => {
  const indent = '  '.repeat(step.depth)
  switch (step.type) {
    case 'flow':
      return `${indent}${step.table}. ${print.flow(step.flow)}`
    case 'miss':
      return `${indent}${step.table}. no match: drop`
    case 'action':
      return `${indent}   ${print.action(step.action)}`
    case 'note':
      return `${indent}   -> ${step.text}`
  }
}

export const showTrace = (trace: Trace, print: TracePrinters): readonly string[] => {
  const ports = trace.outputs.map(({ ofport }) => ofport)
  const end = trace.failure ?? (ports.length === 0 ? 'dropped' : `leaves by port ${ports.join(', ')}`)
  return [...trace.steps.map((step) => line(step, print)), `Result: ${end}`]
}
