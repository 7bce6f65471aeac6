/** A fabric from nothing: switches, hosts, a controller, and the one command by which a switch joins. */
import type { NodeList } from '#api/client.js'
import { createLab } from '#lab/create-lab.js'
import { startControllerProcess } from './controller-process.js'
import { hosts } from './hosts.js'
import type { Look, Stage } from './stage.js'
import type { Step } from './step.js'

const raiseLab = async (stage: Stage): Promise<string> => {
  stage.lab = await createLab({ name: stage.labName, nodes: 3, signal: stage.signal, clock: stage.clock })
  const version = (await stage.lab.nodes[0]?.appctl('version'))?.split('\n', 1)[0]
  const datapath = stage.lab.state.datapath === 'netdev' ? 'in user space' : 'in the kernel'
  return `${version}, forwarding ${datapath}, in namespaces heddle-${stage.labName}-*`
}

const plugHosts = async (stage: Stage): Promise<string> => {
  const made = await stage.lab.addHosts(hosts)
  const cables = made.reduce((sum, { interfaces }) => sum + interfaces.length, 0)
  return `${made.length} namespaces that stand for containers, ${cables} veth cables`
}

export const startController = async (stage: Stage): Promise<string> => {
  stage.controller = await startControllerProcess({
    address: stage.lab.controllerAddress,
    directory: await stage.directory(),
    env: stage.env,
    clock: stage.clock,
  })
  return `process ${stage.controller.pid}, REST at ${stage.controller.url}, switches at ${stage.lab.controllerAddress}`
}

/** Ready nodes count; the others say why they are not. */
const lookAtNodes = ({ nodes }: NodeList, expected: number): Look<true> => {
  const ready = nodes.filter(({ state }) => state === 'ready')
  const found = nodes.map(({ name, state, reason = '' }) => `${name} ${state} ${reason}`.trim()).join(', ')
  return { value: ready.length === expected ? true : undefined, found: found || 'no nodes' }
}

export const nodesReady = (stage: Stage): Promise<true> => {
  const { nodes } = stage.lab
  return stage.until(`${nodes.length} nodes ready`, async () =>
    lookAtNodes(await stage.client.nodes(), nodes.length),
  )
}

const joinNodes = async (stage: Stage): Promise<string> => {
  const manager = `tcp:${stage.lab.controllerAddress}:6640`
  await stage.lab.setManager(manager)
  await nodesReady(stage)
  return `on each: ovs-vsctl set-manager ${manager}`
}

export const fabricSteps: readonly Step[] = [
  { name: 'lab-up', title: 'three real switches are up', essential: true, run: raiseLab },
  { name: 'hosts-plugged', title: 'hosts are plugged into them', essential: true, run: plugHosts },
  { name: 'controller-ready', title: 'the controller is ready', essential: true, run: startController },
  { name: 'nodes-joined', title: 'the switches joined by one command', essential: true, run: joinNodes },
]
