/** Declarations against the schemas of servers: what fits, what is missing, and how rows are read. */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { Uuid } from '#ovsdb/atoms.js'
import { bindTable, checkSchema } from '#ovsdb/binding.js'
import { integer, map, maybe, optional, ref, set, string } from '#ovsdb/columns.js'
import type { Json } from '#ovsdb/json.js'
import { parseSchema } from '#ovsdb/schema.js'
import * as vswitch from '#ovsdb/schemas/open-vswitch.js'
import { type Row, type RowInput, table } from '#ovsdb/tables.js'

const person = table('Person', {
  name: string,
  age: maybe(integer),
  friends: set(ref('Person')),
  boss: optional(ref('Person')),
  notes: map(string, string),
})
type PersonRow = Row<typeof person>

const people = { type: { key: { type: 'uuid', refTable: 'Person' }, min: 0, max: 'unlimited' } }
const one = { type: { key: { type: 'uuid', refTable: 'Person' }, min: 0, max: 1 } }
const notes = { type: { key: 'string', value: 'string', min: 0, max: 'unlimited' } }
const columns = { name: { type: 'string' }, age: { type: 'integer' }, friends: people, boss: one, notes }
const schemaOf = (changes: { readonly [name: string]: Json }): ReturnType<typeof parseSchema> =>
  parseSchema({ name: 'db', version: '1.2.3', tables: { Person: { columns: { ...columns, ...changes } } } })
const without = (name: string): ReturnType<typeof parseSchema> => {
  const left = Object.entries(columns).filter(([column]) => column !== name)
  return parseSchema({ name: 'db', tables: { Person: { columns: Object.fromEntries(left) } } })
}

const ann = '00000000-0000-0000-0000-00000000000a'
const bob = '00000000-0000-0000-0000-00000000000b'

test('row types are inferred', () => {
  expectTypeOf<PersonRow>().toEqualTypeOf<
    { readonly _uuid: Uuid } & {
      readonly name: string
      readonly age: number | undefined
      readonly friends: readonly Uuid[]
      readonly boss: Uuid | null
      readonly notes: ReadonlyMap<string, string>
    }
  >()
  expectTypeOf<{ age: 5; friends: [{ namedUuid: 'x' }]; notes: { a: 'b' } }>().toExtend<
    RowInput<typeof person>
  >()
  expectTypeOf<{ age: 'five' }>().not.toExtend<RowInput<typeof person>>()
})

describe('rows', () => {
  const bound = bindTable(person, schemaOf({}))

  test('have what came, and defaults for what did not', () => {
    const row = bound.decodeRow(ann, { name: 'Ann', friends: ['uuid', bob], unknown: 5 })
    expect(row).toEqual({ _uuid: ann, name: 'Ann', age: 0, friends: [bob], boss: null, notes: new Map() })
    expect(Object.keys(row)).toEqual(['_uuid', 'name', 'age', 'friends', 'boss', 'notes'])
  })

  test('change by new values and by differences', () => {
    const row = bound.decodeRow(ann, { name: 'Ann', friends: ['uuid', bob], notes: ['map', [['a', '1']]] })
    expect(bound.replaceColumns(row, { age: 7, notes: ['map', [['b', '2']]] })).toEqual({
      ...row,
      age: 7,
      notes: new Map([['b', '2']]),
    })
    // A column of at most one value comes whole, any other one as what differs.
    const other = bound.applyDifferences(row, {
      boss: ['uuid', bob],
      friends: ['uuid', bob],
      notes: ['map', [['b', '2']]],
    })
    expect(other).toEqual({
      ...row,
      boss: bob,
      friends: [],
      notes: new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
    })
    expect(bound.applyDifferences(other, { boss: ['set', []] }).boss).toBeNull()
  })

  test('say which column is wrong', () => {
    expect(() => bound.decodeRow(ann, { name: 'Ann', age: 'old' })).toThrow(
      expect.objectContaining({ code: 'bad-value', message: 'Person.age: "old" is no integer' }),
    )
    expect(() => bound.decodeRow(ann, [])).toThrow(expect.objectContaining({ code: 'bad-value' }))
  })

  test('have undefined for a column that the server lacks, whatever comes', () => {
    const old = bindTable(person, without('age'))
    expect(old.columns).toEqual(['name', 'friends', 'boss', 'notes'])
    expect(old.decodeRow(ann, { age: 5 }).age).toBeUndefined()
    expect(bound.columns).toContain('age')
  })
})

describe('a schema that does not fit', () => {
  const complaint = (schema: ReturnType<typeof parseSchema>): unknown => {
    try {
      bindTable(person, schema)
      return undefined
    } catch (error) {
      expect(error).toMatchObject({ code: 'schema-mismatch' })
      return error instanceof Error ? error.message : error
    }
  }

  test('says what is wrong, and everything that is', () => {
    expect(complaint(without('name'))).toBe('the database db does not fit: column Person.name is missing')
    expect(complaint(schemaOf({ name: { type: 'integer' }, notes: people }))).toBe(
      'the database db 1.2.3 does not fit: column Person.name is of integer, not string; ' +
        'column Person.notes is of uuid, not string to string',
    )
    expect(() => checkSchema([person, table('Place', { name: string })], schemaOf({ boss: people }))).toThrow(
      'column Person.boss holds more than one value; there is no table Place',
    )
  })

  test.each<[string, { readonly [name: string]: Json }, string]>([
    ['several where we take one', { name: { type: { key: 'string', max: 5 } } }, 'holds more than one value'],
    ['none where we take one', { name: { type: { key: 'string', min: 0 } } }, 'may be empty'],
    ['another target', { boss: { type: { key: 'uuid', min: 0 } } }, 'refers to no table, not Person'],
    [
      'a column that may be missing of another type',
      { age: { type: 'string' } },
      'is of string, not integer',
    ],
  ])('%s', (_what, change, words) => {
    expect(complaint(schemaOf(change))).toContain(words)
  })

  test('a set may have any limits', () => {
    expect(
      complaint(
        schemaOf({ friends: { type: { key: { type: 'uuid', refTable: 'Person' }, min: 1, max: 3 } } }),
      ),
    ).toBeUndefined()
  })
})

describe('declarations', () => {
  test.each(['_uuid', 'a-b', '', 'constructor', 'hasOwnProperty'])('refuse the column name %j', (name) => {
    expect(() => table('T', { [name]: string })).toThrow(expect.objectContaining({ code: 'bad-schema' }))
  })

  const installed = '/usr/share/openvswitch/vswitch.ovsschema'
  test.skipIf(!existsSync(installed))('of Open_vSwitch fit the schema that is installed here', () => {
    const schema = parseSchema(JSON.parse(readFileSync(installed, 'utf8')))
    const { openVswitch, bridge, port, iface, manager, controller, ssl } = vswitch
    expect(() =>
      checkSchema([openVswitch, bridge, port, iface, manager, controller, ssl], schema),
    ).not.toThrow()
  })
})
