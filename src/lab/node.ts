/** One node of a lab: a network namespace with an Open vSwitch of its own. */
import { mkdir } from 'node:fs/promises'
import type { Clock } from '#link/clock.js'
import { managementAddress, managementAddress6, rlocAddress, rlocAddress6 } from './addresses.js'
import { type CommandOptions, type CommandResult, run, tryRun } from './command.js'
import {
  type Daemon,
  type DaemonPlace,
  daemons,
  endDaemon,
  findDaemon,
  installDatabase,
  openVSwitchEnvironment,
  startDaemon,
} from './daemons.js'
import { runIp } from './ip-batch.js'
import { nodeLines, physicalBridge, rlocLines, underlayDevice, underlayMac } from './layout.js'
import { namespaceOf } from './names.js'
import { netnsFile, nodeDirectory, templateDatabase } from './paths.js'
import type { LabState } from './state.js'

export interface LabNode {
  /** Also the switch's `external_ids:system-id`. */
  readonly name: string
  readonly namespace: string
  /** Database, sockets, pidfiles and logs of the two daemons. */
  readonly directory: string
  readonly managementAddress: string
  /** Absent where the machine has no IPv6. */
  readonly managementAddress6?: string
  /** What `external_ids:heddle-rloc` says: IPv4 or IPv6, as the lab was asked. */
  readonly rloc: string

  /** Runs `ovs-vsctl` on this node and returns what it printed. @throws LabError `command-failed` */
  vsctl(...args: string[]): Promise<string>
  /** Runs `ovs-ofctl -O OpenFlow15` on this node. */
  ofctl(...args: string[]): Promise<string>
  /** Runs `ovs-appctl`; without `-t` it asks ovs-vswitchd. */
  appctl(...args: string[]): Promise<string>
  /** Command and arguments that run `command` inside the node, with Open vSwitch's tools pointed at it. */
  enter(command: readonly string[]): string[]
  /** Runs any command inside the node to its end. */
  exec(command: readonly string[], options?: CommandOptions): Promise<CommandResult>

  /** The process number of a daemon; undefined when it does not run. */
  pid(daemon: Daemon): Promise<number | undefined>
  stop(daemon: Daemon): Promise<void>
  /** SIGKILL: the daemon gets no chance to say good-bye. */
  kill(daemon: Daemon): Promise<void>
  /** Starts a daemon that does not run; with ovs-vswitchd the RLOC comes back. */
  start(daemon: Daemon): Promise<void>
  /** Stops and starts both. A fresh database knows the node's name, RLOC and manager again, and nothing else. */
  reboot(options?: { freshDatabase?: boolean }): Promise<void>
  /** Sets `Open_vSwitch.manager_options`, such as `tcp:198.18.3.254:6640`. */
  setManager(target: string): Promise<void>
  /** Takes a device of the node down or up: `eth1` is its underlay, `mgmt` its way to the controller. */
  setLink(device: string, state: 'up' | 'down'): Promise<void>
}

/** The transaction that makes a database this node's own. */
const configuration = (state: LabState, node: LabNode): string[] => {
  const mac = underlayMac(state.nodes.indexOf(node.name) + 1)
  const separate = (commands: string[][]): string[] => commands.flatMap((command) => ['--', ...command])
  const about = {
    'system-id': node.name,
    hostname: node.name,
    'heddle-rloc': node.rloc,
    'heddle-underlay-mtu': state.underlayMtu,
  }
  const identity = Object.entries(about).map(([key, value]) => `external_ids:${key}=${value}`)
  const oneThread = ['other_config:n-handler-threads=1', 'other_config:n-revalidator-threads=1']
  const bridge = [
    ['--may-exist', 'add-br', physicalBridge],
    ['set', 'Bridge', physicalBridge, 'datapath_type=netdev', 'fail_mode=standalone'],
    ['set', 'Bridge', physicalBridge, `other_config:hwaddr=${mac}`],
    ['set', 'Interface', physicalBridge, `mtu_request=${state.underlayMtu}`],
    ['--may-exist', 'add-port', physicalBridge, underlayDevice],
  ]
  return separate([
    ['init'],
    ['set', 'Open_vSwitch', '.', ...identity, ...oneThread],
    ...(state.datapath === 'netdev' ? bridge : []),
    ...(state.controller === undefined ? [] : [['set-manager', state.controller]]),
  ])
}

const startNode = async (state: LabState, node: LabNode, fresh: boolean): Promise<void> => {
  if (fresh) await installDatabase(node.directory, templateDatabase(state.name))
  await node.start('ovsdb-server')
  if (fresh) await node.vsctl('--no-wait', ...configuration(state, node))
  await node.start('ovs-vswitchd')
}

/** Brings a new node up in a namespace that is there and wired. */
export const bringUpNode = async (state: LabState, node: LabNode): Promise<void> => {
  await mkdir(node.directory, { recursive: true })
  const lines = nodeLines(state, state.nodes.indexOf(node.name) + 1)
  await runIp(node.directory, { namespace: node.namespace, lines })
  await startNode(state, node, true)
}

/** Open vSwitch's tools and any other command, inside the node. */
const toolsOf = (place: DaemonPlace): Pick<LabNode, 'vsctl' | 'ofctl' | 'appctl' | 'enter' | 'exec'> => {
  const env = openVSwitchEnvironment(place.directory)
  const settings = Object.entries(env).map(([key, value]) => `${key}=${value}`)
  const enter = (command: readonly string[]): string[] => [
    'nsenter',
    `--net=${netnsFile(place.namespace)}`,
    'env',
    ...settings,
    ...command,
  ]
  return {
    vsctl: (...args) => run('ovs-vsctl', ['--timeout=30', ...args], { env }),
    ofctl: (...args) => run('ovs-ofctl', ['-O', 'OpenFlow15', ...args], { env }),
    appctl: (...args) => run('ovs-appctl', args, { env }),
    enter,
    exec: (command, options) => {
      const [program = '', ...args] = enter(command)
      return tryRun(program, args, options)
    },
  }
}

/** @param position the node's place in the lab, from 1 */
export const nodeOf = (state: LabState, clock: Clock, position: number): LabNode => {
  const name = state.nodes[position - 1] ?? ''
  const directory = nodeDirectory(state.name, name)
  const place: DaemonPlace = { directory, namespace: namespaceOf(state.name, name) }
  const configure = (lines: string[]): Promise<void> =>
    runIp(directory, { namespace: place.namespace, lines })
  const node: LabNode = {
    name,
    ...place,
    managementAddress: managementAddress(state.subnet, position),
    ...(state.ipv6 ? { managementAddress6: managementAddress6(state.subnet, position) } : {}),
    rloc: state.rlocFamily === 'ipv4' ? rlocAddress(position) : rlocAddress6(position),
    ...toolsOf(place),
    pid: (daemon) => findDaemon(place, daemon),
    stop: (daemon) => endDaemon(clock, place, daemon, 'SIGTERM'),
    kill: (daemon) => endDaemon(clock, place, daemon, 'SIGKILL'),
    start: async (daemon) => {
      await startDaemon(place, daemon)
      if (daemon === 'ovs-vswitchd') await configure(rlocLines(state, position))
    },
    reboot: async ({ freshDatabase = false } = {}) => {
      for (const daemon of daemons.toReversed()) await node.stop(daemon)
      await startNode(state, node, freshDatabase)
    },
    setManager: async (target) => {
      await node.vsctl('--no-wait', 'set-manager', target)
    },
    setLink: (device, up) => configure([`link set ${device} ${up}`]),
  }
  return node
}
