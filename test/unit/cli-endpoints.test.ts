/** `heddle endpoints`, `attach`, `fsck`, `map-cache`: what they ask of REST, what they print, how they end. */
import { describe, expect, it } from 'vitest'
import type { MapCacheEntry } from '#api/client.js'
import { controllerWith } from './cli-controller.js'
import { far, web } from './cli-overlay-objects.js'
import { heddle } from './cli-support.js'

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
