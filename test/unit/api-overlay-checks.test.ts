/** `/v1/fsck` and the map-cache of a node: looking into overlay networks. */
import { beforeEach, describe, expect, it } from 'vitest'
import { parseIp } from '#model/cidr.js'
import { type Rest, startRest } from '../fake/rest.js'

let rest: Rest
beforeEach(async () => {
  rest = startRest()
  const subnets = [{ cidr: '10.0.0.0/24' }, { cidr: '2001:db8::/64' }]
  await rest.call('PUT', '/v1/networks/red', { subnets })
})

it('GET /v1/nodes/{node}/map-cache tells why each entry is there', async () => {
  const eid = parseIp('10.0.0.7')
  if (eid === undefined) throw new TypeError('no address')
  rest.overlay.switches.cache = [
    {
      network: 'red',
      eid,
      node: 'n2',
      rloc: '192.0.2.2',
      why: 'resolved',
      packets: 2n ** 60n,
      idleSeconds: 3,
    },
    { network: 'red', eid, why: 'negative', packets: 0n },
  ]
  expect(Object((await rest.call('GET', '/v1/nodes/n1/map-cache')).body).entries).toEqual([
    {
      network: 'red',
      eid: '10.0.0.7',
      node: 'n2',
      rloc: '192.0.2.2',
      why: 'resolved',
      packets: '1152921504606846976',
      idleSeconds: 3,
    },
    { network: 'red', eid: '10.0.0.7', why: 'negative', packets: '0' },
  ])
  expect((await rest.call('GET', '/v1/nodes/none/map-cache')).status).toBe(404)
  expect((await rest.call('GET', '/v1/nodes/offline/map-cache')).status).toBe(503)
})

describe('GET /v1/fsck', () => {
  it('names what is not so', async () => {
    await rest.call('PUT', '/v1/endpoints/e1', { network: 'red', node: 'n1', interface: 'v' })
    const [endpoint] = rest.overlay.store.endpoints()
    const address = parseIp('10.0.0.50')
    if (endpoint === undefined || address === undefined) throw new TypeError('nothing is there')
    await rest.overlay.store.commit({
      putLeases: [
        { network: 'red', address, owner: 'e1' },
        ...endpoint.addresses.slice(0, 1).map((one) => ({ network: 'red', address: one, until: 5 })),
      ],
    })
    const { status, body } = await rest.call('GET', '/v1/fsck')
    expect(status).toBe(200)
    expect(body).toEqual({
      ok: false,
      findings: [
        {
          object: 'lease 10.0.0.50 of network red',
          message: 'its owner, endpoint e1, does not have the address: delete its row',
        },
        {
          object: 'endpoint e1',
          message: 'it has 10.0.0.2, and its lease rests: delete the endpoint and put it again',
        },
        {
          object: 'block 10.0.0.0/28 of network red',
          message: 'nobody has an address of it: delete its row',
        },
      ],
    })
  })
})
