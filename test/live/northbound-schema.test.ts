/** The northbound database: sites and mappings through a real server, and databases of the schema before these. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '#link/clock.js'
import { dial } from '#link/dial.js'
import { seededRandom } from '#link/random.js'
import { parseDialTarget } from '#link/targets.js'
import { silentLogger } from '#model/logger.js'
import { LocalServer } from '#store/local-server.js'
import { Northbound } from '#store/northbound.js'
import type { StoreChange, StoredMapping, StoredSite } from '#store/store.js'
import { makeDataDirectory, removeDataDirectory, startHere } from './support/controller.js'
import { soon } from './support/fabric.js'
import { OvsdbServer } from './support/ovsdb-server.js'

const run = promisify(execFile)
const schemaFile = fileURLToPath(new URL('../../src/store/heddle.ovsschema', import.meta.url))

const { version } = JSON.parse(readFileSync(schemaFile, 'utf8'))

/** The schema as version 1.0.0 had it: without the tables of the mapping system. */
const writeOldSchema = async (file: string): Promise<void> => {
  const schema = JSON.parse(await readFile(schemaFile, 'utf8'))
  const old = ['Heddle', 'Node', 'Link', 'End', 'Topology', 'Retired_Vni']
  const tables = Object.fromEntries(old.map((name) => [name, schema.tables[name]]))
  await writeFile(file, JSON.stringify({ ...schema, version: '1.0.0', tables }))
}

const open = (target: string): Northbound =>
  new Northbound({
    dials: [(signal) => dial(parseDialTarget(target, { port: 6641 }), {}, signal)],
    place: target,
    schemaFile,
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
  })

const provenance = { requestId: 'r1', by: 'somebody', at: 1_700_000_000_000 }

const site = (name: string, ...eids: readonly string[]): StoredSite => ({
  name,
  spec: {
    prefixes: eids.map((eid) => ({ iid: 7, eid, acceptMoreSpecifics: true })),
    keys: [
      { keyId: 1, secret: 'one' },
      { keyId: 2, secret: 'two', algorithms: ['hmac-sha-1-96', 'hmac-sha-256-128'] },
    ],
  },
  provenance,
})

describe('sites and static mappings', () => {
  let server: OvsdbServer
  let store: Northbound
  const heard: StoreChange[] = []

  beforeAll(async () => {
    server = await OvsdbServer.start({ schemas: [schemaFile] })
    store = open(server.target)
    await store.loaded()
    await soon(async () => store.state.state === 'leader')
    store.onChange((change) => heard.push(change))
  })
  afterAll(async () => {
    await store?.close()
    await server?.remove()
  })

  it('are read as they were written', async () => {
    const whole: StoredSite = {
      name: 'whole',
      spec: {
        ...site('whole', '10.0.0.0/8').spec,
        proxyReply: 'always',
        allowedLocators: ['192.0.2.0/24'],
        strictNonces: true,
        anyNonces: false,
        siteIds: ['0000000000000001'],
        registrationsMax: 5,
        xtrsMax: 0,
        unregistered: 'drop',
      },
      provenance,
    }
    await store.commit({ putSite: whole })
    expect([...store.sites()]).toEqual([whole])
    expect(heard.at(-1)?.sites).toEqual([{ new: whole }])
    await store.commit({ removeSite: 'whole' })
    expect([...store.sites()]).toEqual([])
  })

  it('replace what is below them: prefixes that stay are no conflict', async () => {
    await store.commit({ putSite: site('a', '10.1.0.0/16', '10.2.0.0/16') })
    await store.commit({ putSite: site('a', '10.2.0.0/16', '10.3.0.0/16') })
    expect([...store.sites()]).toEqual([site('a', '10.2.0.0/16', '10.3.0.0/16')])
    const rows = JSON.parse(server.client('dump', 'Heddle_Northbound', 'Site_Prefix', '--format=json'))
    expect(rows.data).toHaveLength(2)
  })

  it('of one EID-prefix are refused by the index of the database', async () => {
    await expect(store.commit({ putSite: site('b', '10.3.0.0/16') })).rejects.toMatchObject({
      code: 'eid-taken',
    })
    expect([...store.sites()].map(({ name }) => name)).toEqual(['a'])
  })

  it('keep locators with their numbers', async () => {
    const locator = { priority: 1, weight: 100, multicastPriority: 255, multicastWeight: 0 }
    const one: StoredMapping = {
      iid: 7,
      eid: '10.9.0.0/16',
      spec: { locators: [{ rloc: '192.0.2.1', ...locator }], ttl: 5 },
      provenance,
    }
    await store.commit({ putMapping: one })
    expect([...store.mappings()]).toEqual([one])
    const none: StoredMapping = { ...one, spec: { locators: [], action: 'drop' } }
    await store.commit({ putMapping: none })
    expect([...store.mappings()]).toEqual([none])
    await store.commit({ removeMapping: { iid: 7, eid: '10.9.0.0/16' } })
    expect([...store.mappings()]).toEqual([])
  })
})

describe('a database of the schema before', () => {
  let directory: string
  beforeAll(async () => {
    directory = await makeDataDirectory()
    await writeOldSchema(join(directory, 'old.ovsschema'))
  })
  afterAll(() => removeDataDirectory(directory))

  const makeOld = async (file: string): Promise<void> => {
    await run('ovsdb-tool', ['create', file, join(directory, 'old.ovsschema')])
    const row = '["Heddle_Northbound",{"op":"insert","table":"Heddle","row":{"next_serial":42}}]'
    await run('ovsdb-tool', ['transact', file, row])
  }

  const versionOf = async (file: string): Promise<string> =>
    (await run('ovsdb-tool', ['db-version', file])).stdout.trim()

  it('is converted at the start, and keeps what is in it', async () => {
    const file = join(directory, 'northbound.db')
    await makeOld(file)
    const settings = {
      'listen.rest': '127.0.0.1:0',
      'listen.ovsdb': 'ptcp:0:127.0.0.1',
      'listen.openflow': 'ptcp:0:127.0.0.1',
      dataDirectory: directory,
    }
    const controller = await startHere(settings)
    expect(controller.log.map(({ msg }) => msg)).toContain(
      'northbound database converted to the schema of this version',
    )
    expect(await controller.client.readiness()).toEqual({ ready: true })
    await controller.stop()
    expect(await versionOf(file)).toBe(version)
    const { stdout } = await run('ovsdb-tool', [
      'query',
      file,
      '["Heddle_Northbound",{"op":"select","table":"Heddle","where":[],"columns":["next_serial"]}]',
    ])
    expect(stdout).toContain('42')
  })

  it('is converted while its server runs, as a killed controller leaves it behind', async () => {
    const file = join(directory, 'left.db')
    await makeOld(file)
    const left = new LocalServer({
      file,
      schemaFile: join(directory, 'old.ovsschema'),
      clock: systemClock,
      logger: silentLogger,
    })
    const transport = await left.dial(AbortSignal.timeout(5_000))
    transport.start({ onData: () => {}, onClose: () => {} })
    transport.close()
    const server = new LocalServer({ file, schemaFile, clock: systemClock, logger: silentLogger })
    const store = new Northbound({
      dials: [server.dial],
      place: file,
      schemaFile,
      clock: systemClock,
      random: seededRandom(1),
      logger: silentLogger,
      onClosed: () => server.stop(),
    })
    await store.loaded()
    await soon(async () => store.state.state === 'leader')
    await store.commit({ putSite: site('a', '10.0.0.0/8') })
    await store.close()
    expect(await versionOf(file)).toBe(version)
  })

  it('elsewhere is somebody else’s to convert: the error says with what', async () => {
    const old = await OvsdbServer.start({ schemas: [join(directory, 'old.ovsschema')] })
    const store = open(old.target)
    await expect(store.loaded()).rejects.toThrow(`ovsdb-client convert ${old.target} ${schemaFile}`)
    expect(store.state).toMatchObject({ state: 'connecting', reason: /no table Site.*convert/ })
    old.client('convert', schemaFile)
    await store.loaded(AbortSignal.timeout(10_000))
    await soon(async () => store.state.state === 'leader')
    await store.close()
    await old.remove()
  })
})
