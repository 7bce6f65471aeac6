/**
 * Wires on two real nodes whose ports are there already: one at a time, 500 at once, and the same by the shell and by OVN in
 * the same run. The time of Heddle's is from the REST call to its answer, which comes when both switches have confirmed.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client } from '#api/client.js'
import type { Lab } from '#lab/lab.js'
import { sleep, systemClock } from '#link/clock.js'
import type { BenchOptions } from './main.js'
import { startOvn } from './peers/ovn.js'
import { clearShell, makeByShell, prepareShell } from './peers/shell.js'
import { atLeast, atMost, type BenchResult, result } from './report.js'
import { call } from './rest.js'
import { median, summary, timed } from './statistics.js'
import { createWireLab, portName } from './wire-fabric.js'

const singles = 100
const many = 500
/** Unmeasured ones before them, for every contender: a controller that runs is warm. */
const warmUps = 30
const restPort = 18_080

const heddle = fileURLToPath(new URL('../src/cli/heddle.js', import.meta.url))

interface Running {
  readonly client: Client
  stop(): Promise<void>
}

/** The controller in a process of its own, as it runs for real. */
const startHeddle = async (lab: Lab): Promise<Running> => {
  const directory = await mkdtemp(join(tmpdir(), 'heddle-bench-'))
  const at = lab.controllerAddress
  const child: ChildProcess = spawn(
    process.execPath,
    [
      heddle,
      'controller',
      '--data-directory',
      directory,
      '--listen-rest',
      `127.0.0.1:${restPort}`,
      '--listen-ovsdb',
      `ptcp:6640:${at}`,
      '--listen-openflow',
      `ptcp:6653:${at}`,
      '--vni-quarantine-seconds',
      '0',
      '--log-level',
      'warn',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const client = new Client({ baseUrl: `http://127.0.0.1:${restPort}` })
  await lab.setManager(`tcp:${at}:6640`)
  for (;;) {
    const { nodes } = await client.nodes().catch(() => ({ nodes: [] }))
    if (nodes.filter(({ state }) => state === 'ready').length === lab.nodes.length) break
    if (child.exitCode !== null) throw new Error('the controller ended')
    await sleep(systemClock, 50)
  }
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await once(child, 'exit')
    await rm(directory, { recursive: true })
  }
  return { client, stop }
}

const linkOf = (lab: Lab, index: number) => {
  const [a, b] = lab.nodes
  if (a === undefined || b === undefined) throw new RangeError('two nodes are needed')
  return {
    name: `wire${index}`,
    a: { node: a.name, interface: portName(index) },
    b: { node: b.name, interface: portName(index) },
  }
}

interface Measured {
  /** Milliseconds of one wire. */
  readonly singles: readonly number[]
  readonly manyMs: number
}

const base = `http://127.0.0.1:${restPort}`

interface Answer {
  readonly status: { readonly state: string }
}

const measureHeddle = async (lab: Lab): Promise<Measured> => {
  const { stop } = await startHeddle(lab)
  try {
    const make = async (index: number): Promise<void> => {
      const { status } = await call<Answer>('POST', `${base}/v1/links`, linkOf(lab, index))
      if (status.state !== 'up') throw new Error(`link ${index} is ${JSON.stringify(status)}`)
    }
    const times: number[] = []
    for (let turn = -warmUps; turn < singles; turn++) {
      const index = Math.abs(turn)
      const elapsed = await timed(() => make(index))
      if (turn >= 0) times.push(elapsed)
      await call('DELETE', `${base}/v1/links/wire${index}`)
    }
    const links = Array.from({ length: many }, (_, index) => linkOf(lab, index))
    const rounds: number[] = []
    for (let round = 0; round < 3; round++) {
      const apply = async (): Promise<void> => {
        const { counts } = await call<{ readonly counts: { readonly up: number } }>(
          'PUT',
          `${base}/v1/topologies/bench?wait=60`,
          { links },
        )
        if (counts.up !== many) throw new Error(`${counts.up} of ${many} links are up`)
      }
      rounds.push(await timed(apply))
      await call('DELETE', `${base}/v1/topologies/bench?wait=60`)
    }
    return { singles: times, manyMs: median(rounds) }
  } finally {
    await stop()
  }
}

const measureShell = async (lab: Lab): Promise<Measured> => {
  await prepareShell(lab)
  const times: number[] = []
  for (let turn = -warmUps; turn < singles; turn++) {
    const elapsed = await timed(() => makeByShell(lab, Math.abs(turn)))
    if (turn >= 0) times.push(elapsed)
  }
  await clearShell(lab)
  const manyMs = await timed(async () => {
    for (let index = 0; index < many; index++) await makeByShell(lab, index)
  })
  await clearShell(lab)
  return { singles: times, manyMs }
}

const measureOvn = async (lab: Lab): Promise<Measured> => {
  const ovn = await startOvn(lab)
  try {
    const times: number[] = []
    for (let turn = -warmUps; turn < singles; turn++) {
      const elapsed = await timed(() => ovn.make([Math.abs(turn)]))
      if (turn >= 0) times.push(elapsed)
      await ovn.remove([Math.abs(turn)])
    }
    const all = Array.from({ length: many }, (_, index) => index)
    const manyMs = await timed(() => ovn.make(all))
    return { singles: times, manyMs }
  } finally {
    await ovn.stop()
  }
}

/** Runs one contender on a lab of its own, so that none finds what another has left. */
const onLab = async (name: string, measure: (lab: Lab) => Promise<Measured>): Promise<Measured> => {
  const lab = await createWireLab(name, 'br-int', many)
  try {
    return await measure(lab)
  } finally {
    await lab.destroy()
  }
}

const installPeers = async (): Promise<void> => {
  await promisify(execFile)(
    'bash',
    [fileURLToPath(new URL('../../deploy/setup.sh', import.meta.url)), '--peers'],
    {
      maxBuffer: 64 << 20,
    },
  )
}

const figuresOf = (who: string, measured: Measured): Record<string, number> => ({
  ...summary(`${who} one wire`, measured.singles),
  [`${who} ${many} wires ms`]: measured.manyMs,
  [`${who} ${many} wires per second`]: (many / measured.manyMs) * 1000,
})

export const run = async ({ peers, say }: BenchOptions): Promise<BenchResult> => {
  if (peers) await installPeers()
  say(`Heddle: ${singles} wires one by one, ${many} at once`)
  const ours = await onLab('benchh', measureHeddle)
  if (!peers) return result('wires', [], figuresOf('heddle', ours))
  say('OVN: the same')
  const ovn = await onLab('bencho', measureOvn)
  say('ovs-vsctl and ovs-ofctl from a shell: the same')
  const shell = await onLab('benchs', measureShell)
  return result(
    'wires',
    [
      atMost(
        "one wire, Heddle's time as a share of OVN's",
        median(ours.singles) / median(ovn.singles),
        1 / 8,
      ),
      atLeast(`${many} wires, Heddle's rate as a multiple of OVN's`, ovn.manyMs / ours.manyMs, 40),
    ],
    {
      ...figuresOf('heddle', ours),
      ...figuresOf('ovn', ovn),
      ...figuresOf('shell', shell),
      "one wire, Heddle's time as a share of the shell's": median(ours.singles) / median(shell.singles),
    },
  )
}
