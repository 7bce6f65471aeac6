/** Real `ovsdb-server` processes, alone or as a RAFT cluster, each in a temporary folder of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Issued } from './pki.js'

export const vswitchSchema = '/usr/share/openvswitch/vswitch.ovsschema'

export interface OvsdbServerOptions {
  /** Schema files, one database each. */
  readonly schemas?: readonly string[]
  /** Makes database files in the server's folder, instead. */
  readonly databases?: (folder: string) => readonly string[]
  /** Besides the Unix socket that there always is. */
  readonly remotes?: readonly string[]
  readonly ssl?: { readonly issued: Issued; readonly caFile: string }
  readonly arguments?: readonly string[]
}

export class OvsdbServer {
  readonly folder: string
  /** The target of the Unix socket. */
  readonly target: string
  readonly #arguments: readonly string[]
  #child: ChildProcess | undefined

  constructor(options: OvsdbServerOptions = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'heddle-ovsdb-'))
    this.target = `unix:${join(this.folder, 'db.sock')}`
    const remotes = [`p${this.target}`, ...(options.remotes ?? [])]
    this.#arguments = [
      ...remotes.map((remote) => `--remote=${remote}`),
      ...(options.ssl === undefined ? [] : sslArguments(options.ssl)),
      `--unixctl=${join(this.folder, 'ctl')}`,
      '--no-chdir',
      '-vconsole:off',
      `--log-file=${join(this.folder, 'log')}`,
      ...(options.arguments ?? []),
      ...(options.databases?.(this.folder) ??
        createDatabases(this.folder, options.schemas ?? [vswitchSchema])),
    ]
  }

  static async start(options: OvsdbServerOptions = {}): Promise<OvsdbServer> {
    const server = new OvsdbServer(options)
    await server.start()
    return server
  }

  get pid(): number {
    const { pid } = this.#child ?? {}
    if (pid === undefined) throw new Error('ovsdb-server does not run')
    return pid
  }

  async start(): Promise<void> {
    const socket = this.target.slice('unix:'.length)
    rmSync(socket, { force: true })
    const env = { ...process.env, OVS_RUNDIR: this.folder, OVS_LOGDIR: this.folder, OVS_DBDIR: this.folder }
    this.#child = spawn('ovsdb-server', this.#arguments, { stdio: 'ignore', env })
    for (let tries = 0; !(await answers(socket)); tries += 1) {
      if (tries > 500) throw new Error(`ovsdb-server did not start: see ${join(this.folder, 'log')}`)
      await delay(10)
    }
  }

  /** Ends the process, in order or with -9. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGCONT')
    child.kill(signal)
    await exit
  }

  /** Suspends and continues it: a peer that is there and does nothing. */
  freeze(): void {
    process.kill(this.pid, 'SIGSTOP')
  }

  thaw(): void {
    process.kill(this.pid, 'SIGCONT')
  }

  async remove(): Promise<void> {
    await this.stop('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** What `ovs-appctl` answers. */
  control(...command: readonly string[]): string {
    return execFileSync('ovs-appctl', ['-t', join(this.folder, 'ctl'), ...command], { encoding: 'utf8' })
  }

  /** What `ovsdb-client COMMAND TARGET ...` answers: another reader of what we wrote. */
  client(command: string, ...rest: readonly string[]): string {
    return execFileSync('ovsdb-client', [command, this.target, ...rest], { encoding: 'utf8' })
  }
}

/** Members of a RAFT cluster on loopback, the first of which made it. */
export const startCluster = async (size: number, schema = vswitchSchema): Promise<OvsdbServer[]> => {
  const ports = await freePorts(size)
  const name = execFileSync('ovsdb-tool', ['schema-name', schema], { encoding: 'utf8' }).trim()
  const servers: OvsdbServer[] = []
  for (const [index, port] of ports.entries()) {
    const [own, first] = [`tcp:127.0.0.1:${port}`, `tcp:127.0.0.1:${ports[0]}`]
    const databases = (folder: string): readonly string[] => {
      const file = join(folder, 'member.db')
      const how =
        index === 0 ? ['create-cluster', file, schema, own] : ['join-cluster', file, name, own, first]
      execFileSync('ovsdb-tool', how)
      return [file]
    }
    servers.push(await OvsdbServer.start({ databases }))
  }
  for (const server of servers) {
    while (!/Status: cluster member/.test(server.control('cluster/status', name))) await delay(50)
  }
  return servers
}

/** Ports that are free now; another process may take them before they are used, which is rare. */
export const freePorts = async (count: number): Promise<number[]> => {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

const createDatabases = (folder: string, schemas: readonly string[]): readonly string[] =>
  schemas.map((schema, index) => {
    const file = join(folder, `${index}.db`)
    execFileSync('ovsdb-tool', ['create', file, schema])
    return file
  })

const sslArguments = ({ issued, caFile }: NonNullable<OvsdbServerOptions['ssl']>): readonly string[] => [
  `--private-key=${issued.keyFile}`,
  `--certificate=${issued.certificateFile}`,
  `--ca-cert=${caFile}`,
]

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    if (!existsSync(path)) return resolve(false)
    const socket = connect({ path })
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
