/** Values of a simulated switch's database: sets and maps that change in place, so that one port more costs the same among many. */
import { isJsonArray, type Json } from '#ovsdb/json.js'
import { type DatabaseSchema, parseSchema, type TableSchema } from '#ovsdb/schema.js'
import { TransactionError } from '../ovsdb/transaction-error.js'
import { vswitchSchema } from './schema.js'

export type Atom = string | number | boolean
/** Of an optional column that is empty: undefined. */
export type Value = Atom | Set<Atom> | Map<Atom, Atom> | undefined

export interface Column {
  readonly name: string
  readonly form: 'scalar' | 'optional' | 'set' | 'map'
  readonly isUuid: boolean
  /** The table that it refers to. */
  readonly refTable: string | undefined
  /** Of a scalar. */
  readonly empty: Atom
}

export interface Table {
  readonly name: string
  readonly isRoot: boolean
  readonly columns: ReadonlyMap<string, Column>
  /** The column whose values are unique. */
  readonly unique: string | undefined
}

/** A row: the columns that differ from their defaults, under their names. */
export interface StoredRow {
  readonly _uuid: string
  [column: string]: Value
}

const empties = { string: '', integer: 0, real: 0, boolean: false, uuid: '' } as const

const columnsOf = (table: TableSchema): ReadonlyMap<string, Column> =>
  new Map(
    [...table.columns].map(([name, { type }]) => {
      const { key, value, min, max } = type
      const form = value !== undefined ? 'map' : max > 1 ? 'set' : min === 0 ? 'optional' : 'scalar'
      const column = {
        name,
        form,
        isUuid: key.type === 'uuid',
        refTable: key.refTable,
        empty: empties[key.type],
      }
      return [name, column as Column]
    }),
  )

const schema: DatabaseSchema = parseSchema(vswitchSchema)

export const tables: ReadonlyMap<string, Table> = new Map(
  [...schema.tables].map(([name, table]) => [
    name,
    { name, isRoot: table.isRoot, columns: columnsOf(table), unique: table.indexes[0]?.[0] },
  ]),
)

export const tableOf = (name: Json | undefined): Table => {
  const table = tables.get(String(name))
  if (table === undefined) throw new TransactionError('unknown table', `there is no table ${String(name)}`)
  return table
}

export const columnOf = (table: Table, name: string): Column => {
  const column = table.columns.get(name)
  if (column === undefined)
    throw new TransactionError('unknown column', `${table.name} has no column ${name}`)
  return column
}

/** Names of rows that are inserted by the same transaction. */
export type Names = ReadonlyMap<string, string>

export const readAtom = (json: Json | undefined, names: Names): Atom => {
  if (typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean') return json
  const [kind, name] = isJsonArray(json) ? json : []
  if (kind === 'uuid' && typeof name === 'string') return name
  const uuid = kind === 'named-uuid' ? names.get(String(name)) : undefined
  if (uuid === undefined) throw new TransactionError('syntax error', `${JSON.stringify(json)} is no atom`)
  return uuid
}

export const elementsOf = (json: Json | undefined): readonly Json[] => {
  const [kind, elements] = isJsonArray(json) ? json : []
  if (kind === 'set' && isJsonArray(elements)) return elements
  return json === undefined ? [] : [json]
}

export const pairsOf = (json: Json | undefined): readonly (readonly [Json, Json])[] => {
  const [kind, pairs] = isJsonArray(json) ? json : []
  if (kind !== 'map' || !isJsonArray(pairs)) throw new TransactionError('syntax error', 'a map is due')
  return pairs.map((pair) => (isJsonArray(pair) ? [pair[0] ?? '', pair[1] ?? ''] : ['', '']))
}

export const readValue = ({ form }: Column, json: Json | undefined, names: Names): Value => {
  switch (form) {
    case 'map':
      return new Map(pairsOf(json).map(([key, value]) => [readAtom(key, names), readAtom(value, names)]))
    case 'set':
      return new Set(elementsOf(json).map((element) => readAtom(element, names)))
    default: {
      const [only] = elementsOf(json)
      if (only === undefined && form === 'optional') return undefined
      return readAtom(only, names)
    }
  }
}

const printAtom = ({ isUuid }: Column, atom: Atom): Json => (isUuid ? ['uuid', String(atom)] : atom)

export const printSet = (column: Column, atoms: Iterable<Atom>): Json => {
  const elements = [...atoms].map((atom) => printAtom(column, atom))
  const [only] = elements
  return elements.length === 1 && only !== undefined ? only : ['set', elements]
}

export const printMap = (pairs: Iterable<readonly [Atom, Atom]>): Json => [
  'map',
  [...pairs].map(([key, value]) => [key, value]),
]

export const printValue = (column: Column, value: Value): Json => {
  switch (column.form) {
    case 'map':
      return printMap(value instanceof Map ? value : [])
    case 'set':
      return printSet(column, value instanceof Set ? value : [])
    case 'optional':
      return value === undefined ? ['set', []] : printAtom(column, value as Atom)
    case 'scalar':
      return printAtom(column, (value as Atom | undefined) ?? column.empty)
  }
}

export const sameValue = (a: Value, b: Value): boolean => {
  if (a instanceof Map || b instanceof Map) {
    const [x, y] = [
      a instanceof Map ? a : new Map<Atom, Atom>(),
      b instanceof Map ? b : new Map<Atom, Atom>(),
    ]
    return x.size === y.size && [...x].every(([key, value]) => y.get(key) === value)
  }
  if (a instanceof Set || b instanceof Set) {
    const [x, y] = [a instanceof Set ? a : new Set<Atom>(), b instanceof Set ? b : new Set<Atom>()]
    return x.size === y.size && [...x].every((element) => y.has(element))
  }
  return a === b
}
