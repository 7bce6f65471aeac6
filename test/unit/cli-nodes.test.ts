/** `heddle nodes` and `heddle flows`: what they ask of REST and print. */
import { describe, expect, it } from 'vitest'
import type { Flow, Node, Port } from '#api/client.js'
import { controllerWith, problem } from './cli-controller.js'
import { heddle } from './cli-support.js'

const n1: Node = {
  name: 'n1',
  state: 'ready',
  spec: { target: 'tcp:192.0.2.1:6640' },
  peer: 'tcp:192.0.2.1:6640',
  rloc: '192.0.2.1',
  datapathId: '0000c6a4b7d0f04a',
  datapathType: 'netdev',
  ovsVersion: '3.1.0',
  underlayMtu: 1500,
  tunnelOfport: 1,
  ports: 12,
  flows: 40,
  links: 20,
  connectedAt: '2026-01-31T10:58:57.000Z',
}
const n2: Node = {
  name: 'n2',
  state: 'offline',
  reason: 'no OVSDB connection',
  spec: {},
  underlayMtu: 9000,
  ports: 0,
  flows: 0,
  links: 3,
}

describe('heddle nodes', () => {
  const controller = () => controllerWith({ 'GET /v1/nodes': { body: { nodes: [n1, n2] } } })

  it('lists them', async () => {
    expect((await heddle('nodes list', controller())).out).toMatchInlineSnapshot(`
      "NODE  STATE    RLOC       DATAPATH  OVS    PORTS  LINKS  FLOWS  WHY
      n1    ready    192.0.2.1  netdev    3.1.0     12     20     40
      n2    offline                                  0      3      0  no OVSDB connection
      "
    `)
    expect(JSON.parse((await heddle('nodes list --state offline -o json', controller())).out)).toEqual([n2])
  })

  it.each([n1, n2])('shows $name', async (node) => {
    const { fetch } = controllerWith({ [`GET /v1/nodes/${node.name}`]: { body: node } })
    expect((await heddle(`nodes show ${node.name}`, { fetch })).out).toMatchSnapshot()
  })

  it('prints what a node has to run to be an endpoint itself', async () => {
    const endpoint = {
      network: 'default',
      status: { state: 'up' },
      addresses: [
        { address: '10.9.0.2', prefixLength: 24, gateway: '10.9.0.1' },
        { address: 'fd09::2', prefixLength: 64, gateway: 'fd09::1' },
      ],
      routes: [{ destination: '10.20.0.0/16' }, { destination: '0.0.0.0/0' }],
      mtu: 1450,
    }
    const subnets = [
      { cidr: '10.9.0.0/24', gateway: '10.9.0.1' },
      { cidr: '10.10.0.0/24', gateway: '10.10.0.1' },
      { cidr: 'fd09::/64', gateway: 'fd09::1' },
    ]
    const { fetch } = controllerWith({
      'GET /v1/nodes/n1': { body: n1 },
      'GET /v1/endpoints/node-n1': { body: endpoint },
      'GET /v1/networks/default': { body: { subnets } },
    })
    expect((await heddle('nodes setup n1 --masquerade', { fetch })).out).toMatchSnapshot()
    const pending = {
      ...endpoint,
      status: { state: 'pending', reasons: [{ message: 'n1 is not connected' }] },
    }
    const late = controllerWith({
      'GET /v1/nodes/n1': { body: n1 },
      'GET /v1/endpoints/node-n1': { body: pending },
    })
    expect(await heddle('nodes setup n1', late)).toMatchObject({
      code: 4,
      err: expect.stringContaining('n1 is not connected'),
    })
  })

  it('adds one that is to be dialled', async () => {
    const world = controllerWith({ 'PUT /v1/nodes/n1': { status: 201, body: n1 } })
    const { code } = await heddle('nodes add n1 --target tcp:192.0.2.1:6640 --underlay-mtu 9000', world)
    expect(code).toBe(0)
    expect(world.asked).toEqual([
      { method: 'PUT', path: '/v1/nodes/n1', body: { target: 'tcp:192.0.2.1:6640', underlayMtu: 9000 } },
    ])
  })

  it('forgets one at which no link ends', async () => {
    const inUse = problem(409, 'node-in-use', '3 links end at node n2', { owner: 'link blue' })
    const world = controllerWith({ 'DELETE /v1/nodes/n1': { status: 204 }, 'DELETE /v1/nodes/n2': inUse })
    expect(await heddle('nodes remove n1', world)).toEqual({ code: 0, out: 'node n1 is removed\n', err: '' })
    const { code, err } = await heddle('nodes remove n2', world)
    expect(code).toBe(1)
    expect(err).toContain('heddle links list --node')
  })

  it('lists the ports of one', async () => {
    const ports: Port[] = [
      { name: 'heddle-vxlan', ofport: 1, ours: true },
      { name: 'eth0', ofport: 2, ours: true, mac: '02:00:00:00:00:01', mtu: 1450, linkDown: true },
      { name: 'eth1', ofport: 3, ours: true, linkDown: true, held: true },
      { name: 'gone', ours: false, error: 'could not open network device gone (No such device)' },
    ]
    const { fetch } = controllerWith({ 'GET /v1/nodes/n1/ports': { body: { ports } } })
    expect((await heddle('nodes ports n1', { fetch })).out).toMatchInlineSnapshot(`
      "PORT          OFPORT  STATE       MAC                 MTU  OWNER   ERROR
      heddle-vxlan       1  up                                   heddle
      eth0               2  no carrier  02:00:00:00:00:01  1450  heddle
      eth1               3  held down                            heddle
      gone                  error                                others  could not open network device gone (No such device)
      "
    `)
  })
})

describe('heddle flows', () => {
  const flow: Flow = {
    table: 'classify',
    priority: 200,
    cookie: '0x0000000000000001',
    match: 'in_port=2',
    actions: 'output:3',
    text: ' cookie=0x1, duration=5s, table=0, n_packets=7, n_bytes=700, priority=200,in_port=2 actions=output:3',
    packets: '7',
    bytes: '700',
    durationSeconds: 5,
    origin: { kind: 'link', name: 'blue', requestId: 'req-1', by: 'alice', at: '2026-01-31T11:59:00.000Z' },
  }
  const { origin: _origin, ...foreign } = { ...flow, text: 'cookie=0x0, table=0, priority=0 actions=NORMAL' }
  const world = () =>
    controllerWith({
      'GET /v1/nodes/n1/flows': {
        body: { flows: [flow, { ...flow, origin: { kind: 'node', name: 'n1' } }, foreign] },
      },
    })

  it('are printed with what each exists for', async () => {
    expect((await heddle('flows n1', world())).out).toMatchInlineSnapshot(`
      "cookie=0x1, duration=5s, table=0, n_packets=7, n_bytes=700, priority=200,in_port=2 actions=output:3 # link blue, by alice, 2026-01-31T11:59:00.000Z, request req-1
      cookie=0x1, duration=5s, table=0, n_packets=7, n_bytes=700, priority=200,in_port=2 actions=output:3 # node n1
      cookie=0x0, table=0, priority=0 actions=NORMAL # not ours
      "
    `)
  })

  it('are filtered by link, or to those of others', async () => {
    expect(JSON.parse((await heddle('flows n1 --link blue -o json', world())).out)).toEqual([flow])
    expect((await heddle('flows n1 --foreign', world())).out).toBe(
      'cookie=0x0, table=0, priority=0 actions=NORMAL # not ours\n',
    )
    expect(await heddle('flows n1 --link red', world())).toEqual({ code: 0, out: '', err: 'no flows\n' })
  })
})
