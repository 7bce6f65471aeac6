/** Every operation of RFC 7047, section 5.2, and every error's way back, against a real `ovsdb-server`. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { namedUuid } from '#ovsdb/atoms.js'
import type { OvsdbClient } from '#ovsdb/client.js'
import { OvsdbError } from '#ovsdb/errors.js'
import * as op from '#ovsdb/operations.js'
import { item, itemsDatabase, itemsSchema, itemTables, part } from './support/items.js'
import { openClient } from './support/ovsdb-client.js'
import { OvsdbServer } from './support/ovsdb-server.js'

let server: OvsdbServer
let client: OvsdbClient<(typeof itemTables)[number]>

beforeAll(async () => {
  server = await OvsdbServer.start({ schemas: [itemsSchema] })
})
afterAll(() => server.remove())
beforeEach(async () => {
  client = await openClient(server.target, itemTables, { database: itemsDatabase })
  await client.transact([op.deleteRows(item, [])])
})

const failureOf = async (promise: Promise<unknown>): Promise<OvsdbError> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof OvsdbError) return error
  throw new Error(`expected an OvsdbError, got ${String(error)}`)
}

describe('operations', () => {
  it('insert, with named UUIDs across rows; select gives back every type', async () => {
    const [itemId, partId] = await client.transact([
      op.insert(
        item,
        {
          name: 'whole',
          size: 7,
          big: 9223372036854775807n,
          weight: 1.5,
          on: true,
          limit: 3,
          tags: ['b', 'a'],
          props: { x: 1, y: -2 },
          parts: [namedUuid('p')],
          near: [namedUuid('self')],
        },
        'self',
      ),
      op.insert(part, { label: 'wheel' }, 'p'),
    ])
    const [items, parts] = await client.transact([
      op.select(item, []),
      op.select(part, [], ['_uuid', 'label']),
    ])
    expect(items).toEqual([
      {
        _uuid: itemId,
        name: 'whole',
        size: 7,
        big: 9223372036854775807n,
        weight: 1.5,
        on: true,
        limit: 3,
        tags: ['a', 'b'],
        props: new Map([
          ['x', 1],
          ['y', -2],
        ]),
        parts: [partId],
        near: [itemId],
      },
    ])
    expect(parts).toEqual([{ _uuid: partId, label: 'wheel' }])
    expect(client.replica.table(item).one('name', 'whole')).toEqual(items[0])
    expect(server.client('dump', itemsDatabase, 'Item', 'name', 'big')).toContain('9223372036854775807')
  })

  it('insert under a UUID of our own, which cannot happen twice', async () => {
    const id = '0f0e0d0c-0b0a-4908-8706-050403020100'
    expect(await client.transact([op.insertAs(item, { name: 'mine' }, id)])).toEqual([id])
    const error = await failureOf(client.transact([op.insertAs(item, { name: 'mine too' }, id)]))
    expect(error.peer?.error).toBe('duplicate uuid')
  })

  it('update, mutate and delete say how many rows they met', async () => {
    await client.transact(['a', 'b', 'c'].map((name, size) => op.insert(item, { name, size })))
    const results = await client.transact([
      op.update(item, [['size', '>=', 1]], { on: true, limit: null }),
      op.mutate(
        item,
        [['on', '==', true]],
        [
          ['size', '+=', 10],
          ['tags', 'insert', ['hot']],
          ['props', 'insert', { n: 1 }],
        ],
      ),
      op.mutate(
        item,
        [['name', '==', 'c']],
        [
          ['tags', 'delete', ['hot']],
          ['props', 'delete', ['n']],
        ],
      ),
      op.deleteRows(item, [['name', '==', 'a']]),
      op.select(item, [['tags', 'includes', ['hot']]], ['name', 'size']),
      op.select(
        item,
        [
          ['tags', 'excludes', ['hot']],
          ['size', '<', 100],
        ],
        ['name', 'props'],
      ),
    ])
    expect(results).toEqual([2, 2, 1, 1, [{ name: 'b', size: 11 }], [{ name: 'c', props: new Map() }]])
  })

  it('wait holds a transaction until the rows are so, or fails it', async () => {
    await client.transact([op.insert(item, { name: 'door', on: false })])
    const where: ['name', '==', string][] = [['name', '==', 'door']]
    const open = { where, columns: ['on'], until: '==', rows: [{ on: true }] } as const
    const error = await failureOf(client.transact([op.wait(item, { ...open, timeoutMs: 0 })]))
    expect(error).toMatchObject({ code: 'operation-failed', peer: { error: 'timed out' } })
    const through = client.transact([op.wait(item, open), op.insert(item, { name: 'guest' })])
    await client.transact([op.update(item, where, { on: true })])
    await through
    expect(client.replica.table(item).one('name', 'guest')).toBeDefined()
  })

  it('commit durably, comment', async () => {
    const results = await client.transact([
      op.insert(item, { name: 'x' }),
      op.comment('a remark'),
      op.commit(true),
    ])
    expect(results.slice(1)).toEqual([undefined, undefined])
  })

  it('abort: nothing happened', async () => {
    const error = await failureOf(client.transact([op.insert(item, { name: 'x' }), op.abort()]))
    expect(error).toMatchObject({
      code: 'operation-failed',
      peer: { error: 'aborted' },
      operation: { index: 1 },
    })
    expect(await client.transact([op.select(item, [])])).toEqual([[]])
  })

  it('assert: only the owner of the lock', async () => {
    const guarded = [op.assertLock('keeper'), op.insert(item, { name: 'x' })]
    expect((await failureOf(client.transact(guarded))).peer?.error).toBe('not owner')
    const lock = client.lock('keeper')
    await expect.poll(() => lock.state).toBe('locked')
    await client.transact(guarded)
  })
})

describe('errors keep the words of the server and the operation that caused them', () => {
  it('a failing operation', async () => {
    const bad = op.update(item, [], { size: -1 })
    await client.transact([op.insert(item, { name: 'x' })])
    const error = await failureOf(client.transact([op.comment('first'), bad]))
    expect(error.code).toBe('operation-failed')
    expect(error.peer?.error).toBe('constraint violation')
    expect(error.peer?.details).toContain('-1')
    expect(error.operation).toEqual({ index: 1, request: bad.request })
  })

  it('a failing commit: an index, a reference', async () => {
    const twice = await failureOf(
      client.transact([op.insert(item, { name: 'x' }), op.insert(item, { name: 'x' })]),
    )
    expect(twice).toMatchObject({
      code: 'operation-failed',
      peer: { error: 'constraint violation' },
      operation: { index: 2 },
    })
    const dangling = op.insert(item, { name: 'y', parts: ['0f0e0d0c-0b0a-4908-8706-050403020100'] })
    expect((await failureOf(client.transact([dangling]))).peer?.error).toBe('referential integrity violation')
  })

  it('a value that cannot be sent is not sent', async () => {
    expect(() => op.insert(item, { size: 2 ** 60 })).toThrow(expect.objectContaining({ code: 'bad-value' }))
  })
})

describe('many at once', () => {
  it('500 transactions under way, answered in order', async () => {
    const numbers = Array.from({ length: 500 }, (_, n) => n)
    const ids = await Promise.all(
      numbers.map((n) => client.transact([op.insert(item, { name: `n${n}`, size: n })])),
    )
    expect(new Set(ids.flat()).size).toBe(500)
    await expect.poll(() => client.replica.table(item).size).toBe(500)
  })

  it('cancel: one that waits is canceled, and the server says so', async () => {
    const cancel = new AbortController()
    const never = { where: [], columns: ['on'], until: '==', rows: [{ on: true }] } as const
    const waiting = failureOf(client.transact([op.wait(item, never)], { signal: cancel.signal }))
    cancel.abort()
    expect((await waiting).code).toBe('canceled')
    expect((await failureOf(client.transact([op.comment('x')], { signal: cancel.signal }))).code).toBe(
      'canceled',
    )
  })

  it('cancel that comes too late does not hide that it happened', async () => {
    const cancel = new AbortController()
    const done = client.transact([op.insert(item, { name: 'late' })], { signal: cancel.signal })
    cancel.abort()
    const outcome = await done.then(
      () => 'committed',
      (error: OvsdbError) => error.code,
    )
    const [rows] = await client.transact([op.select(item, [['name', '==', 'late']])])
    expect([outcome, rows.length]).toEqual(outcome === 'committed' ? ['committed', 1] : ['canceled', 0])
  })
})
