/** Bad input and bad days: each has its code and words, and leaves nothing behind. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FabricError } from '#model/error.js'
import { type CallOptions, remains, type Stage, setStage } from './stage.js'

let stage: Stage
beforeEach(async () => {
  stage = await setStage()
})
afterEach(() => stage.stop())

const refused = async (code: number, words: RegExp, options: CallOptions): Promise<void> => {
  const { exitCode, body } = await stage.call('ADD', options)
  expect(body).toMatchObject({ cniVersion: '1.1.0', code })
  expect(`${body?.msg} ${body?.details ?? ''}`).toMatch(words)
  expect(exitCode).not.toBe(0)
  expect(await remains(stage)).toEqual([])
}

const configured = (configuration: Readonly<Record<string, unknown>>): CallOptions => ({ configuration })

describe('ADD refuses', () => {
  const cases: readonly (readonly [what: string, code: number, words: RegExp, options: CallOptions])[] = [
    ['a container id with a slash', 4, /CNI_CONTAINERID/, { id: 'a', env: { CNI_CONTAINERID: 'a/b' } }],
    ['an interface name that is too long', 4, /CNI_IFNAME.*15/, { interfaceName: 'sixteen-bytes-xx' }],
    ['an interface name that ip would not read', 4, /CNI_IFNAME/, { interfaceName: 'eth"0' }],
    ['a namespace that is not there', 3, /CNI_NETNS/, { netns: '/nowhere/netns' }],
    ["the plugin's own namespace", 4, /own network namespace/, { netns: '/proc/self/ns/net' }],
    ['arguments that are none', 4, /KEY=VALUE/, { env: { CNI_ARGS: 'nonsense' } }],
    ['an unknown argument', 4, /unknown key FOO/, { env: { CNI_ARGS: 'FOO=1' } }],
    ['a MAC in the arguments that is none', 4, /MAC/, { env: { CNI_ARGS: 'MAC=01:00:5e:00:00:01' } }],
    ['an unknown field', 2, /contoller.*"http/, configured({ contoller: 'http://192.0.2.1' })],
    ['an MTU that is none', 7, /mtu: 12 is not/, configured({ mtu: 12 })],
    ['an MTU above what the network carries', 7, /mtu: 9000 is more.*1450/, configured({ mtu: 9000 })],
    ['an MTU below what IPv6 needs', 7, /1280/, configured({ mtu: 1000 })],
    ['a network and a wire at once', 7, /not both/, configured({ network: 'blue', wire: { link: 'w' } })],
    ['a network that is not there', 7, /there is no network green/, configured({ network: 'green' })],
    ['a link that is not there', 7, /link/, configured({ wire: { link: 'w' } })],
    [
      'an address outside the subnets of nobody',
      7,
      /not an IP address/,
      configured({ runtimeConfig: { ips: ['x'] } }),
    ],
    ['a node that has not joined', 101, /no node called n9/, configured({ node: 'n9' })],
    ['a controller that is none', 7, /controller/, configured({ controller: 'not a URL' })],
    [
      'a controller that does not answer',
      11,
      /does not answer/,
      configured({ controller: 'http://127.0.0.1:2' }),
    ],
    ['a token file that is not there', 7, /tokenFile/, configured({ tokenFile: '/nowhere/token' })],
    [
      'a settings file that is not there',
      7,
      /settingsFile/,
      configured({ settingsFile: '/nowhere/cni.json' }),
    ],
    ['an IPAM plugin that is not there', 107, /host-local/, configured({ ipam: { type: 'host-local' } })],
    ['an IPAM plugin that is a path', 7, /ipam.type/, configured({ ipam: { type: '../x' } })],
    ['a prevResult that is none', 6, /prevResult/, configured({ prevResult: { ips: [{ address: 5 }] } })],
    ['a version that it does not speak', 1, /incompatible/, configured({ cniVersion: '0.2.0' })],
  ]
  it.each(cases)('%s', async (_what, code, words, options) => {
    if (code === 1) {
      expect((await stage.call('ADD', options)).body).toMatchObject({ code })
      return
    }
    await refused(code, words, options)
  })

  it('a wrong token', async () => {
    const tokenFile = join(stage.directory, 'wrong')
    await writeFile(tokenFile, 'wrong\n')
    await refused(100, /controller/, configured({ tokenFile }))
  })

  it('settings that are no JSON', async () => {
    const settingsFile = join(stage.directory, 'bad.json')
    await writeFile(settingsFile, '{')
    await refused(6, /bad.json/, configured({ settingsFile }))
  })

  it.each([
    ['subnet-exhausted', 102],
    ['address-taken', 103],
    ['interface-taken', 103],
    ['overloaded', 11],
    ['not-leader', 11],
    ['store-unavailable', 11],
    ['address-outside', 7],
    ['managed-elsewhere', 105],
  ] as const)('what the controller refuses with %s', async (code, number) => {
    stage.networks.refuseNext = new FabricError(code, 'so it is')
    await refused(number, /so it is/, {})
  })

  it('while the switch of the node is not connected', async () => {
    stage.fabric.setNode('n1', 'offline')
    await refused(11, /not connected/, {})
  })

  it('when the switch does not confirm', async () => {
    stage.networks.status = { state: 'pending', reasons: [{ code: 'switch-refused', message: 'no room' }] }
    await refused(11, /switch-refused: no room/, configured({ timeoutSeconds: 1 }))
  })

  it('when a command on the node fails, with its words', async () => {
    stage.host.fault = (line) =>
      line.startsWith('inside') ? { code: 1, stdout: '', stderr: 'Operation not supported' } : undefined
    await refused(104, /Operation not supported/, {})
  })
})

describe('an interface of the name that the container has already', () => {
  it('stays, and so does everything else', async () => {
    const netns = await stage.netns('c1')
    stage.host.plug('eth0', netns)
    const { body } = await stage.call('ADD', { netns })
    expect(body).toMatchObject({ code: 103 })
    expect(stage.host.devices(netns)).toEqual(['eth0'])
    expect(await remains(stage)).toEqual([])
  })
})

describe('an ADD again that fails', () => {
  it('leaves what the first one made', async () => {
    await stage.call('ADD')
    stage.networks.refuseNext = new FabricError('overloaded', 'busy')
    expect((await stage.call('ADD')).body).toMatchObject({ code: 11 })
    expect(stage.host.devices()).toHaveLength(1)
    expect(stage.networks.stored.size).toBe(1)
    expect(await stage.files('attachments')).toHaveLength(1)
  })
})

describe('after an ADD that failed while the controller went away', () => {
  it('the deletion waits, and GC makes up for it', async () => {
    stage.host.fault = (line) => {
      if (!line.startsWith('inside')) return undefined
      stage.networks.refuseNext = new FabricError('store-unavailable', 'gone')
      return { code: 1, stdout: '', stderr: 'no' }
    }
    await stage.call('ADD')
    expect(stage.host.devices()).toEqual([])
    expect(await stage.files('pending')).toHaveLength(1)
    stage.host.fault = () => undefined
    await stage.call('GC', configured({ 'cni.dev/valid-attachments': [] }))
    expect(await remains(stage)).toEqual([])
  })
})
