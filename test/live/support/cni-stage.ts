/** A node of a lab and the CNI executable on it; REST is real, and before it a fabric and networks in memory. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from '#api/server.js'
import type { Command } from '#cni/environment.js'
import { createLab } from '#lab/create-lab.js'
import type { LabNode } from '#lab/node.js'
import { destroyLab } from '#lab/teardown.js'
import { systemClock } from '#link/clock.js'
import { seededRandom } from '#link/random.js'
import { FakeFabric } from '../../fake/fabric.js'
import { keepingLogger } from '../../fake/log.js'
import { FakeNetworks } from '../../fake/networks.js'
import {
  buildPlugin,
  type CniAnswer,
  type CniCall,
  type Container,
  callCni,
  hostEnds,
  makeContainer,
} from './cni.js'

export interface CniStage {
  readonly node: LabNode
  readonly networks: FakeNetworks
  /** Where the plugin notes what it made. */
  readonly directory: string
  /** REST, as the node reaches it. */
  readonly url: string
  /** A container that goes with `clear`. */
  container(id: string): Promise<Container>
  call(command: Command, one: Pick<Container, 'id' | 'netns'>, more?: Partial<CniCall>): Promise<CniAnswer>
  /** GC with nothing valid. */
  collect(): Promise<CniAnswer>
  /** Everything that could be left: on the node, in its notes, at the controller. */
  remains(): Promise<readonly string[]>
  /** Removes the containers. */
  clear(): Promise<void>
  stop(): Promise<void>
}

/** `blue` has 10.1.0.0/16 and fd01::/64. @param name of the lab */
export const setCniStage = async (name: string): Promise<CniStage> => {
  await buildPlugin()
  await destroyLab(name)
  const lab = await createLab({ name, nodes: 1 })
  const node = lab.node('n1')
  const fabric = new FakeFabric({ clock: systemClock })
  fabric.setNode('n1', 'ready')
  const networks = new FakeNetworks()
  networks.add({ name: 'blue', subnets: [{ cidr: '10.1.0.0/16' }, { cidr: 'fd01::/64' }] })
  const common = { logger: keepingLogger(), clock: systemClock, random: seededRandom(1) }
  const app = createServer({ ...common, fabric, networks })
  const directory = await mkdtemp(join(tmpdir(), 'heddle-cni-'))
  const url = await app.listen({ host: lab.controllerAddress, port: 0 })
  const configuration = {
    name: 'blue',
    controller: url,
    node: 'n1',
    stateDirectory: directory,
    isDefaultGateway: true,
  }
  const containers: Container[] = []
  const call: CniStage['call'] = (command, { id, netns }, more = {}) =>
    callCni(node, command, {
      container: id,
      netns,
      ...more,
      configuration: { ...configuration, ...more.configuration },
    })
  const namesIn = (part: string): Promise<string[]> => readdir(join(directory, part)).catch(() => [])
  return {
    node,
    networks,
    directory,
    url,
    container: async (id) => {
      const made = await makeContainer(lab, id)
      containers.push(made)
      return made
    },
    call,
    collect: () => call('GC', { id: '', netns: '' }, { configuration: { 'cni.dev/valid-attachments': [] } }),
    remains: async () => [
      ...(await hostEnds(node)),
      ...(await namesIn('attachments')),
      ...(await namesIn('pending')),
      ...networks.stored.keys(),
    ],
    clear: async () => {
      for (const one of containers.splice(0)) await one.remove().catch(() => {})
    },
    stop: async () => {
      await app.close()
      await destroyLab(name)
      await rm(directory, { recursive: true, force: true })
    },
  }
}
