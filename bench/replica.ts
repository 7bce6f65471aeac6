/**
 * How long it takes to replicate a database of many ports from a real `ovsdb-server`, against the floor that no client gets under: asking
 * the same question on a bare socket, reading the same bytes and calling `JSON.parse`.
 */
import { connect } from 'node:net'
import { systemClock } from '#link/clock.js'
import { dial } from '#link/dial.js'
import { systemRandom } from '#link/random.js'
import { parseDialTarget } from '#link/targets.js'
import { namedUuid } from '#ovsdb/atoms.js'
import { OvsdbClient } from '#ovsdb/client.js'
import { insert, mutate, update } from '#ovsdb/operations.js'
import { bridge, iface, openVswitch, openVswitchDatabaseName, port } from '#ovsdb/schemas/open-vswitch.js'
import { OvsdbServer } from '../test/live/support/ovsdb-server.js'
import type { BenchResult } from './report.js'

export interface ReplicaBenchOptions {
  readonly ports?: number
  readonly runs?: number
}

const tables = [openVswitch, bridge, port, iface]

/** Replication in at most this many times the floor. */
const ratioMax = 2

export const run = async ({ ports = 20_000, runs = 5 }: ReplicaBenchOptions = {}): Promise<BenchResult> => {
  const server = await OvsdbServer.start()
  try {
    await fill(server.target, ports)
    const floors: Floor[] = []
    const replications: Replicated[] = []
    for (let turn = 0; turn < runs; turn += 1) {
      floors.push(await readAndParse(server.target))
      replications.push(await replicateOnce(server.target, ports))
    }
    return report(ports, floors, replications)
  } finally {
    await server.remove()
  }
}

const report = (
  ports: number,
  floors: readonly Floor[],
  replications: readonly Replicated[],
): BenchResult => {
  const floorMs = median(floors.map(({ totalMs }) => totalMs))
  const replicaMs = median(replications.map(({ syncMs }) => syncMs))
  const ratio = replicaMs / floorMs
  const target = {
    name: 'replicated, as a multiple of read and parsed',
    value: ratio,
    target: ratioMax,
    ok: ratio <= ratioMax,
  }
  return {
    bench: 'replica',
    ok: target.ok,
    targets: [target],
    figures: {
      ports,
      bytes: floors[0]?.bytes ?? 0,
      floorMs,
      floorParseMs: median(floors.map(({ parseMs }) => parseMs)),
      replicaMs,
      heapMb: median(replications.map(({ heapMb }) => heapMb)),
      oneChangeMs: median(replications.map(({ changeMs }) => changeMs)),
    },
  }
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

const clientOf = <T extends (typeof tables)[number]>(
  target: string,
  declared: readonly T[],
): OvsdbClient<T> =>
  OvsdbClient.dial([(signal) => dial(parseDialTarget(target), {}, signal)], {
    clock: systemClock,
    random: systemRandom,
    database: openVswitchDatabaseName,
    tables: declared,
  })

/** One bridge with many ports, each with an interface of its own, as a node with that many containers has. */
const fill = async (target: string, ports: number): Promise<void> => {
  const client = clientOf(target, [])
  await client.synced()
  const bridgeName = namedUuid('br')
  const [bridgeId] = await client.transact([
    insert(bridge, { name: 'br-int', datapath_type: 'netdev', fail_mode: 'secure' }, 'br'),
    insert(openVswitch, { bridges: [bridgeName], external_ids: { 'system-id': 'bench' } }),
  ])
  const perTransaction = 1_000
  for (let first = 0; first < ports; first += perTransaction) {
    const numbers = Array.from({ length: Math.min(perTransaction, ports - first) }, (_, i) => first + i)
    await client.transact([
      ...numbers.flatMap(portOperations),
      mutate(
        bridge,
        [['_uuid', '==', bridgeId]],
        [['ports', 'insert', numbers.map((n) => namedUuid(`p${n}`))]],
      ),
    ])
  }
  client.close()
}

const portOperations = (n: number) => {
  const name = `veth${n}`
  const ids = { 'heddle-link': `link-${n}`, 'heddle-end': 'a', 'iface-id': `container-${n}:eth0` }
  const mac = `0a:00:00:${[16, 8, 0].map((shift) => ((n >> shift) & 255).toString(16).padStart(2, '0')).join(':')}`
  return [
    insert(
      iface,
      {
        name,
        external_ids: ids,
        ofport: n + 1,
        mac_in_use: mac,
        mtu: 1500,
        link_state: 'up',
        status: { driver_name: 'veth' },
      },
      `i${n}`,
    ),
    insert(port, { name, interfaces: [namedUuid(`i${n}`)], external_ids: ids }, `p${n}`),
  ]
}

interface Floor {
  readonly totalMs: number
  readonly parseMs: number
  readonly bytes: number
}

/** Asks what the client asks, and only parses the answer. */
const readAndParse = (target: string): Promise<Floor> =>
  new Promise((resolve, reject) => {
    const wanted = Object.fromEntries(
      tables.map((table) => [table.name, [{ columns: Object.keys(table.columns) }]]),
    )
    const none = '00000000-0000-0000-0000-000000000000'
    const request = {
      id: 1,
      method: 'monitor_cond_since',
      params: [openVswitchDatabaseName, 'floor', wanted, none],
    }
    const chunks: Buffer[] = []
    const start = systemClock.now()
    const socket = connect({ path: target.slice('unix:'.length) })
    socket.on('error', reject)
    socket.write(JSON.stringify(request))
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (chunks.length === 1 && chunk.includes('"error":{')) return reject(new Error(chunk.toString()))
      // The reply ends with the braces of its message, and nothing follows it.
      if (chunk.at(-1) !== 0x7d || !chunk.subarray(-20).includes('"error":null')) return
      const bytes = Buffer.concat(chunks)
      const parseStart = systemClock.now()
      JSON.parse(bytes.toString('utf8'))
      const end = systemClock.now()
      socket.destroy()
      resolve({ totalMs: end - start, parseMs: end - parseStart, bytes: bytes.length })
    })
  })

interface Replicated {
  readonly syncMs: number
  readonly changeMs: number
  readonly heapMb: number
}

const replicateOnce = async (target: string, ports: number): Promise<Replicated> => {
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  const start = systemClock.now()
  const client = clientOf(target, tables)
  await client.synced()
  const syncMs = systemClock.now() - start
  if (client.replica.table(iface).size < ports) throw new Error('the replica is incomplete')
  globalThis.gc?.()
  const heapMb = (process.memoryUsage().heapUsed - before) / 2 ** 20
  const changeMs = await changeOne(client)
  client.close()
  return { syncMs, changeMs, heapMb }
}

/** From the transaction to the change in the replica. */
const changeOne = async (client: OvsdbClient<(typeof tables)[number]>): Promise<number> => {
  const start = systemClock.now()
  const seen = new Promise<void>((resolve) => {
    const stop = client.replica.onChange(() => {
      stop()
      resolve()
    })
  })
  const value = String(start)
  await client.transact([update(iface, [['name', '==', 'veth7']], { other_config: { value } })])
  await seen
  return systemClock.now() - start
}
