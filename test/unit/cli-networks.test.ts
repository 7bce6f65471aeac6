/** `heddle networks`: what it asks of REST, what it prints, how it ends. */
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Lease } from '#api/client.js'
import { controllerWith, problem } from './cli-controller.js'
import { red } from './cli-overlay-objects.js'
import { heddle } from './cli-support.js'

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
