/** `heddle ovsdb` with a server of this process on a Unix socket: what ovsdb-client would print, and how it fails. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { valueText } from '#cli/debug/ovsdb-text.js'
import { systemClock } from '#link/clock.js'
import { type Listener, listen } from '#link/listen.js'
import { type Json, parseJson } from '#ovsdb/json.js'
import { type Method, Session } from '#ovsdb/session.js'
import { heddle, type World } from './cli-support.js'

const schema: Json = {
  name: 'Open_vSwitch',
  version: '8.3.1',
  tables: {
    Bridge: {
      columns: {
        name: { type: 'string' },
        ports: { type: { key: 'uuid', min: 0, max: 'unlimited' } },
        external_ids: { type: { key: 'string', value: 'string', min: 0, max: 'unlimited' } },
      },
    },
    Queue: { columns: { dscp: { type: { key: 'integer', min: 0, max: 1 } } } },
  },
}
const uuid = (digit: number): string => `00000000-0000-4000-8000-00000000000${digit}`
const bridge = {
  _uuid: ['uuid', uuid(1)],
  name: 'br-int',
  ports: [
    'set',
    [
      ['uuid', uuid(2)],
      ['uuid', uuid(3)],
    ],
  ],
  external_ids: ['map', [['heddle-owner', 'bridge n1']]],
} as const

const directory = mkdtempSync(join(tmpdir(), 'heddle-cli-'))
const target = `unix:${directory}/db.sock`
const sessions: Session[] = []
let listener: Listener

/** Rows as `select` answers them: those columns that were asked for. */
const select = (operation: Json): Json => {
  const { table, columns } = operation as { table: string; columns: readonly string[] }
  const rows = table === 'Bridge' ? [bridge] : []
  return {
    rows: rows.map((row) =>
      Object.fromEntries(Object.entries(row).filter(([name]) => columns.includes(name))),
    ),
  }
}

const methods: Readonly<Record<string, Method>> = {
  list_dbs: () => ['Open_vSwitch', '_Server'],
  get_schema: ([name]) => (name === 'Open_vSwitch' ? schema : { name: '_Server', tables: {} }),
  transact: ([, ...operations]) =>
    operations.map((operation) => {
      const { op } = operation as { op: string }
      return op === 'select'
        ? select(operation)
        : { error: 'constraint violation', details: 'a row is in the way' }
    }),
  monitor: () => ({ Bridge: { [uuid(1)]: { new: { name: 'br-int', ports: ['set', []] } } } }),
}

beforeAll(async () => {
  listener = await listen({ kind: 'punix', path: `${directory}/db.sock` }, (transport) => {
    sessions.push(new Session(transport, { methods }))
  })
})

afterAll(async () => {
  await listener.close()
  rmSync(directory, { recursive: true })
})

const ovsdb = (words: readonly string[], world: World = {}) =>
  heddle(['ovsdb', ...words], { clock: systemClock, ...world })

describe('heddle ovsdb', () => {
  it('lists databases', async () => {
    expect(await ovsdb(['list-dbs', target])).toEqual({ code: 0, out: 'Open_vSwitch\n_Server\n', err: '' })
  })

  it('prints a schema', async () => {
    expect(JSON.parse((await ovsdb(['get-schema', target])).out)).toEqual(schema)
    expect(JSON.parse((await ovsdb(['get-schema', target, '_Server'])).out)).toEqual({
      name: '_Server',
      tables: {},
    })
  })

  it('dumps tables', async () => {
    expect((await ovsdb(['dump', target])).out).toMatchInlineSnapshot(`
      "Bridge table
      _uuid                                 name    ports                                                                         external_ids
      00000000-0000-4000-8000-000000000001  br-int  [00000000-0000-4000-8000-000000000002, 00000000-0000-4000-8000-000000000003]  {heddle-owner="bridge n1"}

      Queue table
      _uuid  dscp
      "
    `)
    expect((await ovsdb(['dump', target, 'Open_vSwitch', 'Bridge', 'name'])).out).toBe(
      'Bridge table\nname\nbr-int\n',
    )
    const { out } = await ovsdb(['dump', target, 'Bridge', 'name', 'ports', '-o', 'json'])
    expect(parseJson(out)).toEqual({ Bridge: [{ name: 'br-int', ports: bridge.ports }] })
  })

  it.each([
    [['dump', target, 'Brigde'], 'heddle: Open_vSwitch has no table Brigde; it has Bridge, Queue\n'],
    [['dump', target, 'Queue', 'x'], 'heddle: table Queue has no column x; it has _uuid, dscp\n'],
    [['transact', target, '{}'], 'heddle: the transaction is not of the form ["DATABASE", OPERATION...]\n'],
    [['list-dbs', 'nowhere'], 'heddle: target "nowhere": expected one of '],
    [
      ['list-dbs', 'ssl:[::1]:1', '-p', '/k'],
      'heddle: --private-key, --certificate and --ca-cert go together\n',
    ],
  ])('%j is a usage error', async (words, message) => {
    const { code, err, out } = await ovsdb(words)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
  })

  it('transacts, and fails when the transaction does', async () => {
    const ask = ['Open_vSwitch', { op: 'select', table: 'Bridge', where: [], columns: ['name'] }]
    const good = await ovsdb(['transact', target, '-'], { stdin: [JSON.stringify(ask)] })
    expect(good).toEqual({ code: 0, out: '[{"rows":[{"name":"br-int"}]}]\n', err: '' })
    const bad = await ovsdb(['transact', target, '["Open_vSwitch", {"op": "abort"}]'])
    expect(bad.code).toBe(1)
    expect(bad.out).toBe('[{"error":"constraint violation","details":"a row is in the way"}]\n')
    expect(bad.err).toBe('heddle: operation 0: constraint violation\n  a row is in the way\n')
  })

  it('ends with 3 where nobody answers', async () => {
    const { code, err } = await ovsdb(['list-dbs', `unix:${directory}/none`])
    expect(code).toBe(3)
    expect(err).toMatch(/^heddle: unix:.*\/none: .*ENOENT/)
  })
})

describe('heddle ovsdb monitor', () => {
  const update = (rows: Json): void => sessions.at(-1)?.notify('update', ['heddle', { Bridge: rows }])
  /** Sends the updates once the first row has been printed, and presses Ctrl-C at the last. */
  const monitor = async (...options: readonly string[]) => {
    const interrupt = new AbortController()
    let sent = false
    return ovsdb(['monitor', target, 'Bridge', 'name', 'ports', ...options], {
      signal: interrupt.signal,
      onWrite: (out) => {
        if (out.includes('delete')) interrupt.abort()
        if (sent) return
        sent = true
        const row = { name: 'br-int', ports: ['uuid', uuid(2)] }
        update({ [uuid(1)]: { old: { ports: ['set', []] }, new: row } })
        update({ [uuid(1)]: { old: row } })
      },
    })
  }

  it('prints rows and their changes until Ctrl-C', async () => {
    const { code, out, err } = await monitor()
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatchInlineSnapshot(`
      "initial Bridge 00000000-0000-4000-8000-000000000001 name=br-int ports=[]
      replace Bridge 00000000-0000-4000-8000-000000000001 name=br-int ports=00000000-0000-4000-8000-000000000002
      delete  Bridge 00000000-0000-4000-8000-000000000001
      "
    `)
  })

  it('prints JSON, a change a line', async () => {
    const { out } = await monitor('-o', 'json')
    const actions = out
      .trimEnd()
      .split('\n')
      .map((line) => parseJson(line))
    expect(actions).toEqual([
      { action: 'initial', table: 'Bridge', uuid: uuid(1), row: { name: 'br-int', ports: ['set', []] } },
      {
        action: 'replace',
        table: 'Bridge',
        uuid: uuid(1),
        row: { name: 'br-int', ports: ['uuid', uuid(2)] },
      },
      { action: 'delete', table: 'Bridge', uuid: uuid(1) },
    ])
  })

  it('fails when the server goes away', async () => {
    const { code, err } = await ovsdb(['monitor', target, 'ALL'], { onWrite: () => sessions.at(-1)?.close() })
    expect(code).toBe(1)
    expect(err).toContain('closed the connection')
  })
})

describe('OVSDB values as text', () => {
  const map = [
    ['k', 'v'],
    ['x y', ['uuid', uuid(1)]],
  ]
  it.each<[string, Json]>([
    ['br-int', 'br-int'],
    ['"two words"', 'two words'],
    ['"true"', 'true'],
    ['""', ''],
    ['true', true],
    ['9007199254740993', 9_007_199_254_740_993n],
    [uuid(1), ['uuid', uuid(1)]],
    ['[]', ['set', []]],
    ['[a, "b c"]', ['set', ['a', 'b c']]],
    [`{k=v, "x y"=${uuid(1)}}`, ['map', map]],
  ])('%s', (text, value) => {
    expect(valueText(value)).toBe(text)
  })
})
