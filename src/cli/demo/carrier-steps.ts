/** Carrier is carried: a cable pulled at one end is seen at the other, and seen again when it is back. */
import { far } from './hosts.js'
import type { Look, Stage } from './stage.js'
import type { Step } from './step.js'

const carrierAtFarEnd = async (stage: Stage, expected: '0' | '1'): Promise<void> => {
  const { host, device } = far.b
  const file = `/sys/class/net/${device}/carrier`
  const there = await stage.host(host)
  const look = async (): Promise<Look<true>> => {
    const said = (await there.exec(['cat', file])).stdout.trim()
    return { value: said === expected ? true : undefined, found: said }
  }
  await stage.until(`${expected} in ${file} of ${host}`, look)
}

const turn = async (stage: Stage, way: 'down' | 'up'): Promise<string> => {
  const { host, device } = far.a
  await (await stage.host(host)).setLink(device, way)
  await carrierAtFarEnd(stage, way === 'down' ? '0' : '1')
  return `ip link set ${device} ${way} in ${host} on ${far.a.node}; seen by ${far.b.host} on ${far.b.node}`
}

export const carrierSteps: readonly Step[] = [
  {
    name: 'carrier-down',
    title: 'carrier lost at one end is lost at the other',
    run: (stage) => turn(stage, 'down'),
  },
  { name: 'carrier-up', title: 'and comes back', run: (stage) => turn(stage, 'up') },
]
