/** The replica: one report, one change set; nothing half applied; a dump after a reconnect changes only what differs. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { integer, map, optional, ref, set, string } from '#ovsdb/columns.js'
import type { Json } from '#ovsdb/json.js'
import { type MonitorNotification, readNotification, readReply } from '#ovsdb/monitor.js'
import { type ChangeSet, Replica } from '#ovsdb/replica.js'
import { type DatabaseSchema, parseSchema } from '#ovsdb/schema.js'
import { table } from '#ovsdb/tables.js'

const strings = { key: 'string', value: 'string', min: 0, max: 'unlimited' }
const schema = parseSchema({
  name: 'Test',
  tables: {
    Port: {
      columns: {
        name: { type: 'string' },
        tag: { type: { key: 'integer', min: 0, max: 1 } },
        interfaces: { type: { key: { type: 'uuid', refTable: 'Interface' }, min: 0, max: 'unlimited' } },
        external_ids: { type: strings },
      },
    },
    Interface: { columns: { name: { type: 'string' }, mtu: { type: 'integer' } } },
  },
})
const port = table('Port', {
  name: string,
  tag: optional(integer),
  interfaces: set(ref('Interface')),
  external_ids: map(string, string),
})
const iface = table('Interface', { name: string, mtu: integer })
type Tables = typeof port | typeof iface

const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

const loaded = (updates: Json, last: string | null = null) => {
  const replica = new Replica<Tables>([port, iface])
  const seen: ChangeSet<Tables>[] = []
  replica.onChange((changes) => seen.push(changes))
  replica.bind(schema)
  replica.load(readReply('monitor_cond_since', [false, last ?? id(0), updates]))
  return { replica, seen }
}

const note = (method: string, ...params: Json[]): MonitorNotification => {
  const read = readNotification(method, ['m', ...params])
  if (read === undefined) throw new Error(`${method} was not read`)
  return read
}

const initial = {
  Port: {
    [id(1)]: { initial: { name: 'p1', interfaces: ['uuid', id(11)], external_ids: ['map', [['a', '1']]] } },
    [id(2)]: { initial: { name: 'p2', tag: 7 } },
  },
  Interface: { [id(11)]: { initial: { name: 'i1', mtu: 1500 } } },
}

describe('replica', () => {
  it('fills columns that an initial row leaves out', () => {
    const { replica, seen } = loaded(initial)
    expect(replica.state).toBe('current')
    expect(replica.table(port).get(id(2))).toEqual({
      _uuid: id(2),
      name: 'p2',
      tag: 7,
      interfaces: [],
      external_ids: new Map(),
    })
    expect(seen).toHaveLength(1)
    expect(seen[0]).toHaveLength(3)
  })

  it('applies differences, and the old value stays what it was', () => {
    const { replica, seen } = loaded(initial)
    const before = replica.table(port).get(id(1))
    const diff = {
      external_ids: [
        'map',
        [
          ['a', '2'],
          ['b', '3'],
        ],
      ],
      interfaces: [
        'set',
        [
          ['uuid', id(11)],
          ['uuid', id(12)],
        ],
      ],
      tag: 5,
    }
    replica.update(note('update2', { Port: { [id(1)]: { modify: diff } } }))
    const after = replica.table(port).get(id(1))
    expect(after).toEqual({
      ...before,
      tag: 5,
      interfaces: [id(12)],
      external_ids: new Map([
        ['a', '2'],
        ['b', '3'],
      ]),
    })
    expect(before?.external_ids).toEqual(new Map([['a', '1']]))
    expect(seen[1]).toEqual([{ table: 'Port', uuid: id(1), old: before, new: after }])
  })

  it('applies the update of RFC 7047', () => {
    const { replica, seen } = loaded(initial)
    const row = { name: 'p1', tag: 9, interfaces: ['set', []], external_ids: ['map', []] }
    const updates = {
      Port: {
        [id(1)]: { old: { tag: ['set', []] }, new: row },
        [id(2)]: { old: { name: 'p2' } },
        [id(3)]: { new: row },
      },
    }
    replica.update(note('update', updates))
    expect(replica.table(port).get(id(1))).toMatchObject({ tag: 9, interfaces: [] })
    expect(replica.table(port).get(id(2))).toBeUndefined()
    expect(seen[1]?.map(({ uuid, ...rest }) => [uuid, Object.keys(rest).sort()])).toEqual([
      [id(1), ['new', 'old', 'table']],
      [id(2), ['old', 'table']],
      [id(3), ['new', 'table']],
    ])
  })

  it('applies a report whole or not at all', () => {
    const { replica, seen } = loaded(initial, id(99))
    const bad = { Port: { [id(2)]: { delete: null } }, Interface: { [id(11)]: { modify: { mtu: 'large' } } } }
    expect(() => replica.update(note('update3', id(100), bad))).toThrow(
      'Interface.mtu: "large" is no integer',
    )
    expect(replica.table(port).size).toBe(2)
    expect(seen).toHaveLength(1)
    // The report is missing from now on: going on from the last transaction would lose it.
    expect(replica.lastTransaction).toBeUndefined()
  })

  it.each([
    ['a row that was never reported is modified', { Port: { [id(5)]: { modify: { tag: 1 } } } }],
    ['a row that was never reported is deleted', { Port: { [id(5)]: { delete: null } } }],
    ['a table that is not monitored', { Bridge: {} }],
    ['a row update of no kind', { Port: { [id(1)]: {} } }],
    ['a name that is no UUID', { Port: { x: { delete: null } } }],
    ['an update that is no object', 7],
  ])('refuses %s', (_what, updates) => {
    const { replica } = loaded(initial)
    expect(() => replica.update(note('update2', updates as Json))).toThrow(
      expect.objectContaining({ code: 'malformed-message' }),
    )
  })

  it('goes on from the last transaction', () => {
    const { replica, seen } = loaded(initial, id(99))
    expect(replica.lastTransaction).toBe(id(99))
    replica.disconnected()
    expect(replica.state).toBe('stale')
    replica.bind(schema)
    replica.load(
      readReply('monitor_cond_since', [true, id(101), { Port: { [id(2)]: { modify: { name: 'p2b' } } } }]),
    )
    expect(seen[1]).toHaveLength(1)
    expect(replica.table(port).size).toBe(2)
    expect(replica.lastTransaction).toBe(id(101))
    replica.update(note('update3', id(102), { Port: { [id(2)]: { delete: null } } }))
    expect(replica.lastTransaction).toBe(id(102))
  })

  it('takes a whole dump and reports only what differs; equal rows stay the same value', () => {
    const { replica, seen } = loaded(initial)
    const same = replica.table(port).get(id(1))
    replica.disconnected()
    const dump = {
      Port: {
        [id(1)]: {
          initial: {
            external_ids: ['map', [['a', '1']]],
            interfaces: ['set', [['uuid', id(11)]]],
            name: 'p1',
          },
        },
        [id(3)]: { initial: { name: 'p3' } },
      },
      Interface: { [id(11)]: { initial: { name: 'i1', mtu: 9000 } } },
    }
    replica.load(readReply('monitor_cond', dump))
    expect(replica.table(port).get(id(1))).toBe(same)
    expect(seen[1]?.map((change) => [change.uuid, 'old' in change, 'new' in change])).toEqual([
      [id(3), false, true],
      [id(2), true, false],
      [id(11), true, true],
    ])
    replica.load(readReply('monitor_cond', dump))
    expect(seen).toHaveLength(2)
  })

  it('does not go on from history when the server has other columns than before', () => {
    const { replica } = loaded(initial, id(99))
    const newer = table('Port', { ...port.columns })
    expect(() => replica.table(newer)).toThrow(TypeError)
    const tables = new Map(schema.tables)
    const bare: DatabaseSchema = { ...schema, tables }
    replica.bind(bare)
    expect(replica.lastTransaction).toBe(id(99))
    tables.delete('Port')
    expect(() => replica.bind(bare)).toThrow('there is no table Port')
  })
})

describe('indexes', () => {
  it('find rows by value, by element of a set, by key of a map, and by a function', () => {
    const { replica } = loaded(initial)
    const ports = replica.table(port)
    const byA = ports.indexBy('external_ids:a', (row) => [row.external_ids.get('a') ?? []].flat())
    expect(ports.one('name', 'p2')?._uuid).toBe(id(2))
    expect(ports.one('interfaces', id(11))?.name).toBe('p1')
    expect(ports.one('external_ids', 'a')?.name).toBe('p1')
    expect(byA.one('1')?.name).toBe('p1')
    replica.update(
      note('update2', {
        Port: { [id(3)]: { insert: { name: 'p3', tag: 7 } }, [id(1)]: { modify: { name: 'p2' } } },
      }),
    )
    expect(ports.all('tag', 7).map(({ name }) => name)).toEqual(['p2', 'p3'])
    expect(ports.all('name', 'p2')).toHaveLength(2)
    expect(ports.all('name', 'p1')).toEqual([])
    expect(byA.one('1')?.name).toBe('p2')
  })

  it('survive two rows that swap their unique names in one report', () => {
    const { replica } = loaded(initial)
    const ports = replica.table(port)
    expect(ports.one('name', 'p1')?._uuid).toBe(id(1))
    const swap = { [id(1)]: { modify: { name: 'p2' } }, [id(2)]: { modify: { name: 'p1' } } }
    replica.update(note('update2', { Port: swap }))
    expect(ports.all('name', 'p1').map(({ _uuid }) => _uuid)).toEqual([id(2)])
    expect(ports.all('name', 'p2').map(({ _uuid }) => _uuid)).toEqual([id(1)])
  })

  it('agree with a search after any history', () => {
    const step = fc.record({ row: fc.nat(6), name: fc.constantFrom('a', 'b', 'c'), there: fc.boolean() })
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 12 }), (history) => {
        const { replica } = loaded({})
        const ports = replica.table(port)
        ports.one('name', 'a')
        for (const steps of history) {
          const rows = new Map<string, Json>()
          for (const { row, name, there } of steps) {
            const known = ports.get(id(row)) !== undefined
            if (there) rows.set(id(row), known ? { modify: { name } } : { insert: { name } })
            else if (known) rows.set(id(row), { delete: null })
          }
          replica.update(note('update2', { Port: Object.fromEntries(rows) }))
          for (const name of ['a', 'b', 'c']) {
            const found = ports.all('name', name).map(({ _uuid }) => _uuid)
            const searched = [...ports.rows()].filter((row) => row.name === name).map(({ _uuid }) => _uuid)
            expect(found.toSorted()).toEqual(searched.toSorted())
          }
        }
      }),
      { numRuns: 50 },
    )
  })
})
