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
import { median, summary, timed } from './statistics.js'
import { createWireLab, portName } from './wire-fabric.js'

const singles = 100
const many = 500
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

const measureHeddle = async (lab: Lab): Promise<Measured> => {
  const { client, stop } = await startHeddle(lab)
  try {
    const times: number[] = []
    for (let turn = 0; turn < singles; turn++) {
      const link = linkOf(lab, turn)
      times.push(
        await timed(async () => {
          const { status } = await client.createLink(link)
          if (status.state !== 'up') throw new Error(`link ${link.name} is ${JSON.stringify(status)}`)
        }),
      )
      await client.deleteLink(link.name)
    }
    const links = Array.from({ length: many }, (_, index) => linkOf(lab, index))
    const rounds: number[] = []
    for (let round = 0; round < 3; round++) {
      rounds.push(
        await timed(async () => {
          const { counts } = await client.applyTopology('bench', { links }, { wait: 60 })
          if (counts?.up !== many) throw new Error(`${counts?.up} of ${many} links are up`)
        }),
      )
      await client.deleteTopology('bench')
    }
    return { singles: times, manyMs: median(rounds) }
  } finally {
    await stop()
  }
}

const measureShell = async (lab: Lab): Promise<Measured> => {
  await prepareShell(lab)
  const times: number[] = []
  for (let turn = 0; turn < singles; turn++) times.push(await timed(() => makeByShell(lab, turn)))
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
    for (let turn = 0; turn < singles; turn++) {
      times.push(await timed(() => ovn.make([turn])))
      await ovn.remove([turn])
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
