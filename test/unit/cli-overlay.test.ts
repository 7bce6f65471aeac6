/** `heddle networks`, `endpoints`, `attach`, `fsck`, `map-cache`: what they ask of REST, what they print, how they end. */
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Endpoint, Lease, MapCacheEntry, Network } from '#api/client.js'
import { controllerWith, problem } from './cli-controller.js'
import { heddle } from './cli-support.js'

const made = { createdBy: 'alice', createdAt: '2026-01-31T11:59:00.000Z', requestId: 'req-1' }

const red: Network = {
  name: 'red',
  vni: 4096,
  subnets: [
    { cidr: '10.1.0.0/16', gateway: '10.1.0.1', exclude: ['10.1.0.0/28', '10.1.9.9/32'] },
    { cidr: '2001:db8::/64', gateway: '2001:db8::1', exclude: [] },
  ],
  resolution: 'on-demand',
  idleTimeoutSeconds: 300,
  routes: [{ destination: '0.0.0.0/0' }, { destination: '192.0.2.0/24', gateway: '10.1.0.7' }],
  reservations: [{ address: '10.1.0.20', endpoint: 'db' }],
  isolation: false,
  broadcast: true,
  endpoints: 2,
  nodes: 1,
  ...made,
}

const web: Endpoint = {
  id: 'web',
  network: 'red',
  vni: 4096,
  node: 'n1',
  interface: 'veth7',
  mac: '0a:58:0a:01:00:10',
  addresses: [
    { address: '10.1.0.16', prefixLength: 16, gateway: '10.1.0.1' },
    { address: '2001:db8::2', prefixLength: 64, gateway: '2001:db8::1' },
  ],
  routes: [{ destination: '0.0.0.0/0' }],
  mtu: 1450,
  container: { id: '0123456789abcdef', interface: 'eth0', namespace: 'default', pod: 'web-0' },
  labels: { app: 'web' },
  status: { state: 'up' },
  receipt: { storedMs: 0.42, portsReadyMs: 4, flowsConfirmedMs: { n1: 5.25 }, totalMs: 5.25 },
  ...made,
}

const { receipt: _receipt, container: _container, mtu: _mtu, ...bare } = web
const far: Endpoint = {
  ...bare,
  id: 'far',
  node: 'n9',
  routes: [],
  labels: {},
  status: {
    state: 'pending',
    reasons: [{ code: 'node-unknown', node: 'n9', message: 'no node n9 has joined' }],
  },
}

describe('heddle networks', () => {
  it('lists them', async () => {
    const { fetch } = controllerWith({ 'GET /v1/networks': { body: { networks: [red] } } })
    expect((await heddle('networks list', { fetch })).out).toMatchInlineSnapshot(`
      "NETWORK   VNI  SUBNETS                     MTU  RESOLUTION  NODES  ENDPOINTS
      red      4096  10.1.0.0/16, 2001:db8::/64       on-demand       1          2
      "
    `)
    expect(parse((await heddle('networks list -o yaml', { fetch })).out)).toEqual([red])
  })

  it('says so when there are none', async () => {
    const { fetch } = controllerWith({ 'GET /v1/networks': { body: { networks: [] } } })
    expect(await heddle('networks list', { fetch })).toEqual({ code: 0, out: '', err: 'no networks\n' })
  })

  it('shows one', async () => {
    const { fetch } = controllerWith({ 'GET /v1/networks/red': { body: red } })
    expect((await heddle('networks show red', { fetch })).out).toMatchInlineSnapshot(`
      "network     red
      vni         4096
      subnets     10.1.0.0/16 by 10.1.0.1, without 10.1.0.0/28 10.1.9.9/32
                  2001:db8::/64 by 2001:db8::1
      mtu         what the underlay carries
      resolution  on-demand, entries idle for 300 s go
      routes      0.0.0.0/0
                  192.0.2.0/24 by 10.1.0.7
      reserved    10.1.0.20 for db
      broadcast   yes
      holds       2 endpoints on 1 node
      made        2026-01-31T11:59:00.000Z by alice, request req-1
      "
    `)
  })

  it('adds one: gateways and exclusions go to the subnet that they lie in', async () => {
    const world = controllerWith({ 'PUT /v1/networks/red': { status: 201, body: red } })
    const words = `networks add red --subnet 10.1.0.0/16 --subnet 2001:db8::/64 --gateway 2001:db8::ff
      --exclude 10.1.0.0/28 --exclude 10.1.9.9 --vni 4096 --mtu 1400 --proactive --idle-timeout 60
      --route 0.0.0.0/0 --route 192.0.2.0/24=10.1.0.7 --reserve 10.1.0.20=db --isolated --broadcast`
    expect((await heddle(words.split(/\s+/), world)).code).toBe(0)
    expect(world.asked).toEqual([
      {
        method: 'PUT',
        path: '/v1/networks/red',
        body: {
          subnets: [
            { cidr: '10.1.0.0/16', exclude: ['10.1.0.0/28', '10.1.9.9'] },
            { cidr: '2001:db8::/64', gateway: '2001:db8::ff' },
          ],
          vni: 4096,
          mtu: 1400,
          resolution: 'proactive',
          idleTimeoutSeconds: 60,
          routes: [{ destination: '0.0.0.0/0' }, { destination: '192.0.2.0/24', gateway: '10.1.0.7' }],
          reservations: [{ address: '10.1.0.20', endpoint: 'db' }],
          isolation: true,
          broadcast: true,
        },
      },
    ])
  })

  it('reads a file, and changes nothing in a dry run', async () => {
    const world = controllerWith({ 'PUT /v1/networks/red': { body: { ...red, dryRun: true } } })
    const files = { 'red.yaml': 'subnets:\n  - cidr: 10.1.0.0/16\nmtu: 1400\n' }
    const { code, err } = await heddle('networks add red --file red.yaml --dry-run', { ...world, files })
    expect({ code, err }).toEqual({ code: 0, err: 'nothing was changed\n' })
    expect(world.asked).toEqual([
      {
        method: 'PUT',
        path: '/v1/networks/red?dryRun=true',
        body: { subnets: [{ cidr: '10.1.0.0/16' }], mtu: 1400 },
      },
    ])
  })

  it('tells a mistake in a file by its line', async () => {
    const files = { 'red.yaml': 'subnets:\n  - cidr: 10.1.0.0/16\n    getaway: 10.1.0.1\n' }
    const { code, err } = await heddle('networks add red --file red.yaml', { files })
    expect(code).toBe(2)
    expect(err).toContain('red.yaml:3: subnets[0].getaway: there is no such field')
  })

  it.each([
    ['networks add red', /a network has a subnet: name it with --subnet, or --file/],
    ['networks add red --subnet 10.0.0.1', /Expected a prefix: 10\.0\.0\.0\/24/],
    [
      'networks add red --subnet 10.0.0.0/24 --gateway 10.1.0.1',
      /--gateway 10\.1\.0\.1 lies in none of the subnets/,
    ],
    ['networks add red --subnet 10.0.0.0/24 --route 0.0.0.0/0=x', /Expected an IP address/],
    ['networks add red --subnet 10.0.0.0/24 --reserve 10.0.0.5', /Expected 1 to 64 letters/],
    ['networks add red --subnet 10.0.0.0/24 --vni 0', /Expected a whole number from 1 to 16777215/],
    ['networks add red --subnet 10.0.0.0/24 --file x', /cannot be used with/],
  ])('%s is a usage error', async (line, message) => {
    const { code, err, out } = await heddle(line)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(message)
  })

  it('removes some, and names who is in the way', async () => {
    const { fetch } = controllerWith({
      'DELETE /v1/networks/red': { status: 204 },
      'DELETE /v1/networks/blue': problem(409, 'network-in-use', '2 endpoints are in network blue', {
        owner: 'endpoint web',
      }),
    })
    const { code, out, err } = await heddle('networks rm red blue', { fetch })
    expect({ code, out }).toEqual({ code: 1, out: 'network red is removed\n' })
    expect(err).toContain('look at it: heddle endpoints show web')
  })

  it('lists leases page by page', async () => {
    const leases: Lease[] = [
      { network: 'red', address: '10.1.0.16', owner: 'web', node: 'n1' },
      { network: 'red', address: '10.1.0.17', restsUntil: '2026-01-31T12:00:30.000Z' },
    ]
    const world = controllerWith({
      'GET /v1/leases': ({ path }) =>
        path.includes('after')
          ? { body: { leases: leases.slice(1) } }
          : { body: { leases: leases.slice(0, 1), next: 'red/10.1.0.16' } },
    })
    expect((await heddle('networks leases red', world)).out).toMatchInlineSnapshot(`
      "NETWORK  ADDRESS    ENDPOINT  NODE  RESTS
      red      10.1.0.16  web       n1
      red      10.1.0.17                  30.0 s
      "
    `)
    expect(world.asked.map(({ path }) => path)).toEqual([
      '/v1/leases?limit=1000&network=red',
      '/v1/leases?limit=1000&after=red%2F10.1.0.16&network=red',
    ])
  })
})

describe('heddle endpoints', () => {
  it('lists them, with why one is not up', async () => {
    const world = controllerWith({ 'GET /v1/endpoints': { body: { endpoints: [web, far] } } })
    const { out } = await heddle('endpoints list --network red --node n1 --state up --container c', world)
    expect(world.asked[0]?.path).toBe('/v1/endpoints?network=red&node=n1&container=c&state=up&limit=1000')
    expect(out).toMatchInlineSnapshot(`
      "ENDPOINT  STATE    NETWORK  NODE  INTERFACE  ADDRESSES               FOR            WHY
      web       up       red      n1    veth7      10.1.0.16, 2001:db8::2  default/web-0
      far       pending  red      n9    veth7      10.1.0.16, 2001:db8::2                 no node n9 has joined
      "
    `)
    expect(JSON.parse((await heddle('endpoints list -o json', world)).out)).toEqual([web, far])
  })

  it('shows one', async () => {
    const { fetch } = controllerWith({ 'GET /v1/endpoints/web': { body: web } })
    expect((await heddle('endpoints show web', { fetch })).out).toMatchInlineSnapshot(`
      "endpoint   web
      state      up
      network    red, VNI 4096
      interface  n1:veth7
      mac        0a:58:0a:01:00:10
      addresses  10.1.0.16/16 by 10.1.0.1
                 2001:db8::2/64 by 2001:db8::1
      routes     0.0.0.0/0
      mtu        1450
      container  0123456789abcdef, eth0
      pod        default/web-0
      labels     app=web
      made       2026-01-31T11:59:00.000Z by alice, request req-1
      receipt    stored 0.4 ms, ports ready 4 ms, n1 confirmed 5.3 ms, all 5.3 ms
      "
    `)
  })

  it('removes some, also what is not there', async () => {
    const world = controllerWith({
      'DELETE /v1/endpoints/web': { body: { deleted: true } },
      'DELETE /v1/endpoints/none': { body: { deleted: false } },
    })
    expect(await heddle('endpoints remove web none --wait 1s', world)).toEqual({
      code: 0,
      out: 'endpoint web is removed\nthere was no endpoint none\n',
      err: '',
    })
    expect(world.asked[0]?.path).toBe('/v1/endpoints/web?wait=1000ms')
  })
})

describe('heddle attach', () => {
  it('makes an endpoint named after its place', async () => {
    const world = controllerWith({ 'PUT /v1/endpoints/n1-veth7': { status: 201, body: web } })
    const { code, out } = await heddle('attach n1:veth7 red', world)
    expect(code).toBe(0)
    expect(world.asked).toEqual([
      {
        method: 'PUT',
        path: '/v1/endpoints/n1-veth7?wait=5000ms',
        body: { network: 'red', node: 'n1', interface: 'veth7' },
      },
    ])
    expect(out).toMatchInlineSnapshot(`
      "endpoint web is up: n1:veth7 in red, 10.1.0.16/16, 2001:db8::2/64, 0a:58:0a:01:00:10
      stored 0.4 ms, ports ready 4 ms, n1 confirmed 5.3 ms, all 5.3 ms
      "
    `)
  })

  it('passes what is stated on', async () => {
    const world = controllerWith({ 'PUT /v1/endpoints/vm': { status: 201, body: web } })
    const words =
      'attach n1:tap0 red --id vm --address 10.1.0.7 --address 2001:db8::7 --mac 02:00:00:00:00:07 --label app=web --label tier='
    await heddle(words, world)
    expect(world.asked[0]?.body).toEqual({
      network: 'red',
      node: 'n1',
      interface: 'tap0',
      mac: '02:00:00:00:00:07',
      addresses: ['10.1.0.7', '2001:db8::7'],
      labels: { app: 'web', tier: '' },
    })
  })

  it('ends with 4 when the endpoint is still pending after the wait', async () => {
    const { fetch } = controllerWith({ 'PUT /v1/endpoints/far': { status: 202, body: far } })
    const { code, err } = await heddle('attach n9:veth7 red --id far', { fetch })
    expect(code).toBe(4)
    expect(err).toBe(
      'heddle: endpoint far is stored and comes up by itself; it waits:\n  no node n9 has joined\n',
    )
    expect((await heddle('attach n9:veth7 red --id far --wait 0', { fetch })).code).toBe(0)
  })

  it.each([
    ['attach n1 red', /Expected NODE:INTERFACE/],
    ['attach n1:if@7 red', /n1-if@7 cannot be an id: name one with --id/],
    ['attach n1:v red --mac 03:00:00:00:00:01', /Expected a unicast MAC address/],
    ['attach n1:v red --label x', /Expected NAME=VALUE/],
    ['attach n1:v red --address 10.0.0', /Expected an IP address/],
  ])('%s is a usage error', async (line, message) => {
    const { code, err } = await heddle(line)
    expect(code).toBe(2)
    expect(err).toMatch(message)
  })
})

describe('heddle fsck', () => {
  it('ends with 0 when all is well', async () => {
    const { fetch } = controllerWith({ 'GET /v1/fsck': { body: { ok: true, findings: [] } } })
    expect(await heddle('fsck', { fetch })).toEqual({
      code: 0,
      out: 'every lease has its owner, every owner its lease\n',
      err: '',
    })
  })

  it('ends with 1 and names what is not', async () => {
    const findings = [{ object: 'lease 10.1.0.9 of network red', message: 'its owner is not there' }]
    const { fetch } = controllerWith({ 'GET /v1/fsck': { body: { ok: false, findings } } })
    expect(await heddle('fsck', { fetch })).toEqual({
      code: 1,
      out: 'lease 10.1.0.9 of network red: its owner is not there\n',
      err: 'heddle: 1 fault found\n',
    })
    expect(JSON.parse((await heddle('fsck -o json', { fetch })).out)).toEqual({ ok: false, findings })
  })
})

it('heddle map-cache shows what a node knows and why', async () => {
  const entries: MapCacheEntry[] = [
    { network: 'red', eid: '10.1.0.16', why: 'local', packets: '12' },
    {
      network: 'red',
      eid: '10.1.0.99',
      node: 'n2',
      rloc: '192.0.2.2',
      why: 'resolved',
      packets: '1152921504606846976',
      idleSeconds: 12,
    },
    { network: 'blue', eid: '10.2.0.9', why: 'negative', packets: '0', idleSeconds: 1 },
  ]
  const { fetch } = controllerWith({ 'GET /v1/nodes/n1/map-cache': { body: { entries } } })
  expect((await heddle('map-cache n1', { fetch })).out).toMatchInlineSnapshot(`
    "NETWORK  EID        NODE  RLOC                   PACKETS    IDLE  WHY
    red      10.1.0.16                                    12          is on this node
    red      10.1.0.99  n2    192.0.2.2  1152921504606846976  12.0 s  traffic asked for it
    blue     10.2.0.9                                      0   1.0 s  nobody has it
    "
  `)
  const blue = await heddle('map-cache n1 --network blue -o json', { fetch })
  expect(JSON.parse(blue.out)).toEqual(entries.slice(2))
})
