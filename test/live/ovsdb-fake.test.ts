/** The fake OVSDB server answers as the real one does: the same transactions, the same results, the same news to the same monitors. */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '#link/clock.js'
import { memoryPair } from '#link/memory.js'
import { OvsdbError } from '#ovsdb/errors.js'
import { isJsonArray, isJsonObject, type Json, printJson } from '#ovsdb/json.js'
import { lock, unlock } from '#ovsdb/locks.js'
import { noTransaction } from '#ovsdb/monitor.js'
import { parseSchema } from '#ovsdb/schema.js'
import { Session } from '#ovsdb/session.js'
import { FakeDatabase } from '../fake/ovsdb/database.js'
import { FakeOvsdbServer } from '../fake/ovsdb/server.js'
import { openSession } from './support/ovsdb-client.js'
import { OvsdbServer, vswitchSchema } from './support/ovsdb-server.js'

const id = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
const uuid = (number: number): Json => ['uuid', id(number)]
const named = (name: string): Json => ['named-uuid', name]
const insert = (table: string, number: number, row: Json, name?: string): Json => ({
  op: 'insert',
  table,
  row,
  uuid: id(number),
  ...(name !== undefined && { 'uuid-name': name }),
})
const where = (number: number): Json => [['_uuid', '==', uuid(number)]]

/** Each is run on what the ones before have left. */
const transactions: readonly (readonly [string, readonly Json[]])[] = [
  ['nothing', []],
  ['the root', [insert('Open_vSwitch', 1, { external_ids: ['map', [['system-id', 'x']]] })]],
  ['a second root', [insert('Open_vSwitch', 2, {})]],
  [
    'a bridge with a port',
    [
      insert('Bridge', 10, { name: 'br0', ports: uuid(11), fail_mode: 'secure' }),
      insert('Port', 11, { name: 'p0', interfaces: uuid(12), trunks: ['set', [1, 2, 3]] }),
      insert('Interface', 12, { name: 'p0', type: 'internal', options: ['map', [['a', '1']]] }),
      { op: 'mutate', table: 'Open_vSwitch', where: [], mutations: [['bridges', 'insert', uuid(10)]] },
    ],
  ],
  ['a bridge nobody wants', [insert('Bridge', 20, { name: 'br1' })]],
  [
    'a name twice',
    [
      insert('Port', 13, { name: 'p0', interfaces: uuid(14) }),
      insert('Interface', 14, { name: 'p1' }),
      { op: 'mutate', table: 'Bridge', where: where(10), mutations: [['ports', 'insert', uuid(13)]] },
    ],
  ],
  ['a reference to nothing', [{ op: 'update', table: 'Bridge', where: where(10), row: { ports: uuid(99) } }]],
  ['a port without interfaces', [insert('Port', 15, { name: 'p5' })]],
  ['an unknown name', [{ op: 'update', table: 'Bridge', where: where(10), row: { ports: named('nobody') } }]],
  [
    'values changed',
    [
      {
        op: 'update',
        table: 'Port',
        where: where(11),
        row: {
          trunks: ['set', [2, 3, 4]],
          tag: 7,
          external_ids: [
            'map',
            [
              ['k', 'v'],
              ['l', 'w'],
            ],
          ],
        },
      },
    ],
  ],
  [
    'maps changed',
    [
      {
        op: 'mutate',
        table: 'Port',
        where: where(11),
        mutations: [
          [
            'external_ids',
            'insert',
            [
              'map',
              [
                ['k', 'other'],
                ['m', 'x'],
              ],
            ],
          ],
          ['external_ids', 'delete', ['set', ['l']]],
        ],
      },
    ],
  ],
  [
    'sets changed',
    [
      {
        op: 'mutate',
        table: 'Port',
        where: [['name', '==', 'p0']],
        mutations: [
          ['trunks', 'delete', ['set', [2]]],
          ['trunks', 'insert', ['set', [3, 9]]],
        ],
      },
    ],
  ],
  [
    'a value that changes and changes back',
    [
      { op: 'update', table: 'Port', where: where(11), row: { tag: 8 } },
      { op: 'update', table: 'Port', where: where(11), row: { tag: 7 } },
    ],
  ],
  [
    'a number raised',
    [
      {
        op: 'mutate',
        table: 'Open_vSwitch',
        where: [],
        mutations: [
          ['next_cfg', '+=', 5],
          ['next_cfg', '*=', 3],
        ],
      },
    ],
  ],
  [
    'a division by zero',
    [{ op: 'mutate', table: 'Open_vSwitch', where: [], mutations: [['next_cfg', '/=', 0]] }],
  ],
  ['a number out of range', [{ op: 'update', table: 'Port', where: where(11), row: { tag: 5000 } }]],
  ['a word that is not allowed', [{ op: 'update', table: 'Bridge', where: [], row: { fail_mode: 'open' } }]],
  ['an immutable column', [{ op: 'update', table: 'Port', where: where(11), row: { name: 'other' } }]],
  [
    'selections',
    [
      { op: 'select', table: 'Port', where: [['tag', '>=', 7]], columns: ['name', 'trunks', 'tag', '_uuid'] },
      { op: 'select', table: 'Port', where: [['tag', '<', 7]], columns: ['name'] },
      {
        op: 'select',
        table: 'Interface',
        where: [['options', 'includes', ['map', [['a', '1']]]]],
        columns: ['name', 'options', 'ofport'],
      },
      {
        op: 'select',
        table: 'Interface',
        where: [['options', 'excludes', ['map', [['a', '1']]]]],
        columns: ['name'],
      },
      { op: 'select', table: 'Interface', where: [false], columns: ['name'] },
    ],
  ],
  [
    'a wait that is true',
    [
      {
        op: 'wait',
        table: 'Bridge',
        where: [['name', '==', 'br0']],
        columns: ['fail_mode'],
        until: '==',
        rows: [{ fail_mode: 'secure' }],
        timeout: 0,
      },
    ],
  ],
  [
    'a wait that is not',
    [
      {
        op: 'wait',
        table: 'Bridge',
        where: [['name', '==', 'br0']],
        columns: ['fail_mode'],
        until: '!=',
        rows: [{ fail_mode: 'secure' }],
        timeout: 0,
      },
    ],
  ],
  ['a lock that we do not have', [{ op: 'assert', lock: 'l' }]],
  [
    'an abort behind a change',
    [
      { op: 'update', table: 'Port', where: [], row: { tag: 1 } },
      { op: 'abort' },
      { op: 'comment', comment: 'never' },
    ],
  ],
  ['an operation that does not exist', [{ op: 'comment', comment: 'x' }, { op: 'dance' }]],
  ['a table that does not exist', [{ op: 'select', table: 'Nothing', where: [] }]],
  ['a column that does not exist', [{ op: 'select', table: 'Port', where: [['nothing', '==', 1]] }]],
  [
    'a column that does not exist, written',
    [{ op: 'update', table: 'Port', where: [], row: { nothing: 1 } }],
  ],
  ['a function that does not exist', [{ op: 'select', table: 'Port', where: [['name', '~', 'x']] }]],
  [
    'a mutator that does not exist',
    [{ op: 'mutate', table: 'Port', where: [], mutations: [['tag', '^=', 1]] }],
  ],
  ['a value of another type', [{ op: 'update', table: 'Port', where: [], row: { tag: 'x' } }]],
  ['too many values', [{ op: 'update', table: 'Port', where: [], row: { tag: ['set', [1, 2]] } }]],
  ['a UUID that is there', [insert('Bridge', 10, { name: 'again' })]],
  [
    'the bridge gone, and all that hung on it',
    [{ op: 'update', table: 'Open_vSwitch', where: [], row: { bridges: ['set', []] } }],
  ],
  [
    'what is left',
    [
      { op: 'select', table: 'Bridge', where: [], columns: ['name'] },
      { op: 'select', table: 'Interface', where: [], columns: ['name'] },
      { op: 'delete', table: 'Open_vSwitch', where: [] },
    ],
  ],
]

/** Rows in a fixed order; of an error only its word: the details are each server's own. */
const normal = (json: Json): Json => {
  if (isJsonArray(json)) return json.map(normal)
  if (!isJsonObject(json)) return json
  if (typeof json.error === 'string') return { error: json.error }
  if (isJsonArray(json.rows))
    return { rows: json.rows.map(normal).sort((a, b) => printJson([a]).localeCompare(printJson([b]))) }
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, normal(value)]))
}

describe('the fake and the real server', () => {
  let server: OvsdbServer
  beforeAll(async () => {
    server = await OvsdbServer.start()
  })
  afterAll(() => server.remove())

  const fakeDatabase = (): FakeDatabase => {
    let made = 1000
    const schema = parseSchema(JSON.parse(readFileSync(vswitchSchema, 'utf8')))
    return new FakeDatabase(schema, () => {
      made += 1
      return id(made)
    })
  }

  const fakeSession = (fake: FakeOvsdbServer): Session => {
    const { ends } = memoryPair({ clock: systemClock })
    fake.serve(ends[1])
    const session = new Session(ends[0])
    onTestFinished(() => session.close())
    return session
  }

  const monitored: Json = {
    Open_vSwitch: [{ columns: ['bridges', 'next_cfg', 'external_ids'] }],
    Bridge: [{ columns: ['name', 'ports', 'fail_mode'] }],
    Port: [{ columns: ['name', 'tag', 'trunks', 'external_ids'], where: [['name', '==', 'p0']] }],
    Interface: [{ columns: ['name', 'type', 'options'] }],
  }

  test('give the same results and tell the same news', async () => {
    const fake = new FakeOvsdbServer({ clock: systemClock, databases: [fakeDatabase()] })
    const sessions = [await openSession(server.target), fakeSession(fake)] as const
    const news: [Json[], Json[]] = [[], []]
    for (const [index, session] of sessions.entries()) {
      const told = news[index === 0 ? 0 : 1]
      session.subscribe('update', 'v1', ([, tables]) => told.push(['update', tables ?? null]))
      session.subscribe('update2', 'v2', ([, tables]) => told.push(['update2', tables ?? null]))
      session.subscribe('update3', 'v3', ([, , tables]) => told.push(['update3', tables ?? null]))
      await session.request('monitor', ['Open_vSwitch', 'v1', withoutConditions(monitored)])
      await session.request('monitor_cond', ['Open_vSwitch', 'v2', monitored])
      await session.request('monitor_cond_since', ['Open_vSwitch', 'v3', monitored, noTransaction])
    }
    for (const [what, operations] of transactions) {
      const [real, faked] = await Promise.all(
        sessions.map((s) => s.request('transact', ['Open_vSwitch', ...operations])),
      )
      expect(normal(faked ?? null), what).toEqual(normal(real ?? null))
      await Promise.all(sessions.map((session) => session.request('echo', [])))
      await delay(20)
      const [realNews, fakedNews] = news.map((told) =>
        told.splice(0).sort((a, b) => printJson([a]).localeCompare(printJson([b]))),
      )
      expect(fakedNews, what).toEqual(realNews)
    }
  })

  test('refuse the same requests with the same words', async () => {
    const fake = new FakeOvsdbServer({ clock: systemClock, databases: [fakeDatabase()] })
    const sessions = [await openSession(server.target), fakeSession(fake)]
    const requests: readonly (readonly [string, readonly Json[]])[] = [
      ['get_schema', ['nothing']],
      ['transact', ['nothing', { op: 'abort' }]],
      ['dance', []],
    ]
    for (const [method, params] of requests) {
      const [real, faked] = await Promise.all(
        sessions.map((session) => refusal(session.request(method, params))),
      )
      expect(faked).toEqual(real)
      expect(faked).not.toBe('nothing')
    }
  })

  const refusal = async (answer: Promise<Json>): Promise<unknown> => {
    try {
      await answer
      return 'nothing'
    } catch (error) {
      return error instanceof OvsdbError ? [error.code, error.peer?.error] : error
    }
  }

  test('hand locks on in the same way', async () => {
    const fake = new FakeOvsdbServer({ clock: systemClock, databases: [fakeDatabase()] })
    const open = [() => openSession(server.target), async () => fakeSession(fake)]
    const stories = await Promise.all(open.map(lockStory))
    expect(stories[1]).toEqual(stories[0])
    expect(stories[0]).toEqual([
      'a locked',
      'b waiting',
      'b locked',
      'a waiting',
      'b stolen',
      'c locked',
      'b locked',
      'a locked',
    ])
  })

  const lockStory = async (open: () => Promise<Session>): Promise<readonly string[]> => {
    const story: string[] = []
    const [a, b, c] = [await open(), await open(), await open()]
    await lock(a, 'l', (state) => story.push(`a ${state}`))
    await lock(b, 'l', (state) => story.push(`b ${state}`))
    await unlock(a, 'l')
    await delay(30)
    await lock(a, 'l', (state) => story.push(`a ${state}`))
    await c.request('steal', ['l'])
    await delay(30)
    story.push('c locked')
    c.close()
    await delay(30)
    b.close()
    await delay(30)
    return story
  }
})

const withoutConditions = (requests: Json): Json => {
  const tables = isJsonObject(requests) ? Object.entries(requests) : []
  return Object.fromEntries(
    tables.map(([table, request]) => {
      const [only] = isJsonArray(request) ? request : []
      return [table, [{ columns: isJsonObject(only) ? (only.columns ?? []) : [] }]]
    }),
  )
}
