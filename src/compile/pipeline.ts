/** The flow tables of a node: definition order is table order, and every table has one name. */
import type { Action } from '#openflow/actions.js'
import type { Flow } from '#openflow/flow.js'
import type { Match } from '#openflow/match.js'
import { cookieOf, type Origin } from './cookie.js'

interface Stage {
  readonly name: string
  readonly purpose: string
}

const stages = [
  {
    name: 'classify',
    purpose: 'What entered where: a wire is output at once; what belongs to nothing is dropped.',
  },
] as const satisfies readonly Stage[]

export type TableName = (typeof stages)[number]['name']

export const pipeline: readonly Stage[] = stages

/** What a flow is made of; its table and cookie follow from where and for whom it is made. */
export interface Entry {
  readonly origin: Origin
  readonly priority: number
  readonly match: Match
  readonly actions: readonly Action[]
}

type Table = (entry: Entry) => Flow

const table =
  (number: number): Table =>
  ({ origin, priority, match, actions }) => ({
    table: number,
    priority,
    match,
    cookie: cookieOf(origin),
    actions,
  })

/** Makes a flow of the named table. */
export const tables = Object.fromEntries(stages.map(({ name }, number) => [name, table(number)])) as Readonly<
  Record<TableName, Table>
>

/** The name of a table, or its number as text where it is none of ours. */
export const tableName = (number: number): string => stages[number]?.name ?? String(number)
