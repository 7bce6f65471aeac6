/**
 * The CNI executable with real namespaces and cables, real `ip`, `ethtool` and reference plugins; REST is real, and before it networks in
 * memory: what the plugin does on a node, whatever the fabric behind it does.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { hostEnds } from './support/cni.js'
import { type CniStage, setCniStage } from './support/cni-stage.js'

let stage: CniStage

beforeAll(async () => {
  stage = await setCniStage('cniplugin')
})
afterEach(() => stage.clear())
afterAll(() => stage?.stop())

describe('on a node', () => {
  it('a container gets its interface: name, MAC, addresses, MTU, routes, checksums', async () => {
    const one = await stage.container('c1')
    const { code, body } = await stage.call('ADD', one)
    expect(body?.code, JSON.stringify(body)).toBeUndefined()
    expect(code).toBe(0)
    const [shown] = JSON.parse((await one.exec('ip', '-json', 'addr', 'show', 'dev', 'eth0')).stdout)
    expect(shown).toMatchObject({ mtu: 1450, address: '0a:58:0a:01:00:02', operstate: 'UP' })
    const addresses = shown.addr_info.filter(({ scope }: { scope: string }) => scope === 'global')
    expect(addresses).toMatchObject([
      { local: '10.1.0.2', prefixlen: 16 },
      { local: 'fd01::2', prefixlen: 64 },
    ])
    expect((await one.exec('ip', 'route')).stdout).toContain('default via 10.1.0.1 dev eth0')
    expect((await one.exec('ip', '-6', 'route')).stdout).toContain('default via fd01::1 dev eth0')
    expect((await one.exec('ethtool', '-k', 'eth0')).stdout).toContain('tx-checksumming: off')
    expect((await one.exec('ip', 'link', 'show', 'lo')).stdout).toContain('LOWER_UP')
    expect(await stage.call('CHECK', one, { configuration: { prevResult: body } })).toEqual({
      code: 0,
      body: undefined,
    })
    expect(await stage.call('ADD', one)).toEqual({ code, body })
    expect(await stage.call('DEL', one)).toEqual({ code: 0, body: undefined })
    expect(await stage.call('DEL', one)).toEqual({ code: 0, body: undefined })
    expect(await stage.remains()).toEqual([])
    expect((await one.exec('ip', 'link', 'show', 'eth0')).code).not.toBe(0)
  })

  it('IPv6 works where the runtime has turned it off', async () => {
    const one = await stage.container('c1')
    await one.exec('sh', '-c', 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6')
    expect((await stage.call('ADD', one)).code).toBe(0)
    expect((await one.exec('ip', '-6', 'addr', 'show', 'dev', 'eth0')).stdout).toContain('fd01::2/64')
    await stage.call('DEL', one)
  })

  it('several interfaces, and what another plugin made before', async () => {
    const one = await stage.container('c1')
    for (const interfaceName of ['eth0', 'net1', 'net2'])
      expect(
        (
          await stage.call('ADD', one, {
            interfaceName,
            configuration: { isDefaultGateway: interfaceName === 'eth0' },
          })
        ).code,
      ).toBe(0)
    expect(await hostEnds(stage.node)).toHaveLength(3)
    await stage.call('DEL', one, { interfaceName: 'net1' })
    expect((await one.exec('ip', '-brief', 'link')).stdout).toMatch(/eth0[\s\S]*net2/)
    for (const interfaceName of ['eth0', 'net2']) await stage.call('DEL', one, { interfaceName })
    expect(await stage.remains()).toEqual([])
  })

  it('the namespace may be gone', async () => {
    const one = await stage.container('c1')
    await stage.call('ADD', one)
    await one.remove()
    expect(await stage.call('DEL', one)).toEqual({ code: 0, body: undefined })
    expect(await stage.remains()).toEqual([])
  })

  it('50 containers at once: no duplicate, nothing left', async () => {
    const many = await Promise.all(Array.from({ length: 50 }, (_, index) => stage.container(`m${index}`)))
    const answers = await Promise.all(many.map((one) => stage.call('ADD', one)))
    expect(answers.filter(({ code }) => code !== 0)).toEqual([])
    const addresses = answers.flatMap(({ body }) => body?.ips?.map(({ address }) => address) ?? [])
    expect(new Set(addresses).size).toBe(100)
    expect(await hostEnds(stage.node)).toHaveLength(50)
    await Promise.all(many.map((one) => stage.call('DEL', one)))
    expect(await stage.remains()).toEqual([])
  })

  it('killed at any moment, GC finds what is left', async () => {
    let left = 0
    for (const killAfterMs of [12, 16, 20, 25, 30, 40]) {
      const one = await stage.container(`k${killAfterMs}`)
      await stage.call('ADD', one, { killAfterMs })
      left += (await stage.remains()).length
      expect((await stage.collect()).code).toBe(0)
      expect(await stage.remains()).toEqual([])
      await one.remove()
    }
    expect(left).toBeGreaterThan(0)
  })

  it('the controller goes away: DEL succeeds, and GC tells it later', async () => {
    const one = await stage.container('c1')
    await stage.call('ADD', one)
    const away = { configuration: { controller: stage.url.replace(/\d+$/, '9') } }
    expect(await stage.call('DEL', one, away)).toEqual({ code: 0, body: undefined })
    expect(stage.networks.stored.size).toBe(1)
    expect((await stage.call('ADD', one, away)).body).toMatchObject({ code: 11 })
    expect((await stage.collect()).code).toBe(0)
    expect(await stage.remains()).toEqual([])
  })

  it('host-local gives out the addresses', async () => {
    const one = await stage.container('c1')
    const dataDir = join(stage.directory, 'leases')
    const ipam = { type: 'host-local', dataDir, subnet: '10.1.7.0/24', gateway: '10.1.0.1' }
    const more = { configuration: { ipam, cniVersion: '1.0.0' } }
    const { body } = await stage.call('ADD', one, more)
    expect(body).toMatchObject({ ips: [{ address: '10.1.7.1/24' }] })
    expect(await stage.call('ADD', one, more)).toEqual({ code: 0, body })
    await stage.call('DEL', one, more)
    expect((await readdir(join(dataDir, 'blue'))).filter((file) => file.startsWith('10.'))).toEqual([])
    expect(await stage.remains()).toEqual([])
  })

  it('masquerading rules are as nft reads them', async () => {
    const one = await stage.container('c1')
    expect((await stage.call('ADD', one, { configuration: { ipMasq: true } })).body?.code).toBeUndefined()
    expect((await stage.call('ADD', one, { configuration: { ipMasq: true } })).code).toBe(0)
    const { stdout } = await stage.node.exec(['nft', 'list', 'ruleset'])
    expect(stdout).toMatch(/10\.1\.0\.0\/16/)
    expect(stdout.match(/masquerade/g)).toHaveLength(2)
    await stage.call('DEL', one)
  })
})
