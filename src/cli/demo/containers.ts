/** The containers of the demo: hosts that the CNI plugin gives an interface, called as a runtime calls it. */
import { fileURLToPath } from 'node:url'
import { tryRun } from '#lab/command.js'
import type { HostOptions, LabHost } from '#lab/host.js'
import { CheckFailed } from './check.js'
import type { Stage } from './stage.js'

/** Where `npm run build:cni` puts the executable; the demo runs as compiled, in dist/src/cli/demo. */
const plugin = fileURLToPath(new URL('../../../heddle-cni', import.meta.url))

export const network = 'pods'
export const networkSpec = { subnets: [{ cidr: '10.77.0.0/24' }, { cidr: 'fd77::/64' }] }

/** A host of a lab has a cable; this one is plugged into nothing. */
const interfaces = ['spare']

export const containers: readonly HostOptions[] = [
  { name: 'c1', node: 'n1', interfaces },
  { name: 'c2', node: 'n2', interfaces },
  { name: 'c3', node: 'n3', interfaces },
]

/** What of a result of ADD the demo looks at: CNI specification 1.1.0. */
interface Result {
  readonly msg?: string
  readonly ips?: readonly { readonly address: string }[]
}

/** Runs the plugin on the node of a container. @throws CheckFailed with the plugin's words */
export const callPlugin = async (
  stage: Stage,
  command: 'ADD' | 'DEL',
  { name, node, namespace }: LabHost,
): Promise<Result> => {
  const variables = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: name,
    CNI_IFNAME: 'eth0',
    CNI_NETNS: `/run/netns/${namespace}`,
    CNI_PATH: '/opt/cni/bin',
  }
  const configuration = {
    cniVersion: '1.1.0',
    name: network,
    type: 'heddle-cni',
    controller: stage.controller.url,
    node,
    isDefaultGateway: true,
    stateDirectory: `${await stage.directory()}/cni-${node}`,
  }
  const words = Object.entries(variables).map(([key, value]) => `${key}=${value}`)
  // Not `ip netns exec`, which mounts a /sys of its own.
  const enter = [`--net=/run/netns/${stage.lab.node(node).namespace}`, 'env', ...words, plugin]
  const { code, stdout, stderr } = await tryRun('nsenter', enter, { input: JSON.stringify(configuration) })
  const result: Result = stdout.trim() === '' ? {} : JSON.parse(stdout)
  if (code === 0) return result
  throw new CheckFailed(`${command} of ${name} to succeed`, result.msg ?? stderr)
}

/** The addresses of a container, IPv4 first. */
export const addressesOf = ({ ips = [] }: Result): readonly string[] =>
  ips.map(({ address }) => address.split('/', 1)[0] ?? address)
