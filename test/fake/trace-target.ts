/** A switch to be traced, made of text. */

import { parseActionList } from '#openflow/action-text.js'
import type { Flow } from '#openflow/flow.js'
import { parseFlow } from '#openflow/flow-text.js'
import { FlowLookup } from '#trace/flow-lookup.js'
import type { TracedGroup, TracedSwitch } from '#trace/switch.js'

const types = { all: 'all', select: 'select', indirect: 'indirect', ff: 'fast_failover' } as const

/** One group in `ovs-ofctl`'s syntax, as far as the tests use it. */
const parseGroup = (text: string): readonly [number, TracedGroup] => {
  const [head = '', ...buckets] = text.split(/,bucket=/)
  const { id = '', type = '' } = /^group_id=(?<id>\d+),type=(?<type>\w+)$/.exec(head)?.groups ?? {}
  const group: TracedGroup = {
    type: types[type as keyof typeof types],
    buckets: buckets.map((bucket) => {
      const watch = /^watch_port:(\d+),/.exec(bucket)
      const actions = parseActionList(watch === null ? bucket : bucket.slice(watch[0].length))
      return watch === null ? { actions } : { actions, watchPort: Number(watch[1]) }
    }),
  }
  return [Number(id), group]
}

export const traceTarget = (
  flows: readonly string[],
  groups: readonly string[] = [],
  ofports: readonly number[] = [1, 2, 3, 4, 5, 6],
): TracedSwitch => {
  const tables = new Map<number, FlowLookup<{ readonly flow: Flow }>>()
  for (const flow of flows.map(parseFlow)) {
    const table = tables.get(flow.table) ?? new FlowLookup()
    table.add({ flow })
    tables.set(flow.table, table)
  }
  const byId = new Map(groups.map(parseGroup))
  const port = (ofport: number) => (ofports.includes(ofport) ? { ofport, forwards: true } : undefined)
  return {
    find: (table, state) => tables.get(table)?.find(state)?.flow,
    port,
    ports: () => ofports.flatMap((ofport) => port(ofport) ?? []),
    group: (groupId) => byId.get(groupId),
  }
}
