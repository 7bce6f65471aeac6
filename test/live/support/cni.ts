/** Calls of the CNI executable as a runtime makes them, on a node of a lab, for containers that are empty network namespaces. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Command } from '#cni/environment.js'
import { run, tryRun } from '#lab/command.js'
import type { Lab } from '#lab/lab.js'
import { namespaceOf } from '#lab/names.js'
import type { LabNode } from '#lab/node.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** Where `npm run build:cni` puts the executable. */
export const pluginDirectory = `${root}dist`
/** Where Debian's `containernetworking-plugins` are. */
export const referenceDirectory = '/usr/lib/cni'

/** Builds the executable where it is older than its sources. */
export const buildPlugin = async (): Promise<void> => {
  await promisify(execFile)('bash', [`${root}deploy/build-cni.sh`])
}

export interface CniAnswer {
  readonly code: number
  /** Standard output as JSON; undefined where it is empty. */
  readonly body: CniBody | undefined
}

/** What tests read of answers: results and errors in one. */
export interface CniBody {
  readonly cniVersion?: string
  readonly code?: number
  readonly msg?: string
  readonly details?: string
  readonly interfaces?: readonly { readonly name: string; readonly mac?: string; readonly sandbox?: string }[]
  readonly ips?: readonly { readonly address: string; readonly gateway?: string }[]
}

export interface CniCall {
  readonly container: string
  readonly interfaceName?: string
  /** Path of the namespace; empty where it has gone. */
  readonly netns?: string
  readonly args?: string
  readonly configuration: Readonly<Record<string, unknown>>
  /** `heddle-cni` unless told. */
  readonly plugin?: string
  /** The plugin is killed, by SIGKILL, after so many milliseconds. */
  readonly killAfterMs?: number
}

/** A container: a namespace that goes with the lab. */
export interface Container {
  readonly id: string
  readonly netns: string
  exec(...command: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }>
  remove(): Promise<void>
}

export const makeContainer = async (lab: Lab, id: string): Promise<Container> => {
  const namespace = namespaceOf(lab.name, id)
  await run('ip', ['netns', 'add', namespace])
  const netns = `/run/netns/${namespace}`
  return {
    id,
    netns,
    exec: (...command) => tryRun('nsenter', [`--net=${netns}`, ...command]),
    remove: () => run('ip', ['netns', 'del', namespace]).then(() => {}),
  }
}

/** Calls a plugin on a node. */
export const callCni = async (node: LabNode, command: Command, call: CniCall): Promise<CniAnswer> => {
  const {
    container,
    interfaceName = 'eth0',
    netns = '',
    args = '',
    plugin = 'heddle-cni',
    killAfterMs,
  } = call
  const path = plugin === 'heddle-cni' ? pluginDirectory : referenceDirectory
  const variables = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: container,
    CNI_IFNAME: interfaceName,
    CNI_NETNS: netns,
    CNI_ARGS: args,
    CNI_PATH: `${pluginDirectory}:${referenceDirectory}`,
  }
  const words = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  const limit = killAfterMs === undefined ? [] : ['timeout', '--signal=KILL', String(killAfterMs / 1000)]
  const program = [
    'nsenter',
    `--net=/run/netns/${node.namespace}`,
    'env',
    ...words,
    ...limit,
    `${path}/${plugin}`,
  ]
  const input = JSON.stringify({ cniVersion: '1.1.0', type: plugin, ...call.configuration })
  const [first = '', ...rest] = program
  const { code, stdout } = await tryRun(first, rest, { input })
  return { code, body: stdout.trim() === '' ? undefined : JSON.parse(stdout) }
}

/** Names of the plugin's interfaces on a node. */
export const hostEnds = async (node: LabNode): Promise<readonly string[]> => {
  const { stdout } = await node.exec(['ip', '-json', 'link', 'show', 'type', 'veth'])
  const links: readonly { readonly ifname?: string }[] = JSON.parse(stdout || '[]')
  return links.flatMap(({ ifname }) => (ifname?.startsWith('hc') === true ? [ifname] : []))
}
