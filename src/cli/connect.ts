/** The controller that a command talks to: where it answers, and who we are to it. */
import { Command } from 'commander'
import { Client } from '#api/client.js'
import { CliError, usageError } from './exit.js'
import type { Io } from './io.js'
import { withOutput } from './print.js'

export const defaultServer = 'http://127.0.0.1:8080'

export interface ServerOptions {
  readonly server?: string
  readonly tokenFile?: string
}

/** Adds `--server` and `--token-file`, under a heading of their own. */
export const withServer = (command: Command): Command => {
  const server = command
    .createOption(
      '--server <url>',
      `where the controller answers (env: HEDDLE_SERVER, default: ${defaultServer})`,
    )
    .helpGroup('Connection:')
  const token = command
    .createOption('--token-file <file>', 'file with the bearer token (env: HEDDLE_TOKEN_FILE)')
    .helpGroup('Connection:')
  return command.addOption(server).addOption(token)
}

/** A command that asks the controller and prints its answer. */
export const asking = (name: string): Command => withServer(withOutput(new Command(name)))

/** The client of a command with these options. */
export const connect = async (io: Io, options: ServerOptions): Promise<Client> => {
  const server = options.server ?? (io.env.HEDDLE_SERVER || defaultServer)
  const token = await tokenOf(io, options.tokenFile ?? io.env.HEDDLE_TOKEN_FILE)
  return new Client({ baseUrl: baseOf(server), token, fetch: io.fetch })
}

const baseOf = (server: string): string => {
  const url = URL.canParse(server) ? new URL(server) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.origin
  throw usageError(`the server ${JSON.stringify(server)} is no URL like ${defaultServer}`)
}

/** The first token of a file in the controller's own form, `name:token` or `token` a line. */
const tokenOf = async (io: Io, path: string | undefined): Promise<string | undefined> => {
  if (path === undefined || path === '') return undefined
  const lines = (await textOf(io, path)).split('\n').map((line) => line.trim())
  const line = lines.find((one) => one !== '' && !one.startsWith('#'))
  if (line === undefined) throw usageError(`the token file ${path} has no token`)
  return line.slice(line.indexOf(':') + 1)
}

const textOf = async (io: Io, path: string): Promise<string> => {
  try {
    return await io.readFile(path)
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error)
    throw new CliError('usage', `the token file cannot be read: ${words}`, [], error)
  }
}
