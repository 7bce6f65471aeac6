/** What the live comparison with a real server leaves out of the fake one: waiting, conditions that change, coming back, older servers. */
import { describe, expect, test } from 'vitest'
import { memoryPair } from '#link/memory.js'
import { integer, string } from '#ovsdb/columns.js'
import { printJson } from '#ovsdb/json.js'
import { transact } from '#ovsdb/methods.js'
import { noTransaction } from '#ovsdb/monitor.js'
import { changeConditions, type MonitorEvent, startMonitor } from '#ovsdb/monitoring.js'
import { deleteRows, insert, update, wait } from '#ovsdb/operations.js'
import { parseSchema } from '#ovsdb/schema.js'
import { Session } from '#ovsdb/session.js'
import { table } from '#ovsdb/tables.js'
import { FakeDatabase } from '../../fake/ovsdb/database.js'
import { FakeOvsdbServer } from '../../fake/ovsdb/server.js'
import { VirtualClock } from '../../fake/virtual-clock.js'

const thing = table('Thing', { name: string, size: integer })
const schema = parseSchema({
  name: 'db',
  tables: {
    Thing: { columns: { name: { type: 'string' }, size: { type: 'integer' } }, indexes: [['name']] },
  },
})

const stage = (
  without: readonly string[] = [],
): {
  clock: VirtualClock
  database: FakeDatabase
  session: Session
  call: <R>(answer: Promise<R>) => Promise<R>
} => {
  const clock = new VirtualClock()
  let made = 0
  const database = new FakeDatabase(schema, () => {
    made += 1
    return `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`
  })
  const { ends } = memoryPair({ clock })
  new FakeOvsdbServer({ clock, databases: [database], without }).serve(ends[1])
  const session = new Session(ends[0])
  const call = async <R>(answer: Promise<R>): Promise<R> => {
    answer.catch(() => undefined)
    for (let turn = 0; turn < 6; turn += 1) await clock.run(0)
    return answer
  }
  return { clock, database, session, call }
}

const request = (lastTransaction: string = noTransaction) => ({
  database: 'db',
  monitor: 'm',
  tables: { Thing: { columns: ['name', 'size'] } },
  lastTransaction,
})

const untilBig = (timeoutMs?: number) =>
  wait(thing, {
    where: [['name', '==', 'a']],
    until: '==',
    columns: ['size'],
    rows: [{ size: 5 }],
    ...(timeoutMs !== undefined && { timeoutMs }),
  })

describe('a wait', () => {
  test('holds its transaction until another makes it true', async () => {
    const { session, call } = stage()
    await call(transact(session, 'db', [insert(thing, { name: 'a' })]))
    const done: string[] = []
    const waiting = transact(session, 'db', [untilBig(), insert(thing, { name: 'b' })]).then(() =>
      done.push('waited'),
    )
    await call(transact(session, 'db', [update(thing, [], { size: 4 })]))
    expect(done).toEqual([])
    await call(transact(session, 'db', [update(thing, [], { size: 5 })]))
    await call(waiting)
    expect(done).toEqual(['waited'])
  })

  test('fails when its time is over', async () => {
    const { session, call, clock } = stage()
    await call(transact(session, 'db', [insert(thing, { name: 'a' })]))
    const waiting = transact(session, 'db', [untilBig(500)])
    waiting.catch(() => undefined)
    await clock.run(10)
    await clock.run(500)
    await expect(call(waiting)).rejects.toMatchObject({
      code: 'operation-failed',
      peer: { error: 'timed out' },
    })
  })
})

describe('a monitor', () => {
  test('goes on after the transaction that the client knows, or says that it cannot', async () => {
    const { session, call, database } = stage()
    await call(transact(session, 'db', [insert(thing, { name: 'a' }), insert(thing, { name: 'b' })]))
    const known = database.lastTransaction
    await call(transact(session, 'db', [update(thing, [['name', '==', 'a']], { size: 1 })]))
    await call(
      transact(session, 'db', [
        update(thing, [['name', '==', 'a']], { size: 2 }),
        deleteRows(thing, [['name', '==', 'b']]),
      ]),
    )
    const events: MonitorEvent[] = []
    await call(startMonitor(session, 'monitor_cond_since', request(known), (event) => events.push(event)))
    const again = { ...request('00000000-0000-4000-8000-999999999999'), monitor: 'n' }
    await call(startMonitor(session, 'monitor_cond_since', again, (event) => events.push(event)))
    const [since, dump] = events
    expect(since).toMatchObject({ kind: 'reply', reply: { since: true } })
    expect(since?.kind === 'reply' && since.reply.tables[0]?.rows.map(({ kind }) => kind).sort()).toEqual([
      'delete',
      'modify',
    ])
    expect(dump).toMatchObject({
      kind: 'reply',
      reply: { since: false, tables: [{ rows: [{ kind: 'insert', row: { name: 'a', size: 2 } }] }] },
    })
  })

  test('whose conditions change is told what comes and what goes', async () => {
    const { session, call } = stage()
    await call(
      transact(session, 'db', [insert(thing, { name: 'a', size: 1 }), insert(thing, { name: 'b', size: 2 })]),
    )
    const events: MonitorEvent[] = []
    const small = {
      database: 'db',
      monitor: 'm',
      tables: { Thing: { columns: ['name'], where: [['size', '==', 1]] } },
    }
    await call(startMonitor(session, 'monitor_cond', small, (event) => events.push(event)))
    await call(changeConditions(session, 'm', { Thing: [['size', '==', 2]] }))
    await call(transact(session, 'db', [update(thing, [['name', '==', 'b']], { size: 3 })]))
    const told = events.map((event) =>
      event.kind === 'update'
        ? event.update.tables.flatMap(({ rows }) => rows.map(({ kind }) => kind))
        : event.kind,
    )
    expect(told).toEqual(['reply', ['delete', 'insert'], ['delete']])
  })

  test('of an older server is refused', async () => {
    const { session, call } = stage(['monitor_cond_since'])
    const started = startMonitor(session, 'monitor_cond_since', request(), () => undefined)
    await expect(call(started)).rejects.toMatchObject({ code: 'unknown-method' })
  })
})

test('an index is kept over what a transaction frees', async () => {
  const { session, call, database } = stage()
  await call(transact(session, 'db', [insert(thing, { name: 'a' })]))
  await expect(call(transact(session, 'db', [insert(thing, { name: 'a' })]))).rejects.toMatchObject({
    peer: { error: 'constraint violation' },
  })
  await call(transact(session, 'db', [deleteRows(thing, []), insert(thing, { name: 'a', size: 9 })]))
  const rows = [...(database.tables.get('Thing')?.values() ?? [])]
  expect(rows.map((row) => printJson([row.get('size')?.keys[0] ?? null]))).toEqual(['[9]'])
})
