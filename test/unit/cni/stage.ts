/** The plugin on a stage: real REST before networks in memory, a node's interfaces in memory, files in a directory of the test's own. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from '#api/server.js'
import { parseTokens } from '#api/tokens.js'
import type { Command } from '#cni/environment.js'
import { serve } from '#cni/invocation.js'
import { pluginOf } from '#cni/plugin.js'
import { systemClock } from '#link/clock.js'
import { seededRandom } from '#link/random.js'
import { CniHost } from '../../fake/cni-host.js'
import { FakeFabric } from '../../fake/fabric.js'
import { keepingLogger } from '../../fake/log.js'
import { FakeNetworks } from '../../fake/networks.js'

export interface Answer {
  readonly exitCode: number
  /** Standard output as JSON; undefined where it is empty. */
  readonly body: Readonly<Record<string, unknown>> | undefined
}

export interface CallOptions {
  readonly id?: string
  readonly interfaceName?: string
  readonly netns?: string
  readonly env?: Readonly<Record<string, string>>
  readonly configuration?: Readonly<Record<string, unknown>>
}

export interface Stage {
  readonly directory: string
  readonly fabric: FakeFabric
  readonly networks: FakeNetworks
  readonly host: CniHost
  readonly url: string
  /** The path of a container's namespace. */
  netns(name: string): Promise<string>
  call(command: Command, options?: CallOptions): Promise<Answer>
  /** Names of the ledger's files, by part. */
  files(part: 'attachments' | 'pending'): Promise<readonly string[]>
  /** REST does not answer any more. */
  stopRest(): Promise<void>
  stop(): Promise<void>
}

const listen = async (fabric: FakeFabric, networks: FakeNetworks) => {
  const tokens = parseTokens('node:secret')
  const common = { logger: keepingLogger(), clock: systemClock, random: seededRandom(1) }
  const app = createServer({ ...common, fabric, networks, tokens })
  return { app, url: await app.listen({ host: '127.0.0.1', port: 0 }) }
}

/** `blue` has 10.1.0.0/24 and fd01::/64; the node is n1. */
export const setStage = async (): Promise<Stage> => {
  const directory = await mkdtemp(join(tmpdir(), 'heddle-cni-'))
  const fabric = new FakeFabric({ clock: systemClock })
  fabric.setNode('n1', 'ready')
  const networks = new FakeNetworks()
  networks.add({ name: 'blue', subnets: [{ cidr: '10.1.0.0/24' }, { cidr: 'fd01::/64' }] })
  const host = new CniHost()
  const { app, url } = await listen(fabric, networks)
  await writeFile(join(directory, 'token'), 'secret\n')
  await mkdir(join(directory, 'netns'))
  const netns = async (name: string): Promise<string> => {
    const path = join(directory, 'netns', name)
    await writeFile(path, '')
    return path
  }
  const settings = {
    controller: url,
    tokenFile: join(directory, 'token'),
    node: 'n1',
    stateDirectory: join(directory, 'state'),
    settingsFile: join(directory, 'cni.json'),
    timeoutSeconds: 5,
  }
  await writeFile(settings.settingsFile, '{}')
  const plugin = pluginOf({ run: host.run, kernel: host.kernel, deadline: (ms) => AbortSignal.timeout(ms) })
  const call: Stage['call'] = async (command, options = {}) => {
    const { id = 'c1', interfaceName = 'eth0', env = {}, configuration = {} } = options
    const input = { cniVersion: '1.1.0', name: 'blue', type: 'heddle-cni', ...settings, ...configuration }
    const variables = {
      CNI_COMMAND: command,
      CNI_CONTAINERID: id,
      CNI_NETNS: options.netns ?? (await netns(id)),
      CNI_IFNAME: interfaceName,
      CNI_PATH: join(directory, 'bin'),
      ...env,
    }
    const { exitCode, stdout } = await serve(
      { env: variables, readInput: async () => JSON.stringify(input) },
      plugin,
    )
    return { exitCode, body: stdout === '' ? undefined : JSON.parse(stdout) }
  }
  return {
    directory,
    fabric,
    networks,
    host,
    url,
    netns,
    call,
    files: (part) => readdir(join(directory, 'state', part)).catch(() => []),
    stopRest: () => app.close(),
    stop: async () => {
      await app.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** That nothing of any attachment is left: on the node, in its notes, at the controller. */
export const remains = async ({ host, networks, files }: Stage): Promise<readonly string[]> => [
  ...host.devices(),
  ...(await files('attachments')),
  ...(await files('pending')),
  ...networks.stored.keys(),
]
