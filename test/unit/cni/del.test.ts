/** DEL, CHECK, STATUS and GC: what is there, what is not, and what is there although it should not be. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FabricError } from '#model/error.js'
import { remains, type Stage, setStage } from './stage.js'

let stage: Stage
beforeEach(async () => {
  stage = await setStage()
})
afterEach(() => stage.stop())

const good = { exitCode: 0, body: undefined }

/** GC of the configuration `blue` with these attachments. */
const collect = (...valid: readonly (readonly [id: string, ifname: string])[]) =>
  stage.call('GC', {
    configuration: {
      'cni.dev/valid-attachments': valid.map(([containerID, ifname]) => ({ containerID, ifname })),
    },
  })

describe('DEL', () => {
  it('takes everything away, and once more does nothing', async () => {
    await stage.call('ADD')
    expect(await stage.call('DEL')).toEqual(good)
    expect(await remains(stage)).toEqual([])
    expect(await stage.call('DEL')).toEqual(good)
  })

  it('of what never was succeeds', async () => {
    expect(await stage.call('DEL', { id: 'nobody' })).toEqual(good)
    expect(await remains(stage)).toEqual([])
  })

  it.each(['', '/nowhere/netns'])('succeeds with the namespace %j', async (netns) => {
    await stage.call('ADD')
    stage.host.removeNamespace(await stage.netns('c1'))
    expect(await stage.call('DEL', { netns })).toEqual(good)
    expect(await remains(stage)).toEqual([])
  })

  it('leaves the other interfaces of the container', async () => {
    const netns = await stage.netns('c1')
    await stage.call('ADD', { netns })
    await stage.call('ADD', { netns, interfaceName: 'net1' })
    await stage.call('DEL', { netns })
    expect(stage.host.devices(netns)).toEqual(['net1'])
    expect(stage.networks.stored.size).toBe(1)
  })

  it('succeeds without the controller, and the next call makes up for it', async () => {
    await stage.call('ADD')
    await stage.call('ADD', { id: 'c2' })
    const away = { configuration: { controller: 'http://127.0.0.1:2' } }
    expect(await stage.call('DEL', away)).toEqual(good)
    expect(stage.host.devices()).toHaveLength(1)
    expect(await stage.files('pending')).toHaveLength(1)
    expect(stage.networks.stored.size).toBe(2)
    expect(await stage.call('DEL', { id: 'c2' })).toEqual(good)
    expect(await remains(stage)).toEqual([])
  })

  it('that waited is not made up for once the container is back', async () => {
    await stage.call('ADD')
    await stage.call('DEL', { configuration: { controller: 'http://127.0.0.1:2' } })
    await stage.call('ADD')
    await stage.call('ADD', { id: 'c2' })
    expect(stage.networks.stored.size).toBe(2)
    expect(await stage.files('pending')).toEqual([])
  })

  it('succeeds when the interface goes of itself at the same moment', async () => {
    await stage.call('ADD')
    stage.host.removeNamespace(await stage.netns('c1'))
    stage.host.fault = (line) =>
      line.startsWith('ip link del')
        ? { code: 2, stdout: '', stderr: 'RTNETLINK answers: No such device' }
        : undefined
    expect(await stage.call('DEL')).toEqual(good)
    expect(await remains(stage)).toEqual([])
  })

  it('says so when the interface cannot be removed, and is not done', async () => {
    await stage.call('ADD')
    stage.host.fault = (line) =>
      line.startsWith('ip link del') ? { code: 2, stdout: '', stderr: 'Operation not permitted' } : undefined
    expect((await stage.call('DEL')).body).toMatchObject({ code: 104, details: 'Operation not permitted' })
    expect(await stage.files('attachments')).toHaveLength(1)
  })
})

describe('CHECK', () => {
  const check = async (prevResult: unknown) => {
    const answer = await stage.call('CHECK', { configuration: { prevResult, isDefaultGateway: true } })
    return answer.body?.code === undefined ? 'good' : `${answer.body.code} ${answer.body.msg}`
  }
  const added = async () => (await stage.call('ADD', { configuration: { isDefaultGateway: true } })).body

  it('is content with what ADD made', async () => {
    expect(await check(await added())).toBe('good')
  })

  it('needs the result of ADD', async () => {
    expect(await check(undefined)).toMatch(/^7 prevResult/)
  })

  it('misses an address, a MAC address and a route', async () => {
    const body = await added()
    const changed = (from: string, to: string): unknown =>
      JSON.parse(JSON.stringify(body).replaceAll(from, to))
    expect(await check(changed('10.1.0.2/24', '10.1.0.99/24'))).toBe('106 eth0 has no address 10.1.0.99/24')
    expect(await check(changed('0a:58', '0a:59'))).toMatch(/^106 eth0 has the MAC address 0a:58/)
    expect(await check(changed('0.0.0.0/0', '192.0.2.0/24'))).toBe(
      '106 the container has no route to 192.0.2.0/24 by eth0',
    )
    expect(await check({ ...body, interfaces: [] })).toMatch(/^106 prevResult has no interface eth0/)
  })

  it('misses the interface, the endpoint, the confirmation of the switch', async () => {
    const body = await added()
    stage.networks.status = { state: 'pending', reasons: [{ code: 'interface-error', message: 'no device' }] }
    expect(await check(body)).toMatch(/^106 endpoint .* is not up: no device/)
    stage.networks.stored.clear()
    expect(await check(body)).toMatch(/^106 the controller has no endpoint/)
    stage.host.removeNamespace(await stage.netns('c1'))
    expect(await check(body)).toMatch(/^106 the container has no interface eth0/)
  })
})

describe('STATUS', () => {
  const status = async (configuration = {}) => (await stage.call('STATUS', { configuration })).body?.code

  it('is good when the controller and the switch are', async () => {
    expect(await status()).toBeUndefined()
  })

  it('is 50 when nothing can be attached, 51 when less may be reached as well', async () => {
    expect(await status({ node: 'n9' })).toBe(50)
    expect(await status({ controller: 'http://127.0.0.1:2' })).toBe(51)
    stage.fabric.setNode('n1', 'offline')
    expect(await status()).toBe(51)
    stage.fabric.setNode('n1', 'ready')
    stage.fabric.readyState = { ready: false, reason: 'no lock' }
    expect(await status()).toBe(50)
  })
})

describe('GC', () => {
  it('keeps what is valid and takes the rest', async () => {
    for (const id of ['c1', 'c2', 'c3']) await stage.call('ADD', { id })
    expect(await collect(['c2', 'eth0'])).toEqual(good)
    expect([...stage.networks.stored.values()].map(({ container }) => container?.id)).toEqual(['c2'])
    expect(stage.host.devices()).toHaveLength(1)
    expect(await stage.files('attachments')).toHaveLength(1)
    await collect()
    expect(await remains(stage)).toEqual([])
  })

  it('leaves what belongs to another network configuration', async () => {
    await stage.call('ADD', { configuration: { name: 'other', network: 'blue' } })
    await collect()
    expect(stage.networks.stored.size).toBe(1)
    expect(stage.host.devices()).toHaveLength(1)
  })

  it('does nothing without a list', async () => {
    await stage.call('ADD')
    expect((await stage.call('GC')).body).toMatchObject({ code: 7 })
    expect(stage.networks.stored.size).toBe(1)
  })

  it.each(['inside', 'ip -json addr'])('finds what an ADD left that was killed at %s', async (point) => {
    const calls = ['ip -batch', 'inside', 'ip -json addr']
    // A plugin that is killed takes nothing back: what it could still do fails.
    let dead = false
    stage.host.fault = (line) => {
      dead ||= line.startsWith(point) || (point === calls[2] && line.startsWith('inside'))
      if (!dead) return undefined
      stage.networks.refuseNext = new FabricError('store-unavailable', 'killed')
      return { code: 137, stdout: '', stderr: 'killed' }
    }
    await stage.call('ADD')
    expect(stage.host.devices()).toHaveLength(1)
    expect(stage.networks.stored.size).toBe(1)
    stage.host.fault = () => undefined
    stage.networks.refuseNext = undefined
    expect(await collect()).toEqual(good)
    expect(await remains(stage)).toEqual([])
  })

  it('goes by the marks and the endpoints when the notes are lost', async () => {
    await stage.call('ADD')
    await stage.call('ADD', { id: 'c2' })
    stage.host.plug('eth1', '', 'somebody:else')
    const lost = {
      configuration: {
        stateDirectory: `${stage.directory}/fresh`,
        'cni.dev/valid-attachments': [{ containerID: 'c2', ifname: 'eth0' }],
      },
    }
    expect(await stage.call('GC', lost)).toEqual(good)
    expect(stage.host.devices()).toHaveLength(2)
    expect(stage.host.devices()).toContain('eth1')
    expect(stage.networks.stored.size).toBe(1)
  })

  it('does what it can without the controller, and says so', async () => {
    await stage.call('ADD')
    const away = { configuration: { controller: 'http://127.0.0.1:2', 'cni.dev/valid-attachments': [] } }
    expect((await stage.call('GC', away)).body).toMatchObject({ code: 11 })
    expect(stage.host.devices()).toEqual([])
    expect(await stage.files('pending')).toHaveLength(1)
    await collect()
    expect(await remains(stage)).toEqual([])
  })
})
