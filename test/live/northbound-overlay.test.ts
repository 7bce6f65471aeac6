/** Networks, endpoints, leases and blocks in a real `ovsdb-server`: its own indexes and references are what keeps them apart. */
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import { systemClock } from '#link/clock.js'
import { dial } from '#link/dial.js'
import { seededRandom } from '#link/random.js'
import { parseDialTarget } from '#link/targets.js'
import { silentLogger } from '#model/logger.js'
import { Northbound } from '#store/northbound.js'
import { overlayStoreCases } from '../fake/overlay-store-cases.js'
import { soon } from './support/fabric.js'
import { OvsdbServer } from './support/ovsdb-server.js'

const schemaFile = fileURLToPath(new URL('../../src/store/heddle.ovsschema', import.meta.url))

let server: OvsdbServer | undefined
let store: Northbound | undefined
afterAll(async () => {
  await store?.close()
  await server?.remove()
})

overlayStoreCases(async () => {
  server = await OvsdbServer.start({ schemas: [schemaFile] })
  const { target } = server
  const opened = new Northbound({
    dials: [(signal) => dial(parseDialTarget(target, { port: 6641 }), {}, signal)],
    place: target,
    schemaFile,
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
  })
  store = opened
  await opened.loaded()
  await soon(async () => opened.state.state === 'leader')
  return opened
})
