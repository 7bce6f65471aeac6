/** Two real nodes with ports that are there already: the ground on which Heddle and its peers make wires. */
import { createLab } from '#lab/create-lab.js'
import type { Lab } from '#lab/lab.js'

/** Ports of each node: `w0` … */
export const portName = (index: number): string => `w${index}`

/** A lab of two nodes, each with a bridge that has `ports` internal ports. */
export const createWireLab = async (name: string, bridge: string, ports: number): Promise<Lab> => {
  const lab = await createLab({ name, nodes: 2 })
  await Promise.all(lab.nodes.map((node) => addPorts(node, bridge, ports)))
  return lab
}

type Node = Lab['nodes'][number]

/** `iface-id` is what OVN binds a logical port by; the others do not look at it. */
export const interfaceId = (node: string, index: number): string => `${node}-${portName(index)}`

const addPorts = async (node: Node, bridge: string, ports: number): Promise<void> => {
  await node.vsctl(
    '--may-exist',
    'add-br',
    bridge,
    '--',
    'set',
    'Bridge',
    bridge,
    'datapath_type=netdev',
    'fail_mode=secure',
  )
  for (let from = 0; from < ports; from += 100) {
    const commands = Array.from({ length: Math.min(100, ports - from) }, (_, offset) => {
      const name = portName(from + offset)
      const id = interfaceId(node.name, from + offset)
      return [
        '--',
        'add-port',
        bridge,
        name,
        '--',
        'set',
        'Interface',
        name,
        'type=internal',
        `external_ids:iface-id=${id}`,
      ]
    })
    await node.vsctl(...commands.flat())
  }
  const lines = Array.from({ length: ports }, (_, index) => `link set ${portName(index)} up`)
  const { code, stderr } = await node.exec(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` })
  if (code !== 0) throw new Error(`ports of ${node.name} cannot be set up: ${stderr}`)
}
