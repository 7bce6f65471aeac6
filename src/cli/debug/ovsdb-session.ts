/** One OVSDB session for one command: dialled, used, closed. No policy: it neither retries nor reconnects. */
import { Argument, type Command, InvalidArgumentError } from 'commander'
import type { Credentials } from '#link/credentials.js'
import { dial } from '#link/dial.js'
import { parseDialTarget } from '#link/targets.js'
import type { Transport } from '#link/transport.js'
import { listDbs } from '#ovsdb/methods.js'
import { Session } from '#ovsdb/session.js'
import { CliError, usageError } from '../exit.js'
import type { Io } from '../io.js'

export interface TargetOptions {
  readonly timeout: number
  readonly privateKey?: string
  readonly certificate?: string
  readonly caCert?: string
}

export const targetArgument = (): Argument =>
  new Argument('<target>', 'tcp:HOST:PORT, ssl:HOST:PORT or unix:PATH')

const seconds = (text: string): number => {
  const value = Number(text)
  if (text.trim() !== '' && value > 0 && value <= 86_400) return value
  throw new InvalidArgumentError('Expected seconds, more than 0.')
}

/** The options that ovsdb-client(1) has for `ssl:` targets, and a limit to the waiting. */
export const withTargetOptions = (command: Command): Command =>
  command
    .option('-t, --timeout <seconds>', 'how long to wait for the connection', seconds, 10)
    .option('-p, --private-key <file>', 'PEM file of our key, for ssl: targets')
    .option('-c, --certificate <file>', 'PEM file of our certificate')
    .option('-C, --ca-cert <file>', "PEM file of the CA that signed the server's certificate")

/** Uses a session; `over` resolves when it has ended, with the error if one ended it. */
type Use = (session: Session, over: Promise<Error | undefined>) => Promise<void>

/** Calls `use` with a session with the target; closes it however that ends. */
export const withSession = async (
  io: Io,
  target: string,
  options: TargetOptions,
  use: Use,
): Promise<void> => {
  const transport = await open(io, target, options)
  const { session, over } = sessionOver(transport)
  try {
    await use(session, over)
  } finally {
    session.close()
  }
}

const sessionOver = (transport: Transport): { session: Session; over: Promise<Error | undefined> } => {
  const ending: { tell?: (error?: Error) => void } = {}
  const over = new Promise<Error | undefined>((resolve) => {
    ending.tell = resolve
  })
  return { session: new Session(transport, { onClose: (error) => ending.tell?.(error) }), over }
}

const open = async (io: Io, text: string, options: TargetOptions): Promise<Transport> => {
  const target = targetOf(text)
  const credentials = await credentialsOf(io, options)
  const late = new AbortController()
  const cancel = io.clock.schedule(options.timeout * 1000, () => late.abort())
  try {
    const signal = AbortSignal.any([io.signal, late.signal])
    return await dial(target, credentials === undefined ? {} : { credentials }, signal)
  } catch (error) {
    io.signal.throwIfAborted()
    const words = late.signal.aborted ? `${text} did not answer in ${options.timeout} s` : messageOf(error)
    throw new CliError('unreachable', words, [], error)
  } finally {
    cancel()
  }
}

const targetOf = (text: string) => {
  try {
    return parseDialTarget(text, { port: 6640 })
  } catch (error) {
    throw usageError(messageOf(error))
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const credentialsOf = async (io: Io, options: TargetOptions): Promise<Credentials | undefined> => {
  const { privateKey, certificate, caCert } = options
  if (privateKey === undefined && certificate === undefined && caCert === undefined) return undefined
  if (privateKey === undefined || certificate === undefined || caCert === undefined) {
    throw usageError('--private-key, --certificate and --ca-cert go together')
  }
  try {
    const [key, own, ca] = await Promise.all(
      [privateKey, certificate, caCert].map((path) => io.readFile(path)),
    )
    return { key: key ?? '', certificate: own ?? '', ca: ca ?? '' }
  } catch (error) {
    throw usageError(messageOf(error))
  }
}

/**
 * Takes the database off the front of the words if it is there; otherwise it is the only one that the server has besides
 * its own, or Open_vSwitch. As ovsdb-client(1) does.
 */
export const databaseIn = async (
  session: Session,
  words: readonly string[],
): Promise<{ readonly database: string; readonly rest: readonly string[] }> => {
  const databases = await listDbs(session)
  const [first, ...rest] = words
  if (first !== undefined && databases.includes(first)) return { database: first, rest }
  const others = databases.filter((name) => !name.startsWith('_'))
  const database = others.length === 1 ? others[0] : others.find((name) => name === 'Open_vSwitch')
  if (database !== undefined) return { database, rest: words }
  throw usageError(`name the database: ${session.peer} has ${databases.join(', ') || 'none'}`)
}
