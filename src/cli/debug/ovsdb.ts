/** `heddle ovsdb`: what ovsdb-client(1) does, by Heddle's own library. For whoever debugs the protocol or the library. */
import { Command } from 'commander'
import { isJsonArray, type Json, parseJson, printJson } from '#ovsdb/json.js'
import { listDbs } from '#ovsdb/methods.js'
import { readPeerError } from '#ovsdb/results.js'
import { CliError, usageError } from '../exit.js'
import { examples } from '../help.js'
import { type Io, readStdin } from '../io.js'
import { dumpCommand } from './ovsdb-dump.js'
import { monitorCommand } from './ovsdb-monitor.js'
import {
  databaseIn,
  type TargetOptions,
  targetArgument,
  withSession,
  withTargetOptions,
} from './ovsdb-session.js'

export const ovsdbCommand = (io: Io): Command =>
  new Command('ovsdb')
    .description('speak OVSDB with a server, as ovsdb-client does')
    .addCommand(listDbsCommand(io))
    .addCommand(getSchemaCommand(io))
    .addCommand(dumpCommand(io))
    .addCommand(transactCommand(io))
    .addCommand(monitorCommand(io))

const listDbsCommand = (io: Io): Command =>
  withTargetOptions(
    new Command('list-dbs')
      .description('list the databases of a server')
      .addArgument(targetArgument())
      .addHelpText(
        'after',
        examples(['heddle ovsdb list-dbs unix:/run/openvswitch/db.sock', 'of this machine']),
      ),
  ).action(async (target: string, options: TargetOptions) => {
    await withSession(io, target, options, async (session) => {
      for (const name of await listDbs(session)) io.stdout.write(`${name}\n`)
    })
  })

const getSchemaCommand = (io: Io): Command =>
  withTargetOptions(
    new Command('get-schema')
      .description('print the schema of a database as JSON')
      .addArgument(targetArgument())
      .argument('[database]', 'its name; where there is one alone, or Open_vSwitch, not needed'),
  ).action(async (target: string, database: string | undefined, options: TargetOptions) => {
    await withSession(io, target, options, async (session) => {
      const name = database ?? (await databaseIn(session, [])).database
      io.stdout.write(`${printJson(await session.request('get_schema', [name]))}\n`)
    })
  })

const transactCommand = (io: Io): Command =>
  withTargetOptions(
    new Command('transact')
      .description('execute a transaction and print the results as JSON')
      .addArgument(targetArgument())
      .argument(
        '<transaction>',
        '\'["DATABASE", OPERATION...]\' as in RFC 7047, section 4.1.3; - for standard input',
      )
      .addHelpText(
        'after',
        examples([
          `heddle ovsdb transact tcp:192.0.2.1:6640 '["Open_vSwitch", {"op": "select", "table": "Bridge", "where": []}]'`,
          'all bridges',
        ]),
      ),
  ).action(async (target: string, transaction: string, options: TargetOptions) => {
    const params = transactionOf(transaction === '-' ? await readStdin(io) : transaction)
    await withSession(io, target, options, async (session) => {
      const results = await session.request('transact', params)
      io.stdout.write(`${printJson(results)}\n`)
      refuseFailure(results)
    })
  })

const transactionOf = (text: string): readonly Json[] => {
  try {
    const params = parseJson(text)
    if (isJsonArray(params) && typeof params[0] === 'string') return params
  } catch (error) {
    throw usageError(`the transaction: ${error instanceof Error ? error.message : String(error)}`)
  }
  throw usageError('the transaction is not of the form ["DATABASE", OPERATION...]')
}

/** A transaction that failed is a failure of the command, though the server answered in order. */
const refuseFailure = (results: Json): void => {
  const all = isJsonArray(results) ? results : []
  for (const [index, result] of all.entries()) {
    const peer = readPeerError(result)
    if (peer === undefined) continue
    throw new CliError(
      'failed',
      `operation ${index}: ${peer.error}`,
      peer.details === undefined ? [] : [peer.details],
    )
  }
}
