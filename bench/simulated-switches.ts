/**
 * Simulated switches as a process of their own, for the scale bench: they dial a controller on this machine and speak real
 * RFC 7047 and OpenFlow 1.5 bytes over sockets. Commands come as JSON, one a line, on standard input; each is answered by one
 * line on standard output.
 *
 * `start` {controller, nodes, ports, prefix?}: nodes `s0`, `s1`, … with devices `e0`, `e1`, …; answers when all have dialled
 * `plug` {node, interfaces}, `unplug` {node, interface}, `carrier` {node, interface, up}
 * `restart` {nodes?}: `ovs-vswitchd` of the nodes named, or all, starts again; `drop`: connections are lost and dialled again
 * `talk` {packets}: containers send; the tables of their switches decide what becomes of it
 * `flows`: how many flows each node has; `status`: connections, ports, flows, flow-mods and packets so far, memory
 * `stop`
 */
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { systemClock } from '#link/clock.js'
import { dial } from '#link/dial.js'
import { seededRandom } from '#link/random.js'
import { parseDialTarget } from '#link/targets.js'
import { derivedMac } from '#model/mac.js'
import { FakeSwitch } from '../test/fake/fake-switch.js'
import { echoFrame, ip } from '../test/fake/overlay-packets.js'

export interface StartCommand {
  readonly do: 'start'
  /** OVSDB listener of the controller, `tcp:127.0.0.1:6640`. */
  readonly controller: string
  readonly nodes: number
  /** Devices of each node. */
  readonly ports: number
  readonly prefix?: string
  /** How long a switch takes to carry a transaction out, in milliseconds. */
  readonly reactionMs?: number
}

/** An ICMP echo request of a container to another one: addresses are IPv4, as numbers. */
export interface TalkedPacket {
  readonly node: string
  readonly interface: string
  readonly from: number
  readonly to: number
}

export type SwitchCommand =
  | StartCommand
  | { readonly do: 'talk'; readonly packets: readonly TalkedPacket[] }
  | { readonly do: 'flows' }
  | { readonly do: 'plug'; readonly node: string; readonly interfaces: readonly string[] }
  | { readonly do: 'unplug'; readonly node: string; readonly interface: string }
  | { readonly do: 'carrier'; readonly node: string; readonly interface: string; readonly up: boolean }
  | { readonly do: 'restart' | 'drop'; readonly nodes?: readonly string[] }
  | { readonly do: 'status' }
  | { readonly do: 'stop' }

/** What `status` says. */
export interface SwitchesStatus {
  readonly nodes: number
  /** Bridges with an OpenFlow channel. */
  readonly connected: number
  /** OpenFlow ports of the integration bridges. */
  readonly ports: number
  readonly flows: number
  readonly meters: number
  /** FLOW_MODs received since the start. */
  readonly flowMods: number
  /** Packets that left a node by its tunnel port or by that of a container. */
  readonly arrived: number
  /** Resident memory of this process in bytes. */
  readonly rss: number
}

const switches = new Map<string, FakeSwitch>()
let arrived = 0
const count = (): void => {
  arrived += 1
}

/** An address of its own for each node; nothing is ever sent there. */
const rlocOf = (index: number): string => `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`

const start = ({ controller, nodes, ports, prefix = 's', reactionMs = 1 }: StartCommand): void => {
  const random = seededRandom(1)
  const names = Array.from({ length: ports }, (_, index) => `e${index}`)
  for (let index = 0; index < nodes; index++) {
    const one = new FakeSwitch({
      name: `${prefix}${index}`,
      clock: systemClock,
      random,
      reactionMs,
      dial: (target) => dial(parseDialTarget(target, { port: 6640 })),
      rloc: rlocOf(index + 1),
      onFrame: count,
      onTunnel: count,
    })
    one.plug(...names)
    switches.set(one.name, one)
    one.setManager(controller)
  }
}

const status = (): SwitchesStatus => {
  let [connected, ports, flows, meters, flowMods] = [0, 0, 0, 0, 0]
  for (const one of switches.values()) {
    const { bridge } = one
    flowMods += one.flowMods
    if (bridge === undefined) continue
    if (bridge.connected) connected += 1
    ports += bridge.ports.size
    flows += bridge.datapath.flows.size
    meters += bridge.datapath.meters.size
  }
  return {
    nodes: switches.size,
    connected,
    ports,
    flows,
    meters,
    flowMods,
    arrived,
    rss: process.memoryUsage.rss(),
  }
}

const talk = ({ node, interface: name, from, to }: TalkedPacket): void => {
  const [source, destination] = [from, to].map((value) => ip(4, BigInt(value)))
  if (source === undefined || destination === undefined) return
  const [sourceMac, destinationMac] = [derivedMac([source]), derivedMac([destination])]
  named(node).inject(name, echoFrame({ sourceMac, destinationMac, source, destination }))
}

const flows = (): Readonly<Record<string, number>> =>
  Object.fromEntries([...switches].map(([name, { bridge }]) => [name, bridge?.datapath.flows.size ?? 0]))

const named = (name: string): FakeSwitch => {
  const one = switches.get(name)
  if (one === undefined) throw new TypeError(`there is no node ${name}`)
  return one
}

const carryOut = (command: SwitchCommand): object => {
  switch (command.do) {
    case 'start':
      start(command)
      return {}
    case 'plug':
      named(command.node).plug(...command.interfaces)
      return {}
    case 'unplug':
      named(command.node).unplug(command.interface)
      return {}
    case 'carrier':
      named(command.node).setCarrier(command.interface, command.up)
      return {}
    case 'restart':
      for (const name of command.nodes ?? switches.keys()) named(name).restart()
      return {}
    case 'drop':
      for (const name of command.nodes ?? switches.keys()) named(name).drop('both')
      return {}
    case 'talk':
      for (const packet of command.packets) talk(packet)
      return {}
    case 'flows':
      return { flows: flows() }
    case 'status':
      return status()
    case 'stop':
      for (const one of switches.values()) one.stop()
      return {}
  }
}

const answer = (line: string): object => {
  try {
    const command = JSON.parse(line) as SwitchCommand
    return { done: command.do, ...carryOut(command) }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

/** Serves standard input until it ends or says `stop`. */
export const serveCommands = async (): Promise<void> => {
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue
    const said = answer(line)
    process.stdout.write(`${JSON.stringify(said)}\n`)
    if ('done' in said && said.done === 'stop') break
  }
  for (const one of switches.values()) one.stop()
  await setTimeout(50) // what is being closed gets its turn
  process.exit(0)
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  await serveCommands()
