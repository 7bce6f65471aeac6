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
    purpose:
      'What entered where: a wire is output at once; an endpoint or a tunnel leads into its network; what belongs to nothing is dropped.',
  },
  {
    name: 'admit',
    purpose:
      'An endpoint speaks with its own MAC and addresses only: Ethernet, ARP, IPv4, IPv6, neighbour discovery.',
  },
  {
    name: 'resolve',
    purpose:
      'ARP, neighbour discovery and echo requests to the gateway are answered here and never flooded; DHCP and router solicitations go to the controller.',
  },
  { name: 'egress-policy', purpose: 'Access lists of the sender.' },
  {
    name: 'route',
    purpose:
      "What was sent to the gateway is routed: the TTL is counted down, the source MAC becomes the gateway's.",
  },
  {
    name: 'map-cache',
    purpose:
      'EID to what it takes to reach it, the longest prefix first. A miss pauses the packet and asks the controller.',
  },
  { name: 'ingress-policy', purpose: 'Access lists of the receiver.' },
  {
    name: 'deliver',
    purpose: "Out of the endpoint's port with its MAC address. Packets from tunnels get here and no further.",
  },
  { name: 'depart', purpose: 'Out of the tunnel port; what its way cannot carry is answered.' },
  {
    name: 'controller',
    purpose: 'To the controller, at the rate that the meter of the endpoint allows.',
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

/** The numbers of the tables. */
export const tableNumbers = Object.fromEntries(stages.map(({ name }, number) => [name, number])) as Readonly<
  Record<TableName, number>
>

/** The name of a table, or its number as text where it is none of ours. */
export const tableName = (number: number): string => stages[number]?.name ?? String(number)
