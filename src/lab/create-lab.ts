/** Bringing a lab up. Whatever goes wrong on the way, nothing of it stays. */
import { availableParallelism } from 'node:os'
import { type Clock, systemClock } from '#link/clock.js'
import { controllerAddress, nodesMax } from './addresses.js'
import { mapConcurrently } from './concurrent.js'
import { createDatabase } from './daemons.js'
import { LabError } from './errors.js'
import { checkMtu } from './host.js'
import { runIp } from './ip-batch.js'
import { type Lab, labOf } from './lab.js'
import { fabricLines, namespacesOf, rootLines } from './layout.js'
import { checkMachine, detectDatapath, detectIpv6 } from './machine.js'
import { checkLabName, checkMemberName, fabricMember, namespaceOf } from './names.js'
import { bringUpNode } from './node.js'
import { labDirectory, templateDatabase } from './paths.js'
import { startTicks } from './processes.js'
import { claimLab, type Datapath, type LabState, type RlocFamily, writeState } from './state.js'
import { claimSubnet } from './subnets.js'
import { destroyLab } from './teardown.js'

/** Room for a 1,500-byte packet with its Ethernet header and tags inside VXLAN over IPv6. */
const underlayMtuDefault = 1600

export interface LabOptions {
  /** `lab` unless told: a lower-case letter, then up to nine lower-case letters or digits. */
  name?: string
  /** How many (named n1, n2, …), or their names. */
  nodes: number | readonly string[]
  /** The nodes' OVSDB manager in Open vSwitch's notation; `auto` is port 6640 of the lab's controller address. */
  controller?: string
  /** `auto` takes the kernel's datapath where its module is loaded, else the one in user space. */
  datapath?: Datapath | 'auto'
  /** What `external_ids:heddle-rloc` says; IPv4 unless told. */
  rlocFamily?: RlocFamily
  /** Bytes; 1,600 unless told. */
  underlayMtu?: number
  /** Called after each step. */
  onProgress?: (progress: LabProgress) => void
  /** Stops the work; what was made is removed. */
  signal?: AbortSignal
  clock?: Clock
}

export interface LabProgress {
  /** Nodes that run. */
  done: number
  total: number
  /** What has just become true, for people. */
  step: string
}

const nodeNames = (nodes: number | readonly string[]): string[] => {
  const names =
    typeof nodes === 'number' ? Array.from({ length: nodes }, (_, index) => `n${index + 1}`) : [...nodes]
  if (names.length < 1 || names.length > nodesMax) {
    throw new LabError('invalid-option', `a lab has 1 to ${nodesMax} nodes, not ${names.length}`)
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new LabError('invalid-option', `two nodes cannot both be called ${twice}`)
  return names.map(checkMemberName)
}

/** Everything about the lab that is decided before anything is made. */
const planLab = async (options: LabOptions, clock: Clock): Promise<Omit<LabState, 'subnet'>> => {
  const name = checkLabName(options.name ?? 'lab')
  const asked = options.datapath ?? 'auto'
  const ipv6 = await detectIpv6()
  const rlocFamily = options.rlocFamily ?? 'ipv4'
  if (rlocFamily === 'ipv6' && !ipv6) {
    throw new LabError('invalid-option', 'IPv6 RLOCs were asked for, and IPv6 is disabled on this machine')
  }
  return {
    name,
    state: 'building',
    builder: { pid: process.pid, startTicks: (await startTicks(process.pid)) ?? 0 },
    createdAt: new Date(clock.wallTime()).toISOString(),
    datapath: asked === 'auto' ? await detectDatapath() : asked,
    underlayMtu: checkMtu(options.underlayMtu ?? underlayMtuDefault),
    ipv6,
    rlocFamily,
    ...(options.controller === undefined ? {} : { controller: options.controller }),
    nodes: nodeNames(options.nodes),
  }
}

/** The namespaces, bridges and cables of a lab: three commands, however many nodes. */
const buildFabric = async (state: LabState): Promise<void> => {
  const directory = labDirectory(state.name)
  await runIp(directory, { lines: namespacesOf(state).map((namespace) => `netns add ${namespace}`) })
  await runIp(directory, { lines: rootLines(state) })
  await runIp(directory, { namespace: namespaceOf(state.name, fabricMember), lines: fabricLines(state) })
}

const build = async (
  plan: Omit<LabState, 'subnet'>,
  options: LabOptions,
  clock: Clock,
): Promise<LabState> => {
  const total = plan.nodes.length
  const report = (done: number, step: string): void => {
    options.signal?.throwIfAborted()
    options.onProgress?.({ done, total, step })
  }
  // Subnet 0 until one is taken: a teardown that reads this goes by the lab's name, not by its addresses.
  await writeState({ ...plan, subnet: 0 })
  const subnet = await claimSubnet(plan.name)
  const auto = `tcp:${controllerAddress(subnet)}:6640`
  const state: LabState = {
    ...plan,
    subnet,
    ...(plan.controller === undefined
      ? {}
      : { controller: plan.controller === 'auto' ? auto : plan.controller }),
  }
  await writeState(state)
  report(0, 'name and addresses taken')
  await buildFabric(state)
  report(0, 'namespaces, bridges and cables made')
  await createDatabase(templateDatabase(state.name))
  const { nodes } = labOf(state, clock)
  let done = 0
  const bringUp = async (node: (typeof nodes)[number]): Promise<void> => {
    options.signal?.throwIfAborted()
    await bringUpNode(state, node)
    report(++done, `${node.name} is up`)
  }
  await mapConcurrently(nodes, bringUp, availableParallelism() + 1)
  const up: LabState = { ...state, state: 'up' }
  await writeState(up)
  return up
}

/**
 * Brings a lab up and returns it when every node's switch runs. After an error, or when the signal is aborted, everything
 * is removed before the error is thrown.
 * @throws LabError `not-root`, `tool-missing`, `invalid-name`, `invalid-option`, `lab-exists`, `subnets-exhausted`, `command-failed`
 */
export const createLab = async (options: LabOptions): Promise<Lab> => {
  const clock = options.clock ?? systemClock
  await checkMachine()
  const plan = await planLab(options, clock)
  await claimLab(plan.name)
  try {
    return labOf(await build(plan, options, clock), clock)
  } catch (error) {
    await destroyLab(plan.name, clock)
    throw error
  }
}
