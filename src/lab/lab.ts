/**
 * A fabric of real Open vSwitch nodes on one machine: what the command line, the demo, the tests and the benches call.
 * The controller is not part of a lab: it runs in the root namespace (or anywhere else that reaches it) and listens on the
 * lab's `controllerAddress`, which every node can reach.
 */
import { type Clock, systemClock } from '#link/clock.js'
import { controllerAddress, controllerAddress6 } from './addresses.js'
import { mapConcurrently } from './concurrent.js'
import { LabError } from './errors.js'
import { buildHosts, type HostOptions, hostOf, type LabHost, moveHost, planHost } from './host.js'
import { checkLabName } from './names.js'
import { type LabNode, nodeOf } from './node.js'
import { labDirectory } from './paths.js'
import { claimHost, type HostState, type LabState, readHost, readHosts, readState } from './state.js'
import { destroyHost, destroyLab } from './teardown.js'

export interface Lab {
  readonly name: string
  readonly state: LabState
  readonly directory: string
  /** The root namespace's address on the management link; OVSDB managers point at it. */
  readonly controllerAddress: string
  /** Absent where the machine has no IPv6. */
  readonly controllerAddress6?: string
  readonly nodes: readonly LabNode[]
  /** @throws LabError `node-unknown` */
  node(name: string): LabNode
  /** Points every node at an OVSDB manager: `tcp:HOST:6640`. */
  setManager(target: string): Promise<void>

  hosts(): Promise<LabHost[]>
  /** @throws LabError `host-unknown` */
  host(name: string): Promise<LabHost>
  addHost(options: HostOptions): Promise<LabHost>
  /** Makes many hosts in few commands; all of them or, after an error, none. */
  addHosts(options: readonly HostOptions[]): Promise<LabHost[]>
  /** Ends what runs in a host and removes it; false when there is no such host. */
  removeHost(name: string): Promise<boolean>
  /** Unplugs a host and plugs it into another node. */
  moveHost(name: string, node: string): Promise<LabHost>
  /** A node or a host, to run commands in. @throws LabError `member-unknown` */
  member(name: string): Promise<LabNode | LabHost>

  /** Removes the lab with everything in it. */
  destroy(): Promise<void>
}

const findNode = (state: LabState, nodes: readonly LabNode[], name: string): LabNode => {
  const found = nodes.find((node) => node.name === name)
  if (found !== undefined) return found
  const range = nodes.length > 8 ? `${nodes.length} nodes` : nodes.map((node) => node.name).join(', ')
  throw new LabError('node-unknown', `lab ${state.name} has no node called ${name}: it has ${range}`)
}

/** Takes the names first, so that two commands cannot make the same host; gives back what it made when one fails. */
const addHosts = async (
  state: LabState,
  nodes: readonly LabNode[],
  clock: Clock,
  asked: readonly HostOptions[],
): Promise<LabHost[]> => {
  const planned = asked.map(planHost)
  for (const { name, node } of planned) {
    findNode(state, nodes, node)
    if (!state.nodes.includes(name)) continue
    throw new LabError(
      'host-exists',
      `lab ${state.name} has a node called ${name}: a host needs another name`,
    )
  }
  const claimed: HostState[] = []
  try {
    for (const host of planned) {
      await claimHost(state.name, host)
      claimed.push(host)
    }
    await buildHosts(state.name, planned)
  } catch (error) {
    await mapConcurrently(claimed, (host) => destroyHost(state.name, host.name, clock))
    throw error
  }
  return planned.map((host) => hostOf(state.name, host))
}

/** The lab that a state describes. */
export const labOf = (state: LabState, clock: Clock): Lab => {
  const nodes = state.nodes.map((_, index) => nodeOf(state, clock, index + 1))
  const host = async (name: string): Promise<LabHost> => hostOf(state.name, await readHost(state.name, name))
  const add = (asked: readonly HostOptions[]): Promise<LabHost[]> => addHosts(state, nodes, clock, asked)
  return {
    name: state.name,
    state,
    directory: labDirectory(state.name),
    controllerAddress: controllerAddress(state.subnet),
    ...(state.ipv6 ? { controllerAddress6: controllerAddress6(state.subnet) } : {}),
    nodes,
    node: (name) => findNode(state, nodes, name),
    setManager: async (target) => {
      await mapConcurrently(nodes, (node) => node.setManager(target))
    },
    hosts: async () => (await readHosts(state.name)).map((each) => hostOf(state.name, each)),
    host,
    addHost: async (asked) => {
      await add([asked])
      return host(asked.name)
    },
    addHosts: add,
    removeHost: (name) => destroyHost(state.name, name, clock),
    moveHost: async (name, to) => {
      await moveHost(state.name, name, findNode(state, nodes, to).name)
      return host(name)
    },
    member: async (name) => {
      const node = nodes.find((each) => each.name === name)
      if (node !== undefined) return node
      return host(name).catch((cause: unknown) => {
        const message = `lab ${state.name} has neither a node nor a host called ${name}: see "heddle lab show --name ${state.name}"`
        throw new LabError('member-unknown', message, { cause })
      })
    },
    destroy: async () => {
      await destroyLab(state.name, clock)
    },
  }
}

/** A lab that is up. @throws LabError `lab-unknown`, `lab-broken` */
export const openLab = async (name: string, clock: Clock = systemClock): Promise<Lab> => {
  const state = await readState(checkLabName(name))
  if (state.state === 'up') return labOf(state, clock)
  throw new LabError(
    'lab-broken',
    `lab ${name} is not up: it is being brought up, or was stopped half way ("heddle lab down --name ${name}" clears it)`,
  )
}
