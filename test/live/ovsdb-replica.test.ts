/** The replica against real servers: every monitor method, conditions, resuming after a restart, a schema that changes underneath. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { OvsdbClient } from '#ovsdb/client.js'
import { boolean, integer, maybe, string } from '#ovsdb/columns.js'
import { OvsdbError } from '#ovsdb/errors.js'
import * as methods from '#ovsdb/methods.js'
import type { MonitorMethod } from '#ovsdb/monitor.js'
import * as op from '#ovsdb/operations.js'
import type { ChangeSet } from '#ovsdb/replica.js'
import { rowsWhere } from '#ovsdb/replication.js'
import { table } from '#ovsdb/tables.js'
import { item, itemsDatabase, itemsSchema, itemTables } from './support/items.js'
import { clientSettings, dialTo, openClient, openSession, stateOf } from './support/ovsdb-client.js'
import { OvsdbServer, type OvsdbServerOptions } from './support/ovsdb-server.js'

type Tables = (typeof itemTables)[number]

const startServer = async (options: OvsdbServerOptions = {}): Promise<OvsdbServer> => {
  const server = await OvsdbServer.start({ schemas: [itemsSchema], ...options })
  onTestFinished(() => server.remove())
  return server
}

const items = { database: itemsDatabase }

const methodOf = (client: OvsdbClient): MonitorMethod | undefined =>
  client.state.state === 'synced' ? client.state.method : undefined

const recorded = (client: OvsdbClient<Tables>): ChangeSet<Tables>[] => {
  const seen: ChangeSet<Tables>[] = []
  client.replica.onChange((changes) => seen.push(changes))
  return seen
}

/** What the server has, by `select`, is what the replica has. */
const expectEqual = async (client: OvsdbClient<Tables>): Promise<void> => {
  const [rows] = await client.transact([op.select(item, [])])
  const byId = (a: { _uuid: string }, b: { _uuid: string }) => (a._uuid < b._uuid ? -1 : 1)
  expect([...client.replica.table(item).rows()].sort(byId)).toEqual([...rows].sort(byId))
}

/** A little of everything that can happen to a row, in several transactions. */
const history = async (client: OvsdbClient): Promise<void> => {
  await client.transact([
    op.insert(item, { name: 'a', tags: ['x', 'y'], props: { p: 1 }, limit: 1 }),
    op.insert(item, { name: 'b', weight: 0.5, on: true }),
    op.insert(item, { name: 'c', big: -1n }),
  ])
  await client.transact([
    op.update(item, [['name', '==', 'a']], { tags: ['y', 'z', 'w'], props: { p: 2, q: 3 }, limit: null }),
    op.update(item, [['name', '==', 'b']], { weight: 0, on: false, limit: 9, tags: ['only'] }),
    op.deleteRows(item, [['name', '==', 'c']]),
  ])
  await client.transact([
    op.mutate(
      item,
      [['name', '==', 'a']],
      [
        ['props', 'delete', ['p']],
        ['tags', 'delete', ['y', 'z']],
        ['size', '+=', 4],
      ],
    ),
    op.update(item, [['name', '==', 'b']], { limit: 10, tags: [] }),
  ])
}

describe.each<[MonitorMethod, (server: OvsdbServer) => void]>([
  ['monitor_cond_since', () => {}],
  ['monitor', (server) => void server.control('ovsdb-server/disable-monitor-cond')],
])('replication by %s', (method, prepare) => {
  it('follows every kind of change', async () => {
    const server = await startServer()
    prepare(server)
    const client = await openClient(server.target, itemTables, items)
    expect(methodOf(client)).toBe(method)
    const seen = recorded(client)
    await history(client)
    await expect.poll(() => seen.length).toBe(3)
    await expectEqual(client)
    expect(seen.map((changes) => changes.length)).toEqual([3, 3, 2])
    const late = await openClient(server.target, itemTables, items)
    await expectEqual(late)
  })
})

describe('resuming', () => {
  it('reports what happened while only the connection was broken', async () => {
    const server = await startServer()
    const writer = await openClient(server.target, [], items)
    const client = await openClient(server.target, itemTables, {
      ...items,
      link: { backoffMsMin: 1_000, backoffMsMax: 1_000 },
    })
    await history(writer)
    await expect.poll(() => client.replica.table(item).one('name', 'b')?.limit).toBe(10)
    const seen = recorded(client)
    const lost = [stateOf(client, 'waiting'), stateOf(writer, 'waiting')]
    server.control('ovsdb-server/reconnect')
    await lost[0]
    expect(client.replica.state).toBe('stale')
    await lost[1]
    await writer.synced()
    await writer.transact([op.insert(item, { name: 'while away' })])
    expect(seen).toEqual([])
    await client.synced()
    expect(seen.flat().map(({ old, new: row }) => [old, row?._uuid !== undefined])).toEqual([
      [undefined, true],
    ])
    await expectEqual(client)
  })

  it('survives a restart of the server: rows that are still there do not vanish and come back', async () => {
    const server = await startServer()
    const client = await openClient(server.target, itemTables, items)
    await history(client)
    await client.transact([op.commit(true)])
    const before = client.replica.table(item).one('name', 'a')
    const seen = recorded(client)
    const lost = stateOf(client, 'waiting')
    await server.stop('SIGKILL')
    await lost
    expect(client.replica.table(item).one('name', 'a')).toBe(before)
    await server.start()
    await client.synced()
    expect(seen).toEqual([])
    expect(client.replica.table(item).one('name', 'a')).toBe(before)
    await client.transact([op.deleteRows(item, [['name', '==', 'a']])])
    await expect.poll(() => seen.flat().map(({ old, new: row }) => [old, row])).toEqual([[before, undefined]])
  })

  it('reports the true difference when the database was replaced', async () => {
    const server = await startServer()
    const client = await openClient(server.target, itemTables, items)
    await client.transact([op.insert(item, { name: 'old' })])
    const seen = recorded(client)
    const lost = stateOf(client, 'waiting')
    await server.stop()
    await lost
    const other = await startServer()
    const writer = await openClient(other.target, [], items)
    await writer.transact([op.insert(item, { name: 'new' })])
    await other.stop()
    writeFileSync(join(server.folder, '0.db'), readFileSync(join(other.folder, '0.db')))
    await server.start()
    await client.synced()
    expect(seen.flat().map(({ old, new: row }) => [old && 'old', row && 'new'])).toEqual(
      expect.arrayContaining([
        ['old', undefined],
        [undefined, 'new'],
      ]),
    )
    expect(seen).toHaveLength(1)
  })
})

describe('conditions', () => {
  it('replicate some rows, and others when they are wanted', async () => {
    const server = await startServer()
    const writer = await openClient(server.target, [], items)
    await writer.transact([1, 2, 3, 4].map((size) => op.insert(item, { name: `n${size}`, size })))
    const where = [rowsWhere(item, [['size', '==', 1]])]
    const client = await openClient(server.target, itemTables, { ...items, where })
    const names = () => [...client.replica.table(item).rows()].map(({ name }) => name).sort()
    expect(names()).toEqual(['n1'])
    await client.want([
      rowsWhere(item, [
        ['size', '==', 2],
        ['name', '==', 'n3'],
      ]),
    ])
    expect(names()).toEqual(['n2', 'n3'])
    await writer.transact([op.update(item, [['name', '==', 'n4']], { size: 2 })])
    await expect.poll(names).toEqual(['n2', 'n3', 'n4'])
    server.control('ovsdb-server/reconnect')
    await stateOf(client, 'waiting')
    await client.synced()
    expect(names()).toEqual(['n2', 'n3', 'n4'])
    await client.want([rowsWhere(item, [false])])
    expect(names()).toEqual([])
  })
})

describe('schemas', () => {
  it('a missing column is a clear error, a maybe column is undefined until the server has it', async () => {
    const server = await startServer()
    const tolerant = table('Item', { name: string, colour: maybe(string), count: maybe(integer) })
    const client = await openClient(server.target, [tolerant], items)
    await client.transact([op.insert(tolerant, { name: 'x' })])
    await expect
      .poll(() => client.replica.table(tolerant).one('name', 'x'))
      .toMatchObject({ colour: undefined })
    const changed = stateOf(client, 'waiting')
    const newer = join(server.folder, 'newer.ovsschema')
    writeFileSync(newer, withColour())
    server.client('convert', newer)
    expect((await changed).error.message).toContain('its database has changed')
    await client.synced()
    expect(client.replica.table(tolerant).one('name', 'x')).toMatchObject({ colour: '', count: undefined })
  })

  it('says all that does not fit, and goes on trying', async () => {
    const server = await startServer()
    const needs = table('Item', { name: string, colour: string, size: boolean })
    const client = OvsdbClient.dial(
      [dialTo(server.target)],
      clientSettings([needs, table('Shelf', { name: string })], items),
    )
    onTestFinished(() => client.close())
    const { error } = await stateOf(client, 'waiting')
    expect(error).toMatchObject({ code: 'schema-mismatch' })
    expect(error.message).toMatch(
      /Items 1.0.0 .*Item.colour is missing.*Item.size is of integer, not boolean.*no table Shelf/,
    )
    await stateOf(client, 'connecting')
    await expect(client.transact([op.comment('x')])).rejects.toMatchObject({ code: 'closed' })
  })

  it('list_dbs, get_schema of an unknown database, get_server_id, echo', async () => {
    const server = await startServer()
    const session = await openSession(server.target)
    const schema = await methods.getSchema(session, itemsDatabase)
    expect(schema.tables.get('Item')?.indexes).toEqual([['name']])
    expect(await methods.listDbs(session)).toEqual(expect.arrayContaining([itemsDatabase, '_Server']))
    await expect(methods.getSchema(session, 'Nothing')).rejects.toMatchObject({ code: 'unknown-database' })
    await expect(session.request('no_such_method', [])).rejects.toMatchObject({ code: 'unknown-method' })
    await methods.echo(session)
    const id = await methods.getServerId(session)
    await server.stop()
    await server.start()
    expect(await methods.getServerId(await openSession(server.target))).not.toBe(id)
    await expect(methods.echo(session)).rejects.toBeInstanceOf(OvsdbError)
  })
})

const withColour = (): string => {
  const schema = JSON.parse(readFileSync(itemsSchema, 'utf8'))
  schema.version = '1.1.0'
  schema.tables.Item.columns.colour = { type: 'string' }
  return JSON.stringify(schema)
}
