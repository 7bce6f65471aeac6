/** The CNI executable in company: other plugins behind it in a list, called as a runtime calls them, and a controller behind TLS. */
import type { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { run, tryRun } from '#lab/command.js'
import { addList, type CallPlugin, checkList, delList, parseList } from '../fake/cni-runtime.js'
import { type Container, pluginDirectory } from './support/cni.js'
import { type CniStage, setCniStage } from './support/cni-stage.js'
import { makePki } from './support/pki.js'

let stage: CniStage

beforeAll(async () => {
  stage = await setCniStage('cnichain')
})
afterEach(() => stage.clear())
afterAll(() => stage?.stop())

describe('a list of plugins', () => {
  const list = (cniVersion: string) =>
    parseList(
      JSON.stringify({
        name: 'blue',
        cniVersion,
        plugins: [
          { type: 'heddle-cni', isDefaultGateway: true },
          { type: 'portmap', capabilities: { portMappings: true }, snat: false },
          { type: 'tuning', sysctl: { 'net.ipv4.conf.all.arp_ignore': '1' } },
        ],
      }),
    )

  /** Only the plugin of ours knows its own settings. */
  const caller =
    (one: Container): CallPlugin =>
    async (command, { type, ...configuration }) => {
      const own = type === 'heddle-cni' ? configuration : { ...configuration, ...foreign }
      const { code, body } = await stage.call(command, one, { plugin: type, configuration: own })
      if (code !== 0) throw new Error(`${type} ${command}: ${JSON.stringify(body)}`)
      return body
    }
  const foreign = {
    controller: undefined,
    node: undefined,
    stateDirectory: undefined,
    isDefaultGateway: undefined,
  }

  it.each(['0.3.1', '0.4.0', '1.0.0'])(
    'of version %s gives and takes back what each of them does',
    async (version) => {
      const one = await stage.container('c1')
      const capabilities = { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] }
      const call = caller(one)
      const result = await addList(list(version), call, capabilities)
      expect(result).toMatchObject({ cniVersion: version, interfaces: [{}, { name: 'eth0' }] })
      const rules = async (): Promise<string> =>
        (await stage.node.exec(['iptables-save', '-t', 'nat'])).stdout
      expect(await rules()).toMatch(/--dport 8080 .*10\.1\.0\.\d+:80/)
      expect((await one.exec('sysctl', '-n', 'net.ipv4.conf.all.arp_ignore')).stdout.trim()).toBe('1')
      // Debian's portmap looks for its IPv6 rules among those of IPv4.
      const checked = list(version).plugins.filter(({ type }) => type !== 'portmap')
      if (version !== '0.3.1')
        await checkList({ ...list(version), plugins: checked }, call, result, capabilities)
      await delList(list(version), call, result, capabilities)
      expect(await rules()).not.toContain('8080')
      expect(await stage.remains()).toEqual([])
    },
  )
})

describe('a controller behind TLS', () => {
  const statusAt = async (controller: string, caFile?: string): Promise<unknown> => {
    const configuration = {
      cniVersion: '1.1.0',
      name: 'blue',
      type: 'heddle-cni',
      controller,
      node: 'n1',
      stateDirectory: stage.directory,
      ...(caFile === undefined ? {} : { caFile }),
    }
    const env = { CNI_COMMAND: 'STATUS', CNI_PATH: pluginDirectory }
    const { stdout } = await tryRun(`${pluginDirectory}/heddle-cni`, [], {
      env,
      input: JSON.stringify(configuration),
    })
    return stdout === '' ? 'good' : JSON.parse(stdout)
  }

  it('is believed by the certificates that the configuration names, and by no others', async () => {
    const folder = (await run('mktemp', ['-d'])).trim()
    const pki = makePki(folder)
    const { credentials } = pki.issue('localhost')
    const passOn: Parameters<typeof createServer>[1] = async (request, response) => {
      const answer = await fetch(`${stage.url}${request.url}`)
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
    }
    const server = createTlsServer({ key: credentials.key, cert: credentials.certificate }, passOn)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    try {
      expect(await statusAt(`https://localhost:${port}`, pki.caFile)).toBe('good')
      expect(await statusAt(`https://localhost:${port}`)).toMatchObject({ code: 51 })
      const stranger = makePki(folder, 'stranger').caFile
      expect(await statusAt(`https://localhost:${port}`, stranger)).toMatchObject({ code: 51 })
    } finally {
      server.close()
      await run('rm', ['-r', folder])
    }
  })
})
