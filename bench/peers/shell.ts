/** Wires as people script them: `ovs-vsctl` for the numbers, `ovs-ofctl` for the flows, one process after the other. */
import type { Lab } from '#lab/lab.js'
import { portName } from '../wire-fabric.js'

const bridge = 'br-int'
const tunnel = 'vxlan0'

export const prepareShell = async (lab: Lab): Promise<void> => {
  for (const node of lab.nodes) {
    await node.vsctl(
      ...['--may-exist', 'add-port', bridge, tunnel, '--', 'set', 'Interface', tunnel, 'type=vxlan'],
      ...['options:remote_ip=flow', 'options:key=flow'],
    )
  }
}

/** Makes wire `index` with VNI `index + 1` between the ports of that index. */
export const makeByShell = async (lab: Lab, index: number): Promise<void> => {
  const [one, other] = lab.nodes
  if (one === undefined || other === undefined) throw new RangeError('two nodes are needed')
  for (const [node, far] of [
    [one, other],
    [other, one],
  ] as const) {
    const port = (await node.vsctl('get', 'Interface', portName(index), 'ofport')).trim()
    const through = (await node.vsctl('get', 'Interface', tunnel, 'ofport')).trim()
    const vni = index + 1
    await node.ofctl(
      'add-flow',
      bridge,
      `in_port=${port},actions=set_field:${vni}->tun_id,set_field:${far.rloc}->tun_dst,output:${through}`,
    )
    await node.ofctl(
      'add-flow',
      bridge,
      `in_port=${through},tun_id=${vni},tun_src=${far.rloc},actions=output:${port}`,
    )
  }
}

export const clearShell = async (lab: Lab): Promise<void> => {
  for (const node of lab.nodes) await node.ofctl('del-flows', bridge)
}
