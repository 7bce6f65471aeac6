/**
 * Wires bent out of OVN: a logical switch for each, with two ports. Central and controllers are Debian's, in the default
 * configuration; the time is what `ovn-nbctl --wait=hv` takes, which is until both switches have the flows.
 */
import { execFile, spawn } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Lab } from '#lab/lab.js'
import { sleep, systemClock } from '#link/clock.js'
import { interfaceId } from '../wire-fabric.js'

const run = promisify(execFile)

export interface Ovn {
  /** Makes the wires of these indexes in one transaction and waits until both nodes have them. */
  make(indexes: readonly number[]): Promise<void>
  remove(indexes: readonly number[]): Promise<void>
  stop(): Promise<void>
}

const schemas = '/usr/share/ovn'
const quiet = ['-vconsole:off', '-vsyslog:off', '-vfile:warn']

interface Place {
  readonly directory: string
  readonly address: string
}

const nb = ({ directory }: Place): string => `unix:${directory}/nb.sock`
const sb = ({ directory }: Place): string => `unix:${directory}/sb.sock`

const startDatabase = async (
  { directory, address }: Place,
  name: 'nb' | 'sb',
  port?: number,
): Promise<void> => {
  await run('ovsdb-tool', ['create', `${directory}/${name}.db`, `${schemas}/ovn-${name}.ovsschema`])
  const remotes = [
    `--remote=punix:${directory}/${name}.sock`,
    ...(port === undefined ? [] : [`--remote=ptcp:${port}:${address}`]),
  ]
  await detach('ovsdb-server', [...remotes, ...common(directory, `ovn-${name}`), `${directory}/${name}.db`])
}

const common = (directory: string, name: string): string[] => [
  '--detach',
  '--no-chdir',
  `--pidfile=${directory}/${name}.pid`,
  `--unixctl=${directory}/${name}.ctl`,
  `--log-file=${directory}/${name}.log`,
  ...quiet,
]

const detach = async (
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> => {
  await run(program, [...args], { env: { PATH: process.env['PATH'] ?? '', ...env } })
}

const southboundPort = 16642

/** Points a node at OVN and starts its `ovn-controller`. */
const startController = async (node: Lab['nodes'][number], place: Place): Promise<void> => {
  await node.vsctl(
    ...['set', 'Open_vSwitch', '.', `external_ids:ovn-remote=tcp:${place.address}:${southboundPort}`],
    ...['external_ids:ovn-encap-type=geneve', `external_ids:ovn-encap-ip=${node.rloc}`],
    ...['external_ids:ovn-bridge-datapath-type=netdev', 'external_ids:ovn-monitor-all=false'],
  )
  const { directory } = node
  const [program = '', ...args] = node.enter([
    ...['env', `OVN_RUNDIR=${directory}`, 'ovn-controller', '--detach', '--no-chdir'],
    ...[`--pidfile=${directory}/ovn-controller.pid`, `--log-file=${directory}/ovn-controller.log`, ...quiet],
    `unix:${directory}/db.sock`,
  ])
  await detach(program, args)
}

const wire = (lab: Lab, index: number): string[] => {
  const [one, other] = lab.nodes.map(({ name }) => interfaceId(name, index))
  const name = `wire${index}`
  return [
    ...['--', 'ls-add', name],
    ...['--', 'lsp-add', name, one ?? '', '--', 'lsp-set-addresses', one ?? '', 'unknown'],
    ...['--', 'lsp-add', name, other ?? '', '--', 'lsp-set-addresses', other ?? '', 'unknown'],
  ]
}

/** Starts central here and a controller on every node of the lab; resolves when all nodes are chassis. */
export const startOvn = async (lab: Lab): Promise<Ovn> => {
  const place: Place = { directory: join(lab.directory, 'ovn'), address: lab.controllerAddress }
  const { directory } = place
  await mkdir(directory, { recursive: true })
  await startDatabase(place, 'nb')
  await startDatabase(place, 'sb', southboundPort)
  await detach(
    'ovn-northd',
    [...common(directory, 'ovn-northd'), `--ovnnb-db=${nb(place)}`, `--ovnsb-db=${sb(place)}`],
    { OVN_RUNDIR: directory },
  )
  await run('ovn-nbctl', [`--db=${nb(place)}`, 'init'])
  for (const node of lab.nodes) await startController(node, place)
  const nbctl = (args: readonly string[]): Promise<unknown> =>
    runLong('ovn-nbctl', [`--db=${nb(place)}`, '--timeout=120', ...args])
  for (;;) {
    const { stdout } = await run('ovn-sbctl', [
      `--db=${sb(place)}`,
      '--bare',
      '--columns=name',
      'list',
      'Chassis',
    ])
    if (stdout.trim().split('\n').filter(Boolean).length === lab.nodes.length) break
    await sleep(systemClock, 100)
  }
  return {
    make: async (indexes) =>
      void (await nbctl(['--wait=hv', ...indexes.flatMap((index) => wire(lab, index))])),
    remove: async (indexes) =>
      void (await nbctl(['--wait=hv', ...indexes.flatMap((index) => ['--', 'ls-del', `wire${index}`])])),
    stop: async () => {
      for (const { directory: place } of lab.nodes) {
        const pid = (await readFile(`${place}/ovn-controller.pid`, 'utf8')).trim()
        await run('ovs-appctl', ['-t', `${place}/ovn-controller.${pid}.ctl`, 'exit'])
      }
      for (const name of ['ovn-northd', 'ovn-nb', 'ovn-sb']) await stopDaemon(directory, name)
    },
  }
}

const stopDaemon = async (directory: string, name: string): Promise<void> => {
  await run('ovs-appctl', ['-t', `${directory}/${name}.ctl`, 'exit'])
}

/** 500 wires on one command line are longer than execFile's patience with output, not than the kernel's with arguments. */
const runLong = (program: string, args: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { stdio: ['ignore', 'ignore', 'pipe'] })
    let words = ''
    child.stderr.on('data', (chunk: Buffer) => {
      words += chunk.toString()
    })
    child.on('error', reject)
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${program}: exit code ${code}: ${words.trim()}`)),
    )
  })
