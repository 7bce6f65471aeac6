/** Nodes as endpoints of the default network: one for each node that has joined, whatever came first. */
import { beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '#model/logger.js'
import type { NetworkSpec } from '#model/network.js'
import { nodeEndpointIdOf } from '#model/node-port.js'
import { NodeEndpoints } from '../../../src/fabric/node-endpoints.js'
import { type NetworksStage, stageNetworks } from '../../fake/live-networks.js'
import { VirtualClock } from '../../fake/virtual-clock.js'

const request = { provenance: { requestId: 'r1', by: 'ops', at: 0 }, waitMs: 0 }
const network: NetworkSpec = { name: 'default', subnets: [{ cidr: '10.9.0.0/24' }, { cidr: 'fd09::/64' }] }

let stage: NetworksStage
let leads = true

const start = (name: string | undefined = 'default'): NodeEndpoints => {
  const { store, networks, overlay } = stage
  const nodeEndpoints = new NodeEndpoints({
    network: name,
    overlay,
    nodes: () => [...store.nodes()].map((node) => node.name),
    leads: () => leads,
    put: (id, spec, one) => networks.putEndpoint(id, spec, one),
    clock: new VirtualClock(),
    logger: silentLogger,
  })
  store.onChange((change) => nodeEndpoints.stored(change))
  nodeEndpoints.look()
  return nodeEndpoints
}

const join = (name: string): Promise<void> => stage.store.commit({ putNode: { name, spec: {}, joinedAt: 0 } })

const seen = (): string[] =>
  [...stage.networks.endpoints()].map(
    ({ endpoint: { id, network: of, interface: name, addresses } }) =>
      `${id} ${of} ${name} ${addresses.length}`,
  )

/** What follows a commit happens in turns of the event loop. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

beforeEach(() => {
  leads = true
  stage = stageNetworks(new VirtualClock())
})

describe('the endpoint of a node', () => {
  it.each([
    [
      'the node',
      async () => [await join('n1'), await stage.networks.putNetwork('default', network, request)],
    ],
    [
      'the network',
      async () => [await stage.networks.putNetwork('default', network, request), await join('n1')],
    ],
  ])('is made once both are there, %s first', async (_, both) => {
    start()
    await both()
    await settled()
    expect(seen()).toEqual(['node-n1 default heddle0 2'])
  })

  it('is made for what was there before this controller, and not twice', async () => {
    await join('n1')
    await join('n2')
    await stage.networks.putNetwork('default', network, request)
    start()
    await settled()
    const before = seen()
    expect(before).toEqual(['node-n1 default heddle0 2', 'node-n2 default heddle0 2'])
    start().look()
    await settled()
    expect(seen()).toEqual(before)
  })

  it('waits until this controller leads', async () => {
    await join('n1')
    await stage.networks.putNetwork('default', network, request)
    leads = false
    const waiting = start()
    await settled()
    expect(seen()).toEqual([])
    leads = true
    waiting.look()
    await settled()
    expect(seen()).toHaveLength(1)
  })

  it('is not made without a setting, in another network, in an isolated one, or where the port is an endpoint', async () => {
    await join('n1')
    await stage.networks.putNetwork('default', { ...network, isolation: true }, request)
    await stage.networks.putNetwork('blue', { ...network, name: 'blue' }, request)
    start()
    start('absent')
    await settled()
    expect(seen()).toEqual([])
    await stage.networks.putEndpoint(
      'by-hand',
      { id: 'by-hand', network: 'blue', node: 'n1', interface: 'heddle0' },
      request,
    )
    await stage.networks.putNetwork('default', network, request)
    await settled()
    expect(seen()).toEqual(['by-hand blue heddle0 2'])
  })

  it('is left out where the network has no address for it, and nothing else is hindered', async () => {
    await stage.networks.putNetwork(
      'default',
      { name: 'default', subnets: [{ cidr: '10.9.0.0/30' }] },
      request,
    )
    start()
    await join('n1')
    await join('n2')
    await settled()
    expect(seen()).toHaveLength(1)
  })

  it('has an id of 64 characters at most', () => {
    expect(nodeEndpointIdOf('n1')).toBe('node-n1')
    const [one, other] = ['a', 'b'].map((end) => nodeEndpointIdOf(`${'n'.repeat(63)}${end}`))
    expect(one).toHaveLength(64)
    expect(one).not.toBe(other)
  })
})
