/**
 * The Map-Server over loopback UDP, in processes of its own, the load in another, beside a bare echo in Node.js in the same run: what
 * no process that answers datagrams on one thread gets over. Contenders take turns in short rounds, and a round's ratio is to the
 * echo's rate in that round, so that what else the machine does falls on all of them.
 */
import {
  type LoadCommand,
  type LoadResult,
  Program,
  type ServerCommand,
  type ServerStart,
  type ServerUsage,
} from './lisp/commands.js'
import type { BenchOptions } from './main.js'
import { atLeast, atMost, type BenchResult, result } from './report.js'
import { median, percentile, summary } from './statistics.js'

const sizes = [1_000, 100_000, 1_000_000] as const
const rounds = 21
const roundMs = 300
const registerMs = 2_000
const subscribers = 1_000
/** EIDs over which subscribers are spread where they do not all wait for the same one. */
const spreadEids = 100
const moves = 60
const warmUpMoves = 20
const echoShareMin = 0.6
const slowdownMax = 0.1
const notifyMsMax = 10
const memoryMbMax = 500

type Load = Program<LoadCommand, LoadResult>

interface Contender {
  readonly name: string
  readonly eids: number
  readonly program: Program<ServerCommand, ServerUsage>
  readonly port: number
  /** Requests answered a second, and processor time of each in microseconds, by round. */
  readonly perSecond: number[]
  readonly cpuUs: number[]
}

const start = async (kind: ServerStart['kind'], eids: number, notifyPort: number): Promise<Contender> => {
  const program = new Program<ServerCommand, ServerUsage>('server')
  const { port } = await program.tell({ do: 'start', kind, eids, notifyPort })
  const name = kind === 'echo' ? 'echo' : `${eids.toLocaleString('en-US')} EIDs`
  return { name, eids, program, port, perSecond: [], cpuUs: [] }
}

const rateOf = ({ perSecond = 0 }: LoadResult): number => perSecond

/** One round of requests to a contender; not counted when it is to warm up. */
const ask = async (load: Load, contender: Contender, counted: boolean): Promise<void> => {
  const { program, port, eids, perSecond, cpuUs } = contender
  const before = await program.tell({ do: 'usage' })
  const rate = rateOf(await load.tell({ do: 'requests', ports: [port], eids, ms: roundMs }))
  const after = await program.tell({ do: 'usage' })
  if (!counted) return
  perSecond.push(rate)
  cpuUs.push((after.cpuUs - before.cpuUs) / (after.taken - before.taken))
}

/** In turns: each round in the other direction than the last, so that no one always comes first. */
const askInTurns = async (load: Load, contenders: readonly Contender[]): Promise<void> => {
  for (const contender of contenders) await ask(load, contender, false)
  for (let round = 0; round < rounds; round++) {
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed())
      await ask(load, contender, true)
  }
}

const ratios = (some: readonly number[], others: readonly number[]): number =>
  median(some.map((one, round) => one / (others[round] ?? Number.NaN)))

const requestFigures = (echo: Contender, servers: readonly Contender[]): Record<string, number> =>
  Object.assign(
    { 'echo per second': median(echo.perSecond), 'echo processor time us': median(echo.cpuUs) },
    ...servers.map(({ name, perSecond, cpuUs }) => ({
      [`requests of ${name} per second`]: median(perSecond),
      [`requests of ${name} processor time us`]: median(cpuUs),
      [`processor time of the echo as a share of requests of ${name}`]: ratios(echo.cpuUs, cpuUs),
    })),
  )

/** What two servers answer together: as much as a second thread could bring at most, as far as the machine has cores for it. */
const askTwo = async (load: Load, [one, other]: readonly Contender[]): Promise<Record<string, number>> => {
  const ports = [one?.port ?? 0, other?.port ?? 0]
  const perSecond: number[] = []
  for (let round = 0; round < 3; round++)
    perSecond.push(rateOf(await load.tell({ do: 'requests', ports, eids: sizes[0], ms: roundMs })))
  return { 'requests of two servers at once per second': median(perSecond) }
}

const registerFigures = async (load: Load, { port, program }: Contender): Promise<Record<string, number>> => {
  const figures: Record<string, number> = {}
  for (const records of [16, 1]) {
    const command = { do: 'registers', port, records, ms: registerMs } as const
    await load.tell(command)
    const before = await program.tell({ do: 'usage' })
    const rate = rateOf(await load.tell(command))
    const after = await program.tell({ do: 'usage' })
    const name = `registers of ${records} ${records === 1 ? 'record' : 'records'}`
    figures[`${name} per second`] = rate
    figures[`${name} processor time us`] = (after.cpuUs - before.cpuUs) / (after.taken - before.taken)
  }
  return figures
}

/** Milliseconds from a move to each notify, by move. */
const timesOfMoves = async (load: Load, notifyPort: number, eids: number): Promise<readonly number[][]> => {
  const server = await start('lisp', 1_000, notifyPort)
  try {
    const { port } = server
    await load.tell({ do: 'subscribe', port, subscribers, eids })
    await load.tell({ do: 'move', port, moves: warmUpMoves })
    const { ms = [] } = await load.tell({ do: 'move', port, moves })
    return ms.map((times) => [...times])
  } finally {
    server.program.stop()
  }
}

const notifyFigures = (name: string, times: readonly (readonly number[])[]): Record<string, number> => ({
  ...summary(name, times.flat()),
  [`${name} p99 of a move median ms`]: median(times.map((one) => percentile(one, 0.99))),
})

export const run = async ({ say }: BenchOptions): Promise<BenchResult> => {
  const load: Load = new Program('load')
  const contenders: Contender[] = []
  try {
    const { port: notifyPort = 0 } = await load.tell({ do: 'start' })
    const begin = async (kind: ServerStart['kind'], eids: number): Promise<Contender> => {
      const contender = await start(kind, eids, notifyPort)
      contenders.push(contender)
      return contender
    }
    const echo = await begin('echo', 1)
    const servers: Contender[] = []
    for (const eids of sizes) {
      say(`${eids} EIDs …`)
      servers.push(await begin('lisp', eids))
    }
    return await measure(load, notifyPort, echo, servers, say)
  } finally {
    for (const { program } of contenders) program.stop()
    load.stop()
  }
}

const measure = async (
  load: Load,
  notifyPort: number,
  echo: Contender,
  servers: readonly Contender[],
  say: (line: string) => void,
): Promise<BenchResult> => {
  const [small, , large] = servers
  if (small === undefined || large === undefined) throw new Error('too few servers')
  say('requests …')
  await askInTurns(load, [echo, ...servers])
  const { rssBytes } = await large.program.tell({ do: 'usage' })
  const two = await askTwo(load, servers)
  say('registrations …')
  const registers = await registerFigures(load, small)
  say('moves …')
  const ceiling = await load.tell({ do: 'fan-out', port: echo.port, datagrams: subscribers, times: moves })
  const one = await timesOfMoves(load, notifyPort, 1)
  const spread = await timesOfMoves(load, notifyPort, spreadEids)
  const memoryMb = rssBytes / 1e6
  const slowdown = 1 - ratios(large.perSecond, small.perSecond)
  const p99 = percentile(one.flat(), 0.99)
  return result(
    'lisp',
    [
      ...servers.map(({ name, perSecond }) =>
        atLeast(
          `requests of ${name}, as a share of the echo's`,
          ratios(perSecond, echo.perSecond),
          echoShareMin,
        ),
      ),
      atMost('requests of 1,000,000 EIDs, fewer than of 1,000 by a share of', slowdown, slowdownMax),
      atMost(`from a move to the notifies of ${subscribers} subscribers, p99 ms`, p99, notifyMsMax),
      atMost('resident memory with 1,000,000 EIDs in MB', memoryMb, memoryMbMax),
    ],
    {
      ...requestFigures(echo, servers),
      ...two,
      ...registers,
      ...notifyFigures('1,000 datagrams of an echo', ceiling.ms ?? []),
      ...notifyFigures('1,000 subscribers of one EID', one),
      ...notifyFigures(`1,000 subscribers of ${spreadEids} EIDs`, spread),
    },
  )
}
