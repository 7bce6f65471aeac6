/** ADD: what the container gets, what is asked of the controller, and that a second ADD changes nothing. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { remains, type Stage, setStage } from './stage.js'

let stage: Stage
beforeEach(async () => {
  stage = await setStage()
})
afterEach(() => stage.stop())

describe('ADD', () => {
  it('makes a cable, an endpoint and a result', async () => {
    const { exitCode, body } = await stage.call('ADD')
    expect(exitCode).toBe(0)
    const [host = ''] = stage.host.devices()
    expect(host).toMatch(/^hc[0-9a-f]{12}$/)
    expect(body).toEqual({
      cniVersion: '1.1.0',
      interfaces: [
        { name: host, mac: expect.stringMatching(/^0e:/) },
        { name: 'eth0', mac: '0a:58:0a:01:00:02', mtu: 1450, sandbox: await stage.netns('c1') },
      ],
      ips: [
        { interface: 1, address: '10.1.0.2/24', gateway: '10.1.0.1' },
        { interface: 1, address: 'fd01::2/64', gateway: 'fd01::1' },
      ],
      dns: {},
    })
    const [endpoint] = stage.networks.stored.values()
    expect(endpoint).toMatchObject({
      network: 'blue',
      node: 'n1',
      interface: host,
      container: { id: 'c1', interface: 'eth0' },
    })
  })

  it('sets the container up with one batch, and turns checksum offload off where the datapath is not known to be the kernel', async () => {
    await stage.call('ADD', { configuration: { isDefaultGateway: true } })
    expect(stage.host.inside).toEqual([
      'link set dev lo up',
      'link set dev eth0 address 0a:58:0a:01:00:02 mtu 1450 up',
      'addr replace 10.1.0.2/24 dev eth0',
      'addr replace fd01::2/64 dev eth0 nodad',
      'route replace 0.0.0.0/0 via 10.1.0.1 dev eth0 onlink',
      'route replace ::/0 via fd01::1 dev eth0 onlink',
    ])
    expect(stage.host.started).toHaveLength(2)
    expect(stage.host.offloadOff).toEqual([`${await stage.netns('c1')} eth0`])
  })

  it('leaves checksums alone where the configuration says so', async () => {
    await stage.call('ADD', { configuration: { checksumOffload: 'on' } })
    expect(stage.host.offloadOff).toEqual([])
  })

  it('answers the same again', async () => {
    const first = await stage.call('ADD')
    const again = await stage.call('ADD')
    expect(again).toEqual(first)
    expect(stage.host.devices()).toHaveLength(1)
    expect(stage.networks.stored.size).toBe(1)
    expect(await stage.files('attachments')).toHaveLength(1)
  })

  it('gives one container several interfaces', async () => {
    const netns = await stage.netns('c1')
    const names = ['eth0', 'net1', 'net2']
    for (const interfaceName of names)
      expect((await stage.call('ADD', { interfaceName, netns })).exitCode).toBe(0)
    expect(stage.host.devices(netns)).toEqual(names)
    expect(
      new Set(
        [...stage.networks.stored.values()].flatMap(({ addresses }) => addresses.map(({ value }) => value)),
      ).size,
    ).toBe(6)
  })

  it('replaces a host end that a dead container of the same name has left', async () => {
    await stage.call('ADD')
    stage.host.removeNamespace(await stage.netns('c1'))
    const { exitCode } = await stage.call('ADD')
    expect(exitCode).toBe(0)
    expect(stage.host.devices(await stage.netns('c1'))).toEqual(['eth0'])
  })

  it.each([
    ['CNI_ARGS', { env: { CNI_ARGS: 'IP=10.1.0.77;MAC=02:00:00:00:00:77' } }],
    [
      'runtimeConfig',
      { configuration: { runtimeConfig: { ips: ['10.1.0.77/24'], mac: '02:00:00:00:00:77' } } },
    ],
    ['args', { configuration: { args: { cni: { ips: ['10.1.0.77'], mac: '02:00:00:00:00:77' } } } }],
    ['the configuration', { configuration: { addresses: ['10.1.0.77/24'], mac: '02:00:00:00:00:77' } }],
  ])('takes a static address and MAC from %s', async (_where, options) => {
    const { body } = await stage.call('ADD', options)
    expect(body).toMatchObject({
      interfaces: [{}, { mac: '02:00:00:00:00:77' }],
      ips: [{ address: '10.1.0.77/24', gateway: '10.1.0.1' }],
    })
  })

  it('notes the pod that Kubernetes tells of', async () => {
    const args =
      'IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=till-0;K8S_POD_INFRA_CONTAINER_ID=c1;K8S_NEW=x'
    await stage.call('ADD', { env: { CNI_ARGS: args } })
    const [endpoint] = stage.networks.stored.values()
    expect(endpoint?.container).toEqual({ id: 'c1', interface: 'eth0', namespace: 'shop', pod: 'till-0' })
  })

  it('puts routes of the network and of the configuration through the gateway', async () => {
    stage.networks.add({
      name: 'red',
      subnets: [{ cidr: '10.2.0.0/24' }],
      routes: [{ destination: '172.16.0.0/12' }],
    })
    const configuration = { network: 'red', routes: [{ dst: '192.0.2.0/24', gw: '10.2.0.9' }], mtu: 1300 }
    const { body } = await stage.call('ADD', { configuration })
    expect(body).toMatchObject({
      interfaces: [{}, { mtu: 1300 }],
      routes: [
        { dst: '172.16.0.0/12', gw: '10.2.0.1' },
        { dst: '192.0.2.0/24', gw: '10.2.0.9' },
      ],
    })
  })

  it('adds to what the plugins before it have made', async () => {
    const prevResult = {
      cniVersion: '1.1.0',
      interfaces: [{ name: 'lo', sandbox: '/x' }],
      ips: [{ interface: 0, address: '127.0.0.1/8' }],
      dns: { nameservers: ['192.0.2.53'] },
    }
    const { body } = await stage.call('ADD', { configuration: { prevResult } })
    expect(body).toMatchObject({
      interfaces: [{ name: 'lo' }, {}, { name: 'eth0' }],
      ips: [{ interface: 0 }, { interface: 2, address: '10.1.0.2/24' }, { interface: 2 }],
      dns: { nameservers: ['192.0.2.53'] },
    })
  })

  it.each(['0.3.1', '0.4.0', '1.0.0', '1.1.0'])('speaks %s', async (cniVersion) => {
    const { body } = await stage.call('ADD', { configuration: { cniVersion } })
    const old = cniVersion.startsWith('0.')
    expect(body).toMatchObject({
      cniVersion,
      ips: [
        old ? { version: '4', address: '10.1.0.2/24' } : { address: '10.1.0.2/24' },
        old ? { version: '6' } : {},
      ],
    })
  })

  it('masquerades by rules that may be made any number of times', async () => {
    await stage.call('ADD', { configuration: { ipMasq: true } })
    expect(stage.host.started).toContain('nft -f -')
  })

  it('makes the node an endpoint of the network, once', async () => {
    stage.host.plug('heddle0')
    const configuration = { nodeEndpoint: true }
    await stage.call('ADD', { configuration })
    expect(stage.networks.stored.get('node-n1')).toMatchObject({ network: 'blue', interface: 'heddle0' })
    const { addresses } = stage.host.device('heddle0') ?? {}
    expect(addresses).toHaveLength(2)
    expect(Object.fromEntries(stage.host.kernelFiles)).toEqual({
      '/proc/sys/net/ipv4/ip_forward': '1',
      '/proc/sys/net/ipv6/conf/all/forwarding': '1',
    })
    stage.host.kernel.write('/proc/net/route', 'Iface\tDestination\nheddle0\t0001000A\n')
    const asked = stage.networks.changes.length
    expect((await stage.call('STATUS', { configuration })).exitCode).toBe(0)
    await stage.call('ADD', { id: 'c2', configuration })
    expect(stage.networks.changes.slice(asked)).toEqual([expect.stringMatching(/^put c2-eth0/)])
  })

  it('serves many at once without mixing them up', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => stage.call('ADD', { id: `c${index}` })),
    )
    const addresses = answers.flatMap(({ body }) =>
      (Array.isArray(body?.ips) ? body.ips : []).map(({ address }) => address),
    )
    expect(new Set(addresses).size).toBe(40)
    await Promise.all(answers.map((_, index) => stage.call('DEL', { id: `c${index}` })))
    expect(await remains(stage)).toEqual([])
  })
})
