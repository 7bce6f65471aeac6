/** Monitor requests as they are sent, and what is refused of what comes back. */
import { describe, expect, it } from 'vitest'
import type { Json } from '#ovsdb/json.js'
import {
  conditionChangeParams,
  fallbackOf,
  monitorParams,
  noTransaction,
  readNotification,
  readReply,
} from '#ovsdb/monitor.js'

const last = '11111111-2222-4333-8444-555555555555'
const request = {
  database: 'Open_vSwitch',
  monitor: 'm',
  tables: { Port: { columns: ['name'], where: [['name', '==', 'x']] }, Bridge: { columns: [] } },
}

describe('monitor requests', () => {
  it('ask for what each method knows', () => {
    const where = { columns: ['name'], where: [['name', '==', 'x']] }
    expect(monitorParams('monitor_cond_since', { ...request, lastTransaction: last })).toEqual([
      'Open_vSwitch',
      'm',
      { Port: [where], Bridge: [{ columns: [] }] },
      last,
    ])
    expect(monitorParams('monitor_cond_since', request)).toContain(noTransaction)
    expect(monitorParams('monitor_cond', request)).toEqual([
      'Open_vSwitch',
      'm',
      { Port: [where], Bridge: [{ columns: [] }] },
    ])
    expect(monitorParams('monitor', request)).toEqual([
      'Open_vSwitch',
      'm',
      { Port: [{ columns: ['name'] }], Bridge: [{ columns: [] }] },
    ])
  })

  it('fall back from the best to the oldest', () => {
    expect([fallbackOf('monitor_cond_since'), fallbackOf('monitor_cond'), fallbackOf('monitor')]).toEqual([
      'monitor_cond',
      'monitor',
      undefined,
    ])
  })

  it('change conditions and keep the name of the monitor', () => {
    expect(conditionChangeParams('m', { Port: [false] })).toEqual(['m', 'm', { Port: [{ where: [false] }] }])
  })
})

describe('monitor replies', () => {
  it('tell what is new from everything', () => {
    expect(readReply('monitor_cond_since', [true, last, {}])).toEqual({
      since: true,
      lastTransaction: last,
      tables: [],
    })
    expect(readReply('monitor_cond_since', [false, noTransaction, {}])).toEqual({ since: false, tables: [] })
    expect(readReply('monitor', { Port: { [last]: { new: { name: 'x' } } } })).toEqual({
      since: false,
      tables: [{ table: 'Port', rows: [{ uuid: last, kind: 'insert', row: { name: 'x' } }] }],
    })
  })

  it.each<[string, Json]>([
    ['no array', {}],
    ['too short', [true, last]],
    ['found is no boolean', ['true', last, {}]],
    ['no transaction id', [true, 'x', {}]],
    ['tables are no object', [true, last, []]],
    ['rows are no object', [true, last, { Port: [] }]],
    ['a row is null', [true, last, { Port: { [last]: null } }]],
  ])('refuse one that is malformed: %s', (_what, reply) => {
    expect(() => readReply('monitor_cond_since', reply)).toThrow(
      expect.objectContaining({ code: 'malformed-message' }),
    )
  })
})

describe('notifications', () => {
  it('are read by their method', () => {
    const rows = { Port: { [last]: { delete: null } } }
    const tables = [{ table: 'Port', rows: [{ uuid: last, kind: 'delete' }] }]
    expect(readNotification('update2', ['m', rows])).toEqual({ monitor: 'm', tables })
    expect(readNotification('update3', ['m', last, rows])).toEqual({
      monitor: 'm',
      lastTransaction: last,
      tables,
    })
    expect(readNotification('update', ['m', { Port: { [last]: { old: {} } } }])).toEqual({
      monitor: 'm',
      tables,
    })
    expect(readNotification('locked', ['m'])).toBeUndefined()
    expect(readNotification('update9', ['m', rows])).toBeUndefined()
  })

  it.each<[string, Json]>([
    ['update', ['m']],
    ['update', ['m', { Port: { [last]: {} } }]],
    ['update2', 'm'],
    ['update3', ['m', last]],
    ['update3', ['m', 7, {}]],
  ])('refuse a malformed %s', (method, params) => {
    expect(() => readNotification(method, params)).toThrow(
      expect.objectContaining({ code: 'malformed-message' }),
    )
  })
})
