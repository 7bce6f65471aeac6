/** What somebody breaks is repaired, and a controller that dies takes nothing with it. */
import { sleep } from '#link/clock.js'
import { duration } from '../text.js'
import { CheckFailed, expectThat } from './check.js'
import { nodesReady, startController } from './fabric-steps.js'
import { expectSameFlows, readFlowAges } from './flow-ages.js'
import { far } from './hosts.js'
import { pingThrice, startPing } from './ping.js'
import type { Look, Stage } from './stage.js'
import type { Step } from './step.js'
import { lookAtLinks } from './wire-steps.js'

/** Pings before the controller dies and after it is back. */
const calmMs = 300
/** Fewer would prove little. */
const pingsMin = 60

const nodesOf = (stage: Stage): string[] => stage.lab.nodes.map(({ name }) => name)

/** Flows younger than the deletion: those of before are gone. */
const expectNew = async (stage: Stage, node: string, deletedAtMs: number): Promise<void> => {
  const { answeredAtMs, seconds } = await readFlowAges(stage.client, stage.clock, [node])
  const oldest = Math.max(...seconds.values())
  const passed = (answeredAtMs - deletedAtMs) / 1000
  expectThat(oldest <= passed + 0.1, 'flows put in anew', `one that is ${oldest} s old`)
}

const healFlows = async (stage: Stage): Promise<string> => {
  const { node, host } = far.a
  const before = (await stage.client.flows(node)).length
  const deletedAtMs = stage.clock.now()
  await stage.lab.node(node).ofctl('del-flows', 'br-int')
  const look = async (): Promise<Look<number>> => {
    const { length } = await stage.client.flows(node)
    const took = stage.clock.now() - deletedAtMs
    return { value: length === before ? took : undefined, found: `${length} flows` }
  }
  const took = await stage.until(`${before} flows on ${node}`, look)
  await expectNew(stage, node, deletedAtMs)
  await pingThrice(await stage.host(host), far.b.address)
  return `ovs-ofctl del-flows br-int on ${node}: ${before} flows are back after ${duration(took)}`
}

/** The controller dies and the next one takes over; resolves with the milliseconds between. */
const dieAndReturn = async (stage: Stage): Promise<number> => {
  await sleep(stage.clock, calmMs, stage.signal)
  const killedAtMs = stage.clock.now()
  await stage.controller.kill()
  await startController(stage)
  await nodesReady(stage)
  await stage.until('both links up again', () => lookAtLinks(stage, 2))
  const downMs = stage.clock.now() - killedAtMs
  await sleep(stage.clock, calmMs, stage.signal)
  return downMs
}

const restart = async (stage: Stage): Promise<string> => {
  stage.flowAges = await readFlowAges(stage.client, stage.clock, nodesOf(stage))
  const ping = startPing(await stage.host(far.a.host), far.b.address)
  const outcome = dieAndReturn(stage)
  // Settled, well or not: the pings are stopped before anything else.
  await Promise.allSettled([outcome])
  const { sent, lost } = await ping.stop()
  const downMs = await outcome
  expectThat(
    sent >= pingsMin && lost === 0,
    `${pingsMin} pings or more, 0 lost`,
    `${sent} pings, ${lost} lost`,
  )
  return `kill -9, the next one in charge after ${duration(downMs)}: ${sent} pings sent, ${lost} lost`
}

const compareFlows = async (stage: Stage): Promise<string> => {
  const { flowAges: before } = stage
  if (before === undefined) throw new CheckFailed('the flows of before', 'none: an earlier step failed')
  const after = await readFlowAges(stage.client, stage.clock, nodesOf(stage))
  expectSameFlows(before, after)
  const oldest = Math.max(...after.seconds.values())
  return `${after.seconds.size} flows, their durations go on: the oldest is ${duration(oldest * 1000)} old`
}

export const healingSteps: readonly Step[] = [
  { name: 'flows-healed', title: 'flows deleted by hand are put back', run: healFlows },
  {
    name: 'restart-without-loss',
    title: 'the controller is killed and started under 100 pings a second',
    essential: true,
    run: restart,
  },
  { name: 'restart-keeps-flows', title: 'and the flows are the same ones', run: compareFlows },
]
