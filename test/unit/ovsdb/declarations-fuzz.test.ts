/** Whatever JSON a server sends, readers of it give a value or the typed error. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseColumnType } from '#ovsdb/base-type.js'
import { bindTable } from '#ovsdb/binding.js'
import { parseDatum } from '#ovsdb/datum.js'
import { OvsdbError } from '#ovsdb/errors.js'
import type { Json } from '#ovsdb/json.js'
import { readNotification, readReply } from '#ovsdb/monitor.js'
import { insert, select } from '#ovsdb/operations.js'
import { decodeResults } from '#ovsdb/results.js'
import { inbound } from '#ovsdb/rim.js'
import { parseSchema } from '#ovsdb/schema.js'
import { database } from '#ovsdb/schemas/server.js'

const id = '0e5d2b1c-8a7f-4c39-9d1e-2f6b3a4c5d6e'
const words = [
  'set',
  'map',
  'uuid',
  'named-uuid',
  id,
  'name',
  'columns',
  'tables',
  'type',
  'key',
  'value',
  'enum',
  'min',
  'max',
  'integer',
]
const memberNames = [
  ...words,
  'string',
  'initial',
  'modify',
  'rows',
  'error',
  'result',
  'id',
  'method',
  'params',
  'model',
  'index',
  '__proto__',
]

/** JSON made of the words that the readers look for. */
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom<Json>(null, true, 0, -1, 1.5, 2n ** 60n, ...words),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...memberNames), tie('json'), { maxKeys: 5, noNullPrototype: true }),
  ),
}))

const serverSchema = parseSchema({
  name: '_Server',
  tables: {
    Database: {
      columns: {
        name: { type: 'string' },
        model: { type: 'string' },
        connected: { type: 'boolean' },
        leader: { type: 'boolean' },
        schema: { type: { key: 'string', min: 0 } },
        cid: { type: { key: 'uuid', min: 0 } },
        sid: { type: { key: 'uuid', min: 0 } },
        index: { type: { key: 'integer', min: 0 } },
      },
    },
  },
})
const bound = bindTable(database, serverSchema)
const row = bound.decodeRow(id, {})

const readers: readonly (readonly [string, (json: Json) => unknown])[] = [
  ['a schema', parseSchema],
  [
    'a schema of one table',
    (any) => parseSchema({ name: 'x', tables: { t: { columns: { c: { type: any } } } } }),
  ],
  ['a type', parseColumnType],
  ['a set', (any) => parseDatum({ key: { type: 'string' }, min: 0, max: 3 }, any)],
  ['a map', (any) => parseDatum({ key: { type: 'uuid' }, value: { type: 'real' }, min: 0, max: 3 }, any)],
  ['a row', (any) => bound.decodeRow(id, any)],
  ['new values', (any) => bound.replaceColumns(row, any)],
  ['differences', (any) => bound.applyDifferences(row, { index: any, name: any })],
  ['results', (any) => decodeResults([insert(database, {}), select(database, [])], any)],
  ['a selection', (any) => decodeResults([select(database, [])], [{ rows: [any] }])],
  ['a message', inbound],
  ['a reply', (any) => readReply('monitor_cond_since', any)],
  ['a notification', (any) => readNotification('update3', ['m', id, any])],
]

test.each(readers)('%s', (_what, read) => {
  fc.assert(
    fc.property(json, (any) => {
      try {
        read(any)
      } catch (error) {
        expect(error).toBeInstanceOf(OvsdbError)
      }
    }),
    { numRuns: 300 },
  )
})
