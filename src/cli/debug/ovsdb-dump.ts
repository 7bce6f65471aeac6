/** `heddle ovsdb dump`: all rows of tables, each table under its name. */
import { Command } from 'commander'
import { isJsonArray, isJsonObject, type Json, type JsonObject, member, printJson } from '#ovsdb/json.js'
import { getSchema } from '#ovsdb/methods.js'
import type { DatabaseSchema } from '#ovsdb/schema.js'
import type { Session } from '#ovsdb/session.js'
import { CliError, usageError } from '../exit.js'
import { examples } from '../help.js'
import type { Io } from '../io.js'
import { type Palette, paletteFor } from '../palette.js'
import { type PrintOptions, withOutput, yamlOf } from '../print.js'
import { tableOf } from '../table.js'
import { plain } from '../text.js'
import {
  databaseIn,
  type TargetOptions,
  targetArgument,
  withSession,
  withTargetOptions,
} from './ovsdb-session.js'
import { valueText } from './ovsdb-text.js'

export const dumpCommand = (io: Io): Command =>
  withTargetOptions(
    withOutput(
      new Command('dump')
        .description('print the rows of a database')
        .addArgument(targetArgument())
        .argument('[words...]', '[DATABASE] [TABLE [COLUMN...]]: all tables, one, or some columns of one')
        .addHelpText(
          'after',
          examples(
            ['heddle ovsdb dump unix:/run/openvswitch/db.sock', 'everything'],
            ['heddle ovsdb dump tcp:192.0.2.1:6640 Interface name ofport error', 'three columns'],
          ),
        ),
    ),
  ).action(async (target: string, words: readonly string[], options: TargetOptions & PrintOptions) => {
    await withSession(io, target, options, async (session) => {
      const { database, rest } = await databaseIn(session, words)
      const wanted = wantedOf(await getSchema(session, database), rest)
      show(io, options, await rowsOf(session, database, wanted))
    })
  })

interface Wanted {
  readonly table: string
  readonly columns: readonly string[]
}

interface Dumped extends Wanted {
  readonly rows: readonly JsonObject[]
}

/** Which columns of which tables. Throws a usage error with the names that there are. */
export const wantedOf = (schema: DatabaseSchema, words: readonly string[]): readonly Wanted[] => {
  const [only, ...columns] = words
  if (only === undefined) {
    return [...schema.tables].map(([table, { columns }]) => ({
      table,
      columns: ['_uuid', ...columns.keys()],
    }))
  }
  const known = schema.tables.get(only)
  if (known === undefined) {
    throw usageError(`${schema.name} has no table ${only}; it has ${[...schema.tables.keys()].join(', ')}`)
  }
  const all = ['_uuid', ...known.columns.keys()]
  const unknown = columns.find((column) => !all.includes(column) && column !== '_version')
  if (unknown !== undefined)
    throw usageError(`table ${only} has no column ${unknown}; it has ${all.join(', ')}`)
  return [{ table: only, columns: columns.length > 0 ? columns : all }]
}

/** All tables in one transaction: one moment of the database. */
const rowsOf = async (
  session: Session,
  database: string,
  wanted: readonly Wanted[],
): Promise<readonly Dumped[]> => {
  const operations = wanted.map(({ table, columns }) => ({ op: 'select', table, where: [], columns }))
  const results = await session.request('transact', [database, ...operations])
  return wanted.map((one, index) => {
    const result = isJsonArray(results) ? results[index] : undefined
    const rows = isJsonObject(result) ? member(result, 'rows') : undefined
    if (!isJsonArray(rows))
      throw new CliError('failed', `select in ${one.table} was answered with ${printJson(result ?? null)}`)
    return { ...one, rows: rows.filter(isJsonObject) }
  })
}

const show = (io: Io, { output }: PrintOptions, tables: readonly Dumped[]): void => {
  if (output === 'table') {
    const palette = paletteFor(io.stdout, io.env)
    io.stdout.write(tables.map((table) => section(table, palette)).join('\n'))
    return
  }
  const byName: Json = Object.fromEntries(tables.map(({ table, rows }) => [table, rows]))
  io.stdout.write(output === 'json' ? `${printJson(byName)}\n` : yamlOf(byName))
}

const section = ({ table, columns, rows }: Dumped, palette: Palette): string => {
  const cells = columns.map((title) => ({
    title,
    cell: (row: JsonObject): string => plain(valueText(member(row, title))),
  }))
  return `${palette.bold(`${table} table`)}\n${tableOf(cells, rows, palette)}`
}
