/** `heddle ovsdb monitor`: the rows of tables as they are, then each change as it comes, until Ctrl-C. */
import { Command } from 'commander'
import { isJsonObject, type Json, type JsonObject, printJson } from '#ovsdb/json.js'
import { getSchema } from '#ovsdb/methods.js'
import type { MonitoredTables, RowUpdate, TableUpdate } from '#ovsdb/monitor.js'
import { type MonitorEvent, startMonitor } from '#ovsdb/monitoring.js'
import type { DatabaseSchema } from '#ovsdb/schema.js'
import { CliError, usageError } from '../exit.js'
import { examples } from '../help.js'
import type { Io } from '../io.js'
import { type Palette, paletteFor } from '../palette.js'
import { type PrintOptions, withOutput, yamlOf } from '../print.js'
import { plain } from '../text.js'
import { wantedOf } from './ovsdb-dump.js'
import {
  databaseIn,
  type TargetOptions,
  targetArgument,
  withSession,
  withTargetOptions,
} from './ovsdb-session.js'
import { valueText } from './ovsdb-text.js'

export const monitorCommand = (io: Io): Command =>
  withTargetOptions(
    withOutput(
      new Command('monitor')
        .description('print rows and then their changes, until Ctrl-C')
        .addArgument(targetArgument())
        .argument('<words...>', '[DATABASE] TABLE [COLUMN...], or [DATABASE] ALL')
        .addHelpText(
          'after',
          examples(
            ['heddle ovsdb monitor tcp:192.0.2.1:6640 Interface name ofport link_state', 'ports of a switch'],
            ['heddle ovsdb monitor unix:/run/heddle/northbound.sock ALL -o json', 'a change a line'],
          ),
        ),
    ),
  ).action(async (target: string, words: readonly string[], options: TargetOptions & PrintOptions) => {
    await withSession(io, target, options, async (session, over) => {
      const { database, rest } = await databaseIn(session, words)
      const tables = monitoredOf(await getSchema(session, database), rest)
      const changes = new Changes(io, options)
      const request = { database, monitor: 'heddle', tables }
      await startMonitor(session, 'monitor', request, (event) => changes.tell(event), { signal: io.signal })
      const end = await Promise.race([interruption(io.signal), changes.canceled, over])
      if (end !== 'interrupted') throw lost(target, end)
    })
  })

const monitoredOf = (schema: DatabaseSchema, words: readonly string[]): MonitoredTables => {
  if (words.length === 0) throw usageError('name a table, or ALL')
  const wanted = wantedOf(schema, words[0] === 'ALL' ? [] : words)
  return Object.fromEntries(
    wanted.map(({ table, columns }) => [table, { columns: columns.filter((name) => name !== '_uuid') }]),
  )
}

const interruption = (signal: AbortSignal): Promise<'interrupted'> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve('interrupted'), { once: true }))

const lost = (target: string, end: 'canceled' | Error | undefined): CliError => {
  if (end === 'canceled')
    return new CliError('failed', `${target} ended the monitor: its schema changed or the database is gone`)
  return new CliError(
    'failed',
    `${target} closed the connection`,
    end === undefined ? [] : [end.message],
    end,
  )
}

type Action = RowUpdate['kind'] | 'initial'

/** Prints the rows of each event in its order. */
class Changes {
  readonly #io: Io
  readonly #show: (action: Action, table: string, update: RowUpdate) => string
  #cancel: () => void = () => undefined
  /** Resolves when the server has ended the monitor. */
  readonly canceled = new Promise<'canceled'>((resolve) => {
    this.#cancel = () => resolve('canceled')
  })

  constructor(io: Io, { output }: PrintOptions) {
    this.#io = io
    const palette = paletteFor(io.stdout, io.env)
    this.#show =
      output === 'table'
        ? (action, table, update) => line(palette, action, table, update)
        : (action, table, update) => record(output, action, table, update)
  }

  tell(event: MonitorEvent): void {
    if (event.kind === 'canceled') this.#cancel()
    else if (event.kind === 'reply') this.#print(event.reply.tables, true)
    else this.#print(event.update.tables, false)
  }

  #print(tables: readonly TableUpdate[], initial: boolean): void {
    for (const { table, rows } of tables) {
      for (const row of rows) this.#io.stdout.write(this.#show(initial ? 'initial' : row.kind, table, row))
    }
  }
}

const columnsOf = (update: RowUpdate): JsonObject =>
  update.kind !== 'delete' && isJsonObject(update.row) ? update.row : {}

const line = (palette: Palette, action: Action, table: string, update: RowUpdate): string => {
  const colour = {
    initial: palette.dim,
    insert: palette.green,
    replace: palette.yellow,
    modify: palette.yellow,
    delete: palette.red,
  }
  const columns = Object.entries(columnsOf(update)).map(
    ([name, value]) => `${name}=${plain(valueText(value))}`,
  )
  return `${[colour[action](action.padEnd(7)), table, palette.dim(update.uuid), ...columns].join(' ')}\n`
}

const record = (output: 'json' | 'yaml', action: Action, table: string, update: RowUpdate): string => {
  const { uuid } = update
  const whole: Json = { action, table, uuid, ...(update.kind === 'delete' ? {} : { row: update.row }) }
  return output === 'json' ? `${printJson(whole)}\n` : `---\n${yamlOf(whole)}`
}
