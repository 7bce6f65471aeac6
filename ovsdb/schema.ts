/** Database schemas as a server sends them: RFC 7047, section 3.2 (`<database-schema>`), the answer to `get_schema`. */
import { excerpt } from './atoms.js'
import { isIdentifier, parseColumnType } from './base-type.js'
import type { ColumnType } from './datum.js'
import { OvsdbError, within } from './errors.js'
import { isJsonArray, isJsonObject, type Json, type JsonObject, member } from './json.js'

export interface ColumnSchema {
  readonly type: ColumnType
  /** The value need not survive a restart of the server. */
  readonly ephemeral: boolean
  /** False: the value is fixed when the row is inserted. */
  readonly mutable: boolean
}

export interface TableSchema {
  readonly columns: ReadonlyMap<string, ColumnSchema>
  /** False: rows are never changed once they are there. An addition of Open vSwitch to RFC 7047. */
  readonly mutable: boolean
  readonly maxRows: number
  /** Rows of a root table live without being referred to. */
  readonly isRoot: boolean
  /** Sets of columns whose values, taken together, differ from row to row. */
  readonly indexes: readonly (readonly string[])[]
}

export interface DatabaseSchema {
  readonly name: string
  readonly version?: string
  readonly cksum?: string
  readonly tables: ReadonlyMap<string, TableSchema>
}

const bad = (message: string): OvsdbError => new OvsdbError('bad-schema', message)

/** Reads a schema. Throws `bad-schema`, with the table and column in the message. */
export const parseSchema = (json: Json): DatabaseSchema => {
  if (!isJsonObject(json)) throw bad(`a schema is no object but ${excerpt(json)}`)
  const name = member(json, 'name')
  const version = parseText(json, 'version')
  const cksum = parseText(json, 'cksum')
  if (typeof name !== 'string' || !isIdentifier(name))
    throw bad(`the schema's name is ${excerpt(name)}, which is no name`)
  if (version !== undefined && !/^\d+\.\d+\.\d+$/.test(version))
    throw bad(`the version ${excerpt(version)} is not x.y.z`)
  const tables = parseTables(json)
  checkReferences(tables)
  return {
    name,
    tables: settle(tables),
    ...(version !== undefined && { version }),
    ...(cksum !== undefined && { cksum }),
  }
}

const parseText = (json: JsonObject, name: string): string | undefined => {
  const text = member(json, name)
  if (text !== undefined && typeof text !== 'string')
    throw bad(`${name} is ${excerpt(text)}, which is no string`)
  return text
}

const parseTables = (json: JsonObject): ReadonlyMap<string, TableSchema> => {
  const tables = member(json, 'tables')
  if (!isJsonObject(tables)) throw bad(`tables is ${excerpt(tables)}, which is no object`)
  const parsed = Object.entries(tables).map(([name, table]) => {
    checkName('table', name)
    return [name, parseTable(name, table)] as const
  })
  return settleRoots(new Map(parsed))
}

/** Where no table is a root, every one is: a schema older than `isRoot` (RFC 7047, section 3.2). */
const settleRoots = (tables: Map<string, TableSchema>): ReadonlyMap<string, TableSchema> => {
  if ([...tables.values()].some((table) => table.isRoot)) return tables
  return new Map([...tables].map(([name, table]) => [name, { ...table, isRoot: true }]))
}

const checkName = (what: string, name: string): void => {
  if (!isIdentifier(name)) throw bad(`${excerpt(name)} is no name for a ${what}`)
  if (name.startsWith('_')) throw bad(`${what} ${name}: names that begin with _ are reserved`)
}

/** Reads one table's schema. */
export const parseTable = (name: string, json: Json): TableSchema => {
  try {
    if (!isJsonObject(json)) throw bad(`the schema is no object but ${excerpt(json)}`)
    const columns = parseColumns(json)
    return {
      columns,
      mutable: parseFlag(json, 'mutable', true),
      maxRows: parseMaxRows(json),
      isRoot: parseFlag(json, 'isRoot', false),
      indexes: parseIndexes(json, columns),
    }
  } catch (error) {
    throw within(`table ${name}`, error)
  }
}

const parseColumns = (json: JsonObject): ReadonlyMap<string, ColumnSchema> => {
  const columns = member(json, 'columns')
  if (!isJsonObject(columns)) throw bad(`columns is ${excerpt(columns)}, which is no object`)
  const parsed = Object.entries(columns).map(([name, column]) => {
    checkName('column', name)
    return [name, parseColumn(name, column)] as const
  })
  if (parsed.length === 0) throw bad('there is no column')
  return new Map(parsed)
}

export const parseColumn = (name: string, json: Json): ColumnSchema => {
  try {
    if (!isJsonObject(json)) throw bad(`the schema is no object but ${excerpt(json)}`)
    const type = member(json, 'type')
    if (type === undefined) throw bad('there is no type')
    return {
      type: parseColumnType(type),
      ephemeral: parseFlag(json, 'ephemeral', false),
      mutable: parseFlag(json, 'mutable', true),
    }
  } catch (error) {
    throw within(`column ${name}`, error)
  }
}

const parseFlag = (json: JsonObject, name: string, otherwise: boolean): boolean => {
  const flag = member(json, name) ?? otherwise
  if (typeof flag !== 'boolean') throw bad(`${name} is ${excerpt(flag)}, which is no boolean`)
  return flag
}

const parseMaxRows = (json: JsonObject): number => {
  const maxRows = member(json, 'maxRows')
  if (maxRows === undefined) return Infinity
  if (typeof maxRows !== 'number' || !Number.isInteger(maxRows) || maxRows < 1) {
    throw bad(`maxRows is ${excerpt(maxRows)}, not at least 1`)
  }
  return maxRows
}

const parseIndexes = (
  json: JsonObject,
  columns: ReadonlyMap<string, ColumnSchema>,
): readonly (readonly string[])[] => {
  const indexes = member(json, 'indexes') ?? []
  if (!isJsonArray(indexes)) throw bad(`indexes is ${excerpt(indexes)}, which is no array`)
  return indexes.map((index) => parseIndex(index, columns))
}

const parseIndex = (json: Json, columns: ReadonlyMap<string, ColumnSchema>): readonly string[] => {
  const names = isJsonArray(json) ? json.filter((name) => typeof name === 'string') : []
  if (!isJsonArray(json) || names.length !== json.length || new Set(names).size !== names.length) {
    throw bad(`the index ${excerpt(json)} is no array of different column names`)
  }
  if (names.length === 0) throw bad('an index has no column')
  for (const name of names) {
    const column = columns.get(name)
    if (column === undefined) throw bad(`an index has the column ${name}, which does not exist`)
    if (column.ephemeral) throw bad(`an index has the column ${name}, which is ephemeral`)
  }
  return names
}

/** Every reference is to a table of the schema. */
const checkReferences = (tables: ReadonlyMap<string, TableSchema>): void => {
  for (const [tableName, table] of tables) {
    for (const [columnName, { type }] of table.columns) {
      const stranger = [type.key, type.value].find(
        (base) => base?.refTable !== undefined && !tables.has(base.refTable),
      )
      if (stranger === undefined) continue
      throw bad(
        `column ${tableName}.${columnName} refers to the table ${stranger.refTable}, which does not exist`,
      )
    }
  }
}

/**
 * What the references of a column make of its flags: a weak one changes by itself, so that it is never immutable; a strong one that
 * keeps rows alive has to survive a restart, so that it is never ephemeral. As Open vSwitch's ovsdb.c has it.
 */
const settleColumn = (column: ColumnSchema, tables: ReadonlyMap<string, TableSchema>): ColumnSchema => {
  const bases = [column.type.key, column.type.value].filter((base) => base?.refTable !== undefined)
  const weak = bases.some((base) => base?.refType === 'weak')
  const vital = bases.some(
    (base) => base?.refType !== 'weak' && tables.get(base?.refTable ?? '')?.isRoot === false,
  )
  return { ...column, mutable: column.mutable || weak, ephemeral: column.ephemeral && !vital }
}

const settle = (tables: ReadonlyMap<string, TableSchema>): ReadonlyMap<string, TableSchema> =>
  new Map(
    [...tables].map(([tableName, table]) => {
      const columns = [...table.columns].map(
        ([name, column]) => [name, settleColumn(column, tables)] as const,
      )
      return [tableName, { ...table, columns: new Map(columns) }]
    }),
  )
