/** A whole topology at once, declaratively: there, used, and gone again. */
import { duration } from '../text.js'
import { expectThat } from './check.js'
import { linkOf, mesh, topologySize } from './hosts.js'
import { pingThrice } from './ping.js'
import type { Stage } from './stage.js'
import type { Step } from './step.js'
import { lookAtLinks } from './wire-steps.js'

const name = 'mesh'
/** Links of the demo outside the topology. */
const others = 2

const applyTopology = async (stage: Stage): Promise<string> => {
  const begun = stage.clock.now()
  const { plan, counts } = await stage.client.applyTopology(
    name,
    { links: mesh.map(linkOf) },
    { signal: stage.signal },
  )
  const took = stage.clock.now() - begun
  const expected = `${topologySize} links added, ${topologySize} up`
  const { up = 0, pending = 0 } = counts ?? {}
  expectThat(
    plan.add.length === topologySize && up === topologySize,
    expected,
    `${plan.add.length} added, ${up} up, ${pending} pending`,
  )
  return `PUT /v1/topologies/${name}: ${topologySize} links up after ${duration(took)}`
}

const pingTopology = async (stage: Stage): Promise<string> => {
  await Promise.all(mesh.map(async ({ a, b }) => pingThrice(await stage.host(a.host), b.address)))
  return `3 pings through each of the ${topologySize}, all answered`
}

const removeTopology = async (stage: Stage): Promise<string> => {
  const begun = stage.clock.now()
  const { plan } = await stage.client.deleteTopology(name, { signal: stage.signal })
  const took = stage.clock.now() - begun
  expectThat(plan.remove.length === topologySize, `${topologySize} links removed`, `${plan.remove.length}`)
  await stage.until(`${others} links, up`, () => lookAtLinks(stage, others))
  return `DELETE /v1/topologies/${name}: ${topologySize} links gone after ${duration(took)}, the other ${others} still up`
}

export const topologySteps: readonly Step[] = [
  { name: 'topology-applied', title: `a topology of ${topologySize} links is applied`, run: applyTopology },
  { name: 'topology-pings', title: 'pings cross every link of it', run: pingTopology },
  { name: 'topology-removed', title: 'the topology is removed', run: removeTopology },
]
