/** One host of a lab: a network namespace that stands for a container, with a cable to its node for each interface. */
import { isIP } from 'node:net'
import { type CommandOptions, type CommandResult, runMany, tryRun } from './command.js'
import { LabError } from './errors.js'
import { runIp, runIpBatches } from './ip-batch.js'
import { arrivalLines, cableLines, hostLines } from './layout.js'
import { checkInterfaceName, checkMemberName, deviceOf, namespaceOf } from './names.js'
import { labDirectory, netnsFile } from './paths.js'
import { type HostInterface, type HostState, readHost, writeHost } from './state.js'

const mtuMin = 68
const mtuMax = 65_535
const mtuDefault = 1500

export interface InterfaceOptions {
  name: string
  /** Bytes, 68 to 65,535; 1,500 unless told. */
  mtu?: number
  mac?: string
  /** With prefix length: `10.0.0.1/24`, `2001:db8::1/64`. */
  addresses?: readonly string[]
}

export interface HostOptions {
  name: string
  node: string
  interfaces: readonly (string | InterfaceOptions)[]
}

export interface LabHost extends HostState {
  readonly namespace: string
  /** The node's end of an interface: what a wire names. @throws LabError `interface-unknown` */
  device(interfaceName: string): string
  /** Command and arguments that run `command` inside the host. */
  enter(command: readonly string[]): string[]
  /** Runs a command inside the host to its end. */
  exec(command: readonly string[], options?: CommandOptions): Promise<CommandResult>
  /** Takes the host's end of an interface down or up: its peer on the node loses carrier. */
  setLink(interfaceName: string, state: 'up' | 'down'): Promise<void>
}

const invalid = (message: string): LabError => new LabError('invalid-option', message)

const checkAddress = (address: string): string => {
  const [ip = '', prefix, ...rest] = address.split('/')
  const family = isIP(ip)
  const length = Number(prefix)
  const fits = /^\d+$/.test(prefix ?? '') && length <= (family === 6 ? 128 : 32)
  if (family !== 0 && fits && rest.length === 0) return address
  throw invalid(`"${address}" is not an address with prefix length, such as 10.0.0.1/24`)
}

const checkMac = (mac: string): string => {
  if (/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac)) return mac
  throw invalid(`"${mac}" is not a MAC address, such as 02:00:00:00:00:01`)
}

/** @throws LabError `invalid-option` */
export const checkMtu = (mtu: number): number => {
  if (Number.isInteger(mtu) && mtu >= mtuMin && mtu <= mtuMax) return mtu
  throw invalid(`${mtu} is not an MTU: ${mtuMin} to ${mtuMax} bytes`)
}

/** Checks what was asked for and names the devices. @throws LabError `invalid-name`, `invalid-option` */
export const planHost = ({ name, node, interfaces }: HostOptions): HostState => {
  checkMemberName(name)
  const planned = interfaces.map((asked): HostInterface => {
    const options = typeof asked === 'string' ? { name: asked } : asked
    return {
      name: checkInterfaceName(options.name),
      device: deviceOf(name, options.name),
      mtu: checkMtu(options.mtu ?? mtuDefault),
      ...(options.mac === undefined ? {} : { mac: checkMac(options.mac) }),
      addresses: (options.addresses ?? []).map(checkAddress),
    }
  })
  const names = planned.map((each) => each.name)
  const twice = names.find((each, index) => names.indexOf(each) !== index)
  if (twice !== undefined) throw invalid(`host ${name} was given the interface ${twice} twice`)
  if (names.length === 0) throw invalid(`host ${name} needs at least one interface`)
  return { name, node, interfaces: planned }
}

/** Frames with checksums left for a network card to fill in arrive broken behind a userspace datapath. */
const turnOffloadOff = (lab: string, hosts: readonly HostState[]): Promise<void> => {
  const calls = hosts.flatMap(({ name, interfaces }) => {
    const enter = `--net=${netnsFile(namespaceOf(lab, name))}`
    return interfaces.map((each) => [enter, 'ethtool', '-K', each.name, 'tx', 'off'])
  })
  return runMany('nsenter', calls)
}

/** Makes the namespaces, cables and addresses of hosts whose names are taken already. */
export const buildHosts = async (lab: string, hosts: readonly HostState[]): Promise<void> => {
  const directory = labDirectory(lab)
  await runIp(directory, { lines: hosts.map(({ name }) => `netns add ${namespaceOf(lab, name)}`) })
  const nodes = [...new Set(hosts.map((host) => host.node))]
  const cables = nodes.map((node) => {
    const members = hosts.filter((host) => host.node === node)
    const lines = members.flatMap(({ name, interfaces }) => cableLines(namespaceOf(lab, name), interfaces))
    return { namespace: namespaceOf(lab, node), lines }
  })
  await runIpBatches(directory, cables)
  await turnOffloadOff(lab, hosts)
  const settings = hosts.map(({ name, interfaces }) => {
    return { namespace: namespaceOf(lab, name), lines: hostLines(interfaces) }
  })
  await runIpBatches(directory, settings)
}

/** Unplugs all cables of a host and plugs them into another node; the node's ends keep their names. */
export const moveHost = async (lab: string, name: string, to: string): Promise<void> => {
  const host = await readHost(lab, name)
  if (host.node === to) return
  const directory = labDirectory(lab)
  const namespace = namespaceOf(lab, to)
  const leave = host.interfaces.map(({ device }) => `link set ${device} netns ${namespace}`)
  await runIp(directory, { namespace: namespaceOf(lab, host.node), lines: leave })
  await runIp(directory, { namespace, lines: host.interfaces.flatMap(arrivalLines) })
  await writeHost(lab, { ...host, node: to })
}

export const hostOf = (lab: string, state: HostState): LabHost => {
  const namespace = namespaceOf(lab, state.name)
  const enter = (command: readonly string[]): string[] => ['ip', 'netns', 'exec', namespace, ...command]
  const find = (interfaceName: string): HostInterface => {
    const found = state.interfaces.find((each) => each.name === interfaceName)
    if (found !== undefined) return found
    const names = state.interfaces.map((each) => each.name).join(', ')
    throw new LabError(
      'interface-unknown',
      `host ${state.name} has no interface ${interfaceName}, only ${names}`,
    )
  }
  return {
    ...state,
    namespace,
    device: (interfaceName) => find(interfaceName).device,
    enter,
    exec: (command, options) => {
      const [program = '', ...args] = enter(command)
      return tryRun(program, args, options)
    },
    setLink: (interfaceName, up) =>
      runIp(labDirectory(lab), { namespace, lines: [`link set ${find(interfaceName).name} ${up}`] }),
  }
}
