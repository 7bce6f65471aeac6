/**
 * Wires on two real nodes whose ports are there already: one at a time, 500 at once, and the same by the shell and by OVN in
 * the same run. The time of Heddle's is from the REST call to its answer, which comes when both switches have confirmed.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Lab } from '#lab/lab.js'
import { startHeddle } from './heddle-process.js'
import type { BenchOptions } from './main.js'
import { type Ovn, startOvn } from './peers/ovn.js'
import { clearShell, makeByShell, prepareShell } from './peers/shell.js'
import { atLeast, atMost, type BenchResult, result } from './report.js'
import { call } from './rest.js'
import { median, summary, timed } from './statistics.js'
import { createWireLab, portName } from './wire-fabric.js'

const singles = 100
const many = 500
/** Unmeasured ones before them, for every contender: a controller that runs is warm. */
const warmUps = 100
const warmUpRounds = 15
const restPort = 18_080

const linkOf = (lab: Lab, index: number) => {
  const [a, b] = lab.nodes
  if (a === undefined || b === undefined) throw new RangeError('two nodes are needed')
  return {
    name: `wire${index}`,
    a: { node: a.name, interface: portName(index) },
    b: { node: b.name, interface: portName(index) },
  }
}

interface Answer {
  readonly status: { readonly state: string }
}

const base = `http://127.0.0.1:${restPort}`

/** One who makes wires on a lab: both measures, each on a lab with no more ports than it needs. */
interface Contender {
  readonly name: string
  /** Starts what is needed; what it returns ends it. */
  readonly start: (lab: Lab) => Promise<() => Promise<void>>
  readonly make: (lab: Lab, index: number) => Promise<unknown>
  readonly remove: (lab: Lab, index: number) => Promise<unknown>
  /** Makes the wires 0 to `many` as one, or as near to it as it can. */
  readonly makeMany: (lab: Lab) => Promise<unknown>
  readonly removeMany: (lab: Lab) => Promise<unknown>
}

const createLink = async (lab: Lab, index: number): Promise<void> => {
  const { status } = await call<Answer>('POST', `${base}/v1/links`, linkOf(lab, index))
  if (status.state !== 'up') throw new Error(`link ${index} is ${JSON.stringify(status)}`)
}

const applyMany = async (lab: Lab): Promise<void> => {
  const links = Array.from({ length: many }, (_, index) => linkOf(lab, index))
  const url = `${base}/v1/topologies/bench?wait=60`
  const { counts } = await call<{ readonly counts: { readonly up: number } }>('PUT', url, { links })
  if (counts.up !== many) throw new Error(`${counts.up} of ${many} links are up`)
}

const ours: Contender = {
  name: 'heddle',
  start: (lab) => startHeddle(lab, `127.0.0.1:${restPort}`),
  make: createLink,
  remove: (_, index) => call('DELETE', `${base}/v1/links/wire${index}`),
  makeMany: applyMany,
  removeMany: () => call('DELETE', `${base}/v1/topologies/bench?wait=60`),
}

const indexes = Array.from({ length: many }, (_, index) => index)

const makeOvn = (): Contender => {
  let ovn: Ovn | undefined
  const running = (): Ovn => {
    if (ovn === undefined) throw new Error('OVN does not run')
    return ovn
  }
  return {
    name: 'ovn',
    start: async (lab) => {
      const started = await startOvn(lab)
      ovn = started
      return () => started.stop()
    },
    make: (_, index) => running().make([index]),
    remove: (_, index) => running().remove([index]),
    makeMany: () => running().make(indexes),
    removeMany: () => running().remove(indexes),
  }
}

const shell: Contender = {
  name: 'shell',
  start: async (lab) => {
    await prepareShell(lab)
    return async () => {}
  },
  make: makeByShell,
  remove: clearShell,
  makeMany: async (lab) => {
    for (const index of indexes) await makeByShell(lab, index)
  },
  removeMany: clearShell,
}

interface Measured {
  /** Milliseconds of one wire. */
  readonly singles: readonly number[]
  readonly manyMs: number
}

/** Runs `work` on a lab of its own with `ports` ports on each node. */
const onLab = async <T>(contender: Contender, ports: number, work: (lab: Lab) => Promise<T>): Promise<T> => {
  const lab = await createWireLab(`bench${contender.name[0]}`, 'br-int', ports)
  try {
    const stop = await contender.start(lab)
    try {
      return await work(lab)
    } finally {
      await stop()
    }
  } finally {
    await lab.destroy()
  }
}

const measureSingles = (contender: Contender): Promise<number[]> =>
  onLab(contender, 1, async (lab) => {
    const times: number[] = []
    for (let turn = -warmUps; turn < singles; turn++) {
      const elapsed = await timed(() => contender.make(lab, 0))
      if (turn >= 0) times.push(elapsed)
      await contender.remove(lab, 0)
    }
    return times
  })

const measureMany = (contender: Contender, rounds: number): Promise<number> =>
  onLab(contender, many, async (lab) => {
    const times: number[] = []
    for (let round = -warmUpRounds; round < rounds; round++) {
      // The shell has nothing to warm up, and takes half a minute for each round.
      if (round < 0 && contender === shell) continue
      const elapsed = await timed(() => contender.makeMany(lab))
      if (round >= 0) times.push(elapsed)
      await contender.removeMany(lab)
    }
    return median(times)
  })

/** The shell takes half a minute for one round, and its rounds do not differ. */
const measure = async (contender: Contender, say: BenchOptions['say']): Promise<Measured> => {
  say(`${contender.name}: ${singles} wires one by one, then ${many} at once`)
  return {
    singles: await measureSingles(contender),
    manyMs: await measureMany(contender, contender === shell ? 1 : 3),
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
  const heddle = await measure(ours, say)
  if (!peers) return result('wires', [], figuresOf('heddle', heddle))
  const ovn = await measure(makeOvn(), say)
  const byShell = await measure(shell, say)
  return result(
    'wires',
    [
      atMost(
        "one wire, Heddle's time as a share of OVN's",
        median(heddle.singles) / median(ovn.singles),
        1 / 8,
      ),
      atLeast(`${many} wires, Heddle's rate as a multiple of OVN's`, ovn.manyMs / heddle.manyMs, 40),
    ],
    {
      ...figuresOf('heddle', heddle),
      ...figuresOf('ovn', ovn),
      ...figuresOf('shell', byShell),
      "one wire, Heddle's time as a share of the shell's": median(heddle.singles) / median(byShell.singles),
    },
  )
}
