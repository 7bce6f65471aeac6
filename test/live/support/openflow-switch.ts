/** A real switch in a lab of one node whose bridge has us as its controller, and the channel to it. */

import { createLab } from '#lab/create-lab.js'
import type { Lab } from '#lab/lab.js'
import type { LabNode } from '#lab/node.js'
import { destroyLab } from '#lab/teardown.js'
import { systemClock } from '#link/clock.js'
import type { Listener } from '#link/listen.js'
import { systemRandom } from '#link/random.js'
import type { Channel, ChannelOptions, EventMessage } from '#openflow/channel.js'
import { listenForSwitches } from '#openflow/listen.js'

export const bridge = 'br-test'

export interface LiveSwitch {
  readonly lab: Lab
  readonly node: LabNode
  readonly channel: Channel
  /** Everything that the switch has said unasked so far. */
  readonly events: EventMessage[]
  stop(): Promise<void>
}

/** Open vSwitch connects to no other socket than RUNDIR/BRIDGE.controller. */
export const controllerSocket = (node: LabNode): string => `${node.directory}/${bridge}.controller`

/** A bridge that does nothing by itself. */
export const addBridge = async (node: LabNode): Promise<void> => {
  const settings = ['datapath_type=netdev', 'fail_mode=secure', 'other_config:disable-in-band=true']
  await node.vsctl('add-br', bridge, '--', 'set', 'Bridge', bridge, ...settings)
}

/** Makes a lab called `name` with a bridge, and waits until the bridge has connected. */
export const startSwitch = async (
  name: string,
  options: Partial<ChannelOptions> = {},
): Promise<LiveSwitch> => {
  await destroyLab(name)
  const lab = await createLab({ name, nodes: 1, datapath: 'netdev' })
  const [node] = lab.nodes
  if (node === undefined) throw new Error('a lab without a node')
  const events: EventMessage[] = []
  const path = controllerSocket(node)
  await addBridge(node)
  const { listener, channel } = await firstSwitch(
    path,
    {
      clock: systemClock,
      random: systemRandom,
      onEvent: (event) => events.push(event),
      ...options,
    },
    () => node.vsctl('set-controller', bridge, `unix:${path}`),
  )
  return {
    lab,
    node,
    channel,
    events,
    stop: async () => {
      await listener.close()
      await destroyLab(name)
    },
  }
}

/** Listens, has the switch connect, and waits for its channel. */
const firstSwitch = (path: string, options: ChannelOptions, connect: () => Promise<unknown>) =>
  new Promise<{ readonly listener: Listener; readonly channel: Channel }>((resolve, reject) => {
    let listener: Listener
    const onSwitch = (channel: Channel): void => resolve({ listener, channel })
    const onFailed = (_: string, error: Error): void => reject(error)
    listenForSwitches({ kind: 'punix', path }, { ...options, onSwitch, onFailed })
      .then((made) => {
        listener = made
        return connect()
      })
      .catch(reject)
  })
