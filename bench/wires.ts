/**
 * Wires on two real nodes whose ports are there already: one at a time, 500 at once, and the same by the shell and by OVN in
 * the same run. The time of Heddle's is from the REST call to its answer, which comes when both switches have confirmed.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Lab } from '#lab/lab.js'
import { sleep, systemClock } from '#link/clock.js'
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
/** Of the single wires each contender makes a quarter at a time. */
const turns = 4
/** Of all wires at once: so many rounds. */
const rounds = 5
const pauseMs = 500

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
  /** Not measured, before what is: single wires, and rounds of all at once. What is compiled as it runs needs more than the others. */
  readonly warmUps: { readonly singles: number; readonly rounds: number }
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
  warmUps: { singles: 2_000, rounds: 15 },
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
    warmUps: { singles, rounds },
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
  warmUps: { singles: 10, rounds: 0 },
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

/** A contender that runs on a lab of its own. */
interface Running {
  readonly contender: Contender
  readonly lab: Lab
}

/** Runs `work` with all contenders running, each on a lab of its own with `ports` ports on each node. */
const onLabs = async <T>(
  contenders: readonly Contender[],
  ports: number,
  work: (running: readonly Running[]) => Promise<T>,
  running: readonly Running[] = [],
): Promise<T> => {
  const [contender, ...others] = contenders
  if (contender === undefined) return work(running)
  const lab = await createWireLab(`bench${contender.name[0]}`, 'br-int', ports)
  try {
    const stop = await contender.start(lab)
    try {
      return await onLabs(others, ports, work, [...running, { contender, lab }])
    } finally {
      await stop()
    }
  } finally {
    await lab.destroy()
  }
}

interface Times {
  /** Milliseconds of each one that is measured. */
  readonly warm: readonly number[]
  /** Of the first ones after the start, which are not. */
  readonly first: readonly number[]
}

interface Work {
  readonly warmUps: (contender: Contender) => number
  /** How many are measured, in how many turns. */
  readonly measured: (contender: Contender) => number
  readonly turns: number
  readonly make: (one: Running) => Promise<unknown>
  readonly remove: (one: Running) => Promise<unknown>
}

/** Makes and removes so many; milliseconds of each making. */
const times = async (one: Running, count: number, { make, remove }: Work): Promise<number[]> => {
  const taken: number[] = []
  for (let index = 0; index < count; index++) {
    taken.push(await timed(() => make(one)))
    await remove(one)
  }
  return taken
}

/** The contenders warm up and then take turns, so that whatever else the machine does meets all of them. */
const takeTurns = async (running: readonly Running[], work: Work): Promise<ReadonlyMap<Contender, Times>> => {
  const found = new Map<Contender, { warm: number[]; first: number[] }>()
  for (const one of running)
    found.set(one.contender, { warm: [], first: await times(one, work.warmUps(one.contender), work) })
  for (let turn = 0; turn < work.turns; turn++) {
    for (const one of running) {
      // What the one before has left to do is its own.
      await sleep(systemClock, pauseMs)
      const count = work.measured(one.contender) / work.turns
      found.get(one.contender)?.warm.push(...(await times(one, count, work)))
    }
  }
  return found
}

const measureSingles = (contenders: readonly Contender[]) =>
  onLabs(contenders, 1, (running) =>
    takeTurns(running, {
      warmUps: (contender) => contender.warmUps.singles,
      measured: () => singles,
      turns,
      make: ({ contender, lab }) => contender.make(lab, 0),
      remove: ({ contender, lab }) => contender.remove(lab, 0),
    }),
  )

/** The shell takes a minute for one round, and its rounds do not differ. */
const measureMany = (contenders: readonly Contender[]) =>
  onLabs(contenders, many, (running) =>
    takeTurns(running, {
      warmUps: (contender) => contender.warmUps.rounds,
      measured: (contender) => (contender === shell ? 1 : rounds),
      turns: 1,
      make: ({ contender, lab }) => contender.makeMany(lab),
      remove: ({ contender, lab }) => contender.removeMany(lab),
    }),
  )

const installPeers = async (): Promise<void> => {
  await promisify(execFile)(
    'bash',
    [fileURLToPath(new URL('../../deploy/setup.sh', import.meta.url)), '--peers'],
    {
      maxBuffer: 64 << 20,
    },
  )
}

const none: Times = { warm: [], first: [] }

const figuresOf = ({ name }: Contender, one: Times, all: Times): Record<string, number> => ({
  ...summary(`${name} one wire`, [...one.warm]),
  [`${name} one wire, of the first ${singles}, median ms`]: median(one.first.slice(0, singles)),
  [`${name} ${many} wires ms`]: median([...all.warm]),
  [`${name} ${many} wires per second`]: (many / median([...all.warm])) * 1000,
  ...(all.first[0] !== undefined && { [`${name} ${many} wires, the first time, ms`]: all.first[0] }),
})

export const run = async ({ peers, say }: BenchOptions): Promise<BenchResult> => {
  if (peers) await installPeers()
  const ovn = makeOvn()
  const contenders = peers ? [ours, ovn, shell] : [ours]
  const names = contenders.map(({ name }) => name).join(', ')
  say(`${names}: ${singles} wires one by one`)
  const ones = await measureSingles(contenders)
  say(`${names}: ${many} wires at once`)
  const sets = await measureMany(contenders)
  const oneOf = (contender: Contender): number => median([...(ones.get(contender) ?? none).warm])
  const allOf = (contender: Contender): number => median([...(sets.get(contender) ?? none).warm])
  const figures: Record<string, number> = {}
  for (const one of contenders)
    Object.assign(figures, figuresOf(one, ones.get(one) ?? none, sets.get(one) ?? none))
  if (!peers) return result('wires', [], figures)
  return result(
    'wires',
    [
      atMost("one wire, Heddle's time as a share of OVN's", oneOf(ours) / oneOf(ovn), 1 / 8),
      atLeast(`${many} wires, Heddle's rate as a multiple of OVN's`, allOf(ovn) / allOf(ours), 40),
    ],
    { ...figures, "one wire, Heddle's time as a share of the shell's": oneOf(ours) / oneOf(shell) },
  )
}
