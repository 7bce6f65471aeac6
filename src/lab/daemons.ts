/**
 * The two daemons of a node, each with the node's own directory (ovsdb-server(1), ovs-vswitchd(8)): nothing of them meets
 * an Open vSwitch that the machine runs for itself. They enter the node's network namespace by nsenter(1), which unlike
 * `ip netns exec` makes no mount namespace: a hundred of those would make every unmounting slow.
 */
import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '#link/clock.js'
import { run } from './command.js'
import { LabError } from './errors.js'
import { netnsFile } from './paths.js'
import { awaitExit, processOfPidfile, signal } from './processes.js'

export const daemons = ['ovsdb-server', 'ovs-vswitchd'] as const
export type Daemon = (typeof daemons)[number]

const schemaFile = '/usr/share/openvswitch/vswitch.ovsschema'
const exitTimeoutMs = 10_000
const quiet = ['-vconsole:emer', '-vsyslog:off', '-vfile:info']

/** Where a node's daemons live. */
export interface DaemonPlace {
  directory: string
  namespace: string
}

/** Makes the Open vSwitch tools, started with it, act on this node and no other. */
export const openVSwitchEnvironment = (directory: string): Readonly<Record<string, string>> => ({
  OVS_RUNDIR: directory,
  OVS_LOGDIR: directory,
  OVS_DBDIR: directory,
})

export const databaseFile = (directory: string): string => join(directory, 'conf.db')
export const databaseSocket = (directory: string): string => join(directory, 'db.sock')
const pidfile = (directory: string, daemon: Daemon): string => join(directory, `${daemon}.pid`)
const pidfileArgument = (directory: string, daemon: Daemon): string =>
  `--pidfile=${pidfile(directory, daemon)}`

/** An empty switch database: made once for a lab, since making it takes longer than copying it. */
export const createDatabase = async (file: string): Promise<void> => {
  await run('ovsdb-tool', ['create', file, schemaFile])
}

export const installDatabase = async (directory: string, template: string): Promise<void> => {
  await rm(join(directory, '.conf.db.~lock~'), { force: true })
  await copyFile(template, databaseFile(directory))
}

const argumentsOf = (directory: string, daemon: Daemon): string[] => {
  const common = ['--detach', '--no-chdir', pidfileArgument(directory, daemon), '--log-file', ...quiet]
  if (daemon === 'ovs-vswitchd') return [...common, `unix:${databaseSocket(directory)}`]
  return [
    ...common,
    `--remote=punix:${databaseSocket(directory)}`,
    '--remote=db:Open_vSwitch,Open_vSwitch,manager_options',
    '--private-key=db:Open_vSwitch,SSL,private_key',
    '--certificate=db:Open_vSwitch,SSL,certificate',
    '--bootstrap-ca-cert=db:Open_vSwitch,SSL,ca_cert',
    databaseFile(directory),
  ]
}

/** The process number of a running daemon. */
export const findDaemon = ({ directory }: DaemonPlace, daemon: Daemon): Promise<number | undefined> =>
  processOfPidfile(pidfile(directory, daemon), pidfileArgument(directory, daemon))

/** Starts a daemon and returns when it is ready: for `ovs-vswitchd` that is after its bridges are made. */
export const startDaemon = async (place: DaemonPlace, daemon: Daemon): Promise<void> => {
  if ((await findDaemon(place, daemon)) !== undefined) return
  await run(
    'nsenter',
    [`--net=${netnsFile(place.namespace)}`, daemon, ...argumentsOf(place.directory, daemon)],
    {
      env: openVSwitchEnvironment(place.directory),
    },
  )
}

/** Ends a daemon, in order or with SIGKILL, and returns when it is gone. @throws LabError `daemon-stuck` */
export const endDaemon = async (
  clock: Clock,
  place: DaemonPlace,
  daemon: Daemon,
  by: 'SIGTERM' | 'SIGKILL',
): Promise<void> => {
  const pid = await findDaemon(place, daemon)
  if (pid === undefined) return
  signal(pid, by)
  const left = await awaitExit(clock, [pid], exitTimeoutMs)
  if (left.length === 0) return
  throw new LabError(
    'daemon-stuck',
    `${daemon} (process ${pid}) is still there ${exitTimeoutMs} ms after ${by}`,
  )
}
