/** How old the flows of the switches are: a flow that was taken out and put in again is young. */
import type { Client } from '#api/client.js'
import type { Clock } from '#link/clock.js'
import { expectThat } from './check.js'

export interface FlowAges {
  /** When the switches were asked and when all had answered, by the clock of the demo. */
  readonly askedAtMs: number
  readonly answeredAtMs: number
  /** Seconds since each flow was put in, by node and flow. */
  readonly seconds: ReadonlyMap<string, number>
}

/** Switches round to their own tick. */
const toleranceSeconds = 0.1

export const readFlowAges = async (
  client: Client,
  clock: Clock,
  nodes: readonly string[],
): Promise<FlowAges> => {
  const askedAtMs = clock.now()
  const found = await Promise.all(
    nodes.map(async (node) =>
      (await client.flows(node)).map(
        ({ table, priority, match, actions, cookie, durationSeconds }) =>
          [`${node}: ${cookie} ${table} ${priority} ${match} ${actions}`, durationSeconds] as const,
      ),
    ),
  )
  return { askedAtMs, answeredAtMs: clock.now(), seconds: new Map(found.flat()) }
}

/** The same flows, and none of them younger than it was plus the time between. @throws CheckFailed */
export const expectSameFlows = (before: FlowAges, after: FlowAges): void => {
  const names = ({ seconds }: FlowAges): string => [...seconds.keys()].sort().join(' | ')
  expectThat(names(before) === names(after), `the flows ${names(before)}`, names(after))
  const passed = (after.askedAtMs - before.answeredAtMs) / 1000
  for (const [flow, seconds] of after.seconds) {
    const least = (before.seconds.get(flow) ?? 0) + passed - toleranceSeconds
    expectThat(
      seconds >= least,
      `"${flow}" to be ${least.toFixed(1)} s old`,
      `${seconds.toFixed(1)} s: it was put in anew`,
    )
  }
}
