/** Ends of wires, other plugins' addresses, and configurations of the Open Overlay Router plugin. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseOverlayRouter } from '#cni/overlay-router.js'
import type { ProgramResult } from '#cni/programs.js'
import { FabricError } from '#model/error.js'
import { linkSpec } from '../../fake/rest.js'
import { remains, type Stage, setStage } from './stage.js'

let stage: Stage
beforeEach(async () => {
  stage = await setStage()
})
afterEach(() => stage.stop())

const request = { provenance: { requestId: 'r', by: 'test', at: 0 }, waitMs: 0 }

describe('a wire', () => {
  const wired = (more: Readonly<Record<string, unknown>> = {}) => ({
    configuration: { wire: { link: 'w' }, addresses: ['192.0.2.1/24'], mtu: 1400, ...more },
  })
  const makeLink = (more = {}) =>
    stage.fabric.createWire(linkSpec('w', more), { ...request, signal: new AbortController().signal })

  it('gets an interface by the name of its end on this node, and no endpoint is made', async () => {
    await makeLink()
    const { body } = await stage.call('ADD', wired())
    expect(body).toMatchObject({
      interfaces: [{ name: 'w-a' }, { name: 'eth0', mtu: 1400 }],
      ips: [{ interface: 1, address: '192.0.2.1/24' }],
    })
    expect(stage.networks.stored.size).toBe(0)
    expect(await stage.call('ADD', wired())).toMatchObject({ body })
    await stage.call('DEL', wired())
    expect(await remains(stage)).toEqual([])
  })

  it('has one user at a time, who keeps it', async () => {
    await makeLink()
    await stage.call('ADD', wired())
    expect((await stage.call('ADD', { id: 'c2', ...wired() })).body).toMatchObject({ code: 103 })
    await stage.call('DEL', { id: 'c2', ...wired() })
    expect(stage.host.devices()).toEqual(['w-a'])
    expect(await stage.files('attachments')).toHaveLength(1)
  })

  it('with both ends here asks which', async () => {
    await makeLink({ b: { node: 'n1', interface: 'w-b' } })
    expect((await stage.call('ADD', wired())).body).toMatchObject({ code: 7 })
    const { body } = await stage.call('ADD', wired({ wire: { link: 'w', end: 'b' } }))
    expect(body).toMatchObject({ interfaces: [{ name: 'w-b' }, {}] })
  })

  it('without an end here, or with an address without length, is refused', async () => {
    await makeLink({ a: { node: 'n2', interface: 'x' } })
    expect((await stage.call('ADD', wired())).body).toMatchObject({
      code: 7,
      msg: 'link w has no end on node n1',
    })
    expect(await remains(stage)).toEqual([])
  })

  it('is taken back by the container end when the notes are lost', async () => {
    await makeLink()
    await stage.call('ADD', wired())
    await stage.call('DEL', wired({ stateDirectory: `${stage.directory}/fresh` }))
    expect(stage.host.devices()).toEqual([])
  })
})

describe('an IPAM plugin', () => {
  const called: { command: string | undefined; input: unknown }[] = []
  let answer: (command: string | undefined) => ProgramResult

  beforeEach(async () => {
    called.length = 0
    answer = () => ({ code: 0, stdout: '', stderr: '' })
    const program = join(stage.directory, 'bin', 'leases')
    await mkdir(join(stage.directory, 'bin'))
    await writeFile(program, '')
    await chmod(program, 0o755)
    stage.host.programs.set(program, (_args, { env = {}, input }) => {
      called.push({ command: env.CNI_COMMAND, input: JSON.parse(input) })
      return answer(env.CNI_COMMAND)
    })
  })

  const given = {
    cniVersion: '1.1.0',
    ips: [{ address: '10.1.0.200/25', gateway: '10.1.0.129' }],
    routes: [{ dst: '0.0.0.0/0' }],
  }
  const gives = (): void => {
    answer = (command) => ({ code: 0, stdout: command === 'ADD' ? JSON.stringify(given) : '', stderr: '' })
  }
  const options = { configuration: { ipam: { type: 'leases', pool: 'x' } } }
  const commands = () => called.map(({ command }) => command)

  it('says the addresses, and the controller is told which', async () => {
    gives()
    const { body } = await stage.call('ADD', options)
    expect(body).toMatchObject({
      ips: [{ interface: 1, address: '10.1.0.200/25', gateway: '10.1.0.129' }],
      routes: [{ dst: '0.0.0.0/0', gw: '10.1.0.129' }],
    })
    expect(called[0]?.input).toMatchObject({ name: 'blue', ipam: { type: 'leases', pool: 'x' } })
    expect(await stage.call('ADD', options)).toMatchObject({ body })
    await stage.call('DEL', options)
    expect(commands()).toEqual(['ADD', 'DEL'])
    expect(await remains(stage)).toEqual([])
  })

  it('is told when the ADD comes to nothing', async () => {
    gives()
    stage.networks.refuseNext = new FabricError('address-taken', 'taken')
    await stage.call('ADD', options)
    expect(commands()).toEqual(['ADD', 'DEL'])
    expect(await remains(stage)).toEqual([])
  })

  it('fails with its own number and words', async () => {
    answer = (command) =>
      command === 'ADD'
        ? { code: 1, stdout: '{"code":2000,"msg":"full","details":"no more"}', stderr: '' }
        : { code: 0, stdout: '', stderr: '' }
    expect((await stage.call('ADD', options)).body).toEqual({
      cniVersion: '1.1.0',
      code: 2000,
      msg: 'leases: full',
      details: 'no more',
    })
    expect(await remains(stage)).toEqual([])
  })

  it('is asked by CHECK, STATUS and GC too', async () => {
    gives()
    const { body } = await stage.call('ADD', options)
    const configuration = {
      ...options.configuration,
      prevResult: body,
      'cni.dev/valid-attachments': [{ containerID: 'c1', ifname: 'eth0' }],
    }
    for (const command of ['CHECK', 'STATUS', 'GC'] as const)
      expect((await stage.call(command, { configuration })).body).toBeUndefined()
    expect(commands()).toEqual(['ADD', 'CHECK', 'STATUS', 'GC'])
  })
})

describe('a configuration of the Open Overlay Router plugin', () => {
  const file = 'EID_NETWORK=10.1.0.0/24\nEID_SUBNET=10.1.0.64/26\nOOR_MTU=1300\nOOR_IPMASQ=true\n'

  it('is honoured', async () => {
    const subnetFile = join(stage.directory, 'subnet.env')
    await writeFile(subnetFile, file)
    const configuration = { name: 'cbr0', subnetFile, delegate: { isDefaultGateway: true } }
    const { body } = await stage.call('ADD', { configuration })
    expect(body).toMatchObject({
      interfaces: [{}, { mtu: 1300 }],
      routes: [{ dst: '0.0.0.0/0', gw: '10.1.0.1' }, {}],
    })
    expect([...stage.networks.stored.values()].map(({ network }) => network)).toEqual(['blue'])
    expect(stage.host.started).toContain('nft -f -')
  })

  it('needs a network that has the prefix, and one only', async () => {
    const subnetFile = join(stage.directory, 'subnet.env')
    await writeFile(subnetFile, 'EID_NETWORK=10.9.0.0/24\n')
    const asked = () => stage.call('ADD', { configuration: { name: 'cbr0', subnetFile } })
    expect((await asked()).body).toMatchObject({ code: 7, msg: 'EID_NETWORK 10.9.0.0/24 is in no network' })
    for (const name of ['a', 'b']) stage.networks.add({ name, subnets: [{ cidr: '10.8.0.0/15' }] })
    expect((await asked()).body).toMatchObject({
      msg: 'EID_NETWORK 10.9.0.0/24 is in several networks: a, b',
    })
    expect(await remains(stage)).toEqual([])
  })

  it.each(['OOR_MTU=12345678', 'OOR_IPMASQ=maybe', 'EID_NETWORK=10.1'])('refuses %s', (text) => {
    expect(() => parseOverlayRouter(text, 'f')).toThrow(/^f: /)
  })
})
