/** Networks, endpoints, leases and blocks in the northbound store: the one in memory, and the database behind a fake server. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe } from 'vitest'
import { systemClock } from '#link/clock.js'
import { memoryPair } from '#link/memory.js'
import { seededRandom } from '#link/random.js'
import { silentLogger } from '#model/logger.js'
import { parseSchema } from '#ovsdb/schema.js'
import { Northbound } from '#store/northbound.js'
import { MemoryStore } from '../fake/memory-store.js'
import { overlayStoreCases } from '../fake/overlay-store-cases.js'
import { FakeDatabase } from '../fake/ovsdb/database.js'
import { FakeOvsdbServer } from '../fake/ovsdb/server.js'

const schemaFile = fileURLToPath(new URL('../../src/store/heddle.ovsschema', import.meta.url))

const databaseBehindServer = async (): Promise<Northbound> => {
  let made = 0
  const database = new FakeDatabase(parseSchema(JSON.parse(readFileSync(schemaFile, 'utf8'))), () => {
    made += 1
    return `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`
  })
  const server = new FakeOvsdbServer({ clock: systemClock, databases: [database] })
  const dial = async () => {
    const { ends } = memoryPair({ clock: systemClock })
    server.serve(ends[1])
    return ends[0]
  }
  const store = new Northbound({
    dials: [dial],
    place: 'a fake server',
    schemaFile,
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
  })
  await store.loaded()
  await new Promise<void>((resolve) => {
    if (store.state.state === 'leader') resolve()
    store.onState(({ state }) => state === 'leader' && resolve())
  })
  return store
}

describe('in memory', () => {
  overlayStoreCases(async () => new MemoryStore())
})

describe('behind a fake server', () => {
  let store: Northbound | undefined
  afterAll(() => store?.close())
  overlayStoreCases(async () => {
    store = await databaseBehindServer()
    return store
  })
})
