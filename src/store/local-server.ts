/**
 * The `ovsdb-server` of a controller that has no other database: a child process on a local file, started when nothing answers
 * on its socket, whoever started it before. It survives a killed controller, so that the next one finds it running.
 */
import { execFile, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { type Clock, sleep } from '#link/clock.js'
import { dial } from '#link/dial.js'
import type { Dial } from '#link/link-driver.js'
import type { Transport } from '#link/transport.js'
import { errorText, FabricError } from '#model/error.js'
import type { Logger } from '#model/logger.js'

const run = promisify(execFile)

export interface LocalServerOptions {
  /** The database file; socket, control socket, lock and log lie beside it. */
  readonly file: string
  /** `heddle.ovsschema`. */
  readonly schemaFile: string
  readonly clock: Clock
  readonly logger: Logger
}

/** The longest path of a Unix socket: sun_path of unix(7) less its zero byte. */
const socketPathMax = 107
const startTries = 100
const startPauseMs = 20

export class LocalServer {
  readonly socket: string
  private readonly control: string
  private starting: Promise<void> | undefined
  /** Whether the database that answers is known to have our schema. */
  private current = false

  constructor(private readonly options: LocalServerOptions) {
    this.socket = `${options.file}.sock`
    this.control = `${options.file}.ctl`
    if (Buffer.byteLength(this.control) > socketPathMax) {
      throw new FabricError('invalid-request', `the path ${options.file} is too long for a socket beside it`)
    }
  }

  /** Connects, starting the server first where nothing answers. */
  readonly dial: Dial = async (signal: AbortSignal): Promise<Transport> => {
    try {
      const transport = await this.connect(signal)
      if (this.current) return transport
      // Whoever does not follow conversions is disconnected by one: the check comes before the conversation.
      transport.start({ onData: () => {}, onClose: () => {} })
      transport.close()
    } catch {
      signal.throwIfAborted()
      this.starting ??= this.start().finally(() => {
        this.starting = undefined
      })
      await this.starting
    }
    if (!this.current) await this.convert()
    return this.connect(signal)
  }

  /** Stops the server in order; nothing happens where none runs. */
  async stop(): Promise<void> {
    try {
      await run('ovs-appctl', ['-t', this.control, 'exit'])
    } catch (error) {
      this.options.logger.debug({ err: error }, 'the northbound ovsdb-server was not running')
    }
  }

  /** Brings the schema of a server that runs up to date: one that an earlier version of the controller left behind. */
  private async convert(): Promise<void> {
    const { file, schemaFile, logger } = this.options
    const target = `unix:${this.socket}`
    try {
      const { stdout } = await run('ovsdb-client', ['needs-conversion', target, schemaFile])
      if (stdout.trim() === 'yes') {
        await run('ovsdb-client', ['convert', target, schemaFile])
        logger.info({ file }, 'northbound database converted to the schema of this version')
      }
      this.current = true
    } catch (error) {
      throw new FabricError(
        'store-unavailable',
        `the schema of ${file} cannot be brought up to date: ${errorText(error)}`,
        { cause: error },
      )
    }
  }

  private connect(signal: AbortSignal): Promise<Transport> {
    return dial({ kind: 'unix', path: this.socket }, {}, signal)
  }

  private async start(): Promise<void> {
    const { file, logger } = this.options
    try {
      await this.prepare()
      const pid = this.spawn()
      logger.info({ file, pid }, 'northbound ovsdb-server started')
      await this.answering()
      this.current = true
    } catch (error) {
      throw new FabricError(
        'store-unavailable',
        `ovsdb-server for ${file} does not start: ${errorText(error)}`,
        {
          cause: error,
        },
      )
    }
  }

  /** Makes the file, or brings its schema up to date. */
  private async prepare(): Promise<void> {
    const { file, schemaFile, logger } = this.options
    await mkdir(dirname(file), { recursive: true, mode: 0o750 })
    if (!existsSync(file)) {
      await run('ovsdb-tool', ['create', file, schemaFile])
      return
    }
    const { stdout } = await run('ovsdb-tool', ['needs-conversion', file, schemaFile])
    if (stdout.trim() !== 'yes') return
    await run('ovsdb-tool', ['convert', file, schemaFile])
    logger.info({ file }, 'northbound database converted to the schema of this version')
  }

  /** In a process group of its own: an interrupt at the terminal is the controller's to handle. */
  private spawn(): number | undefined {
    const { file } = this.options
    const log = openSync(`${file}.log`, 'a', 0o640)
    const server = spawn(
      'ovsdb-server',
      [
        `--remote=punix:${this.socket}`,
        `--unixctl=${this.control}`,
        '--no-chdir',
        '-vconsole:warn',
        '-vsyslog:off',
        file,
      ],
      { detached: true, stdio: ['ignore', log, log] },
    )
    closeSync(log)
    server.on('error', (error) => this.options.logger.error({ err: error }, 'ovsdb-server cannot be run'))
    server.on('exit', (code, signal) =>
      this.options.logger.warn({ code, signal }, 'northbound ovsdb-server ended'),
    )
    server.unref()
    return server.pid
  }

  private async answering(): Promise<void> {
    for (let tried = 1; ; tried++) {
      try {
        const transport = await this.connect(AbortSignal.timeout(1_000))
        transport.start({ onData: () => {}, onClose: () => {} })
        transport.close()
        return
      } catch (error) {
        if (tried === startTries) throw error
        await sleep(this.options.clock, startPauseMs)
      }
    }
  }
}
