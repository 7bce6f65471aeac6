/**
 * The controller in a process of its own and 200 switches simulated by another, over sockets with real bytes: what 50,000 wires
 * take to apply, what one more costs then, what they take in memory, and how long a restarted controller needs to adopt them.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sleep, systemClock } from '#link/clock.js'
import type { BenchOptions } from './main.js'
import { atMost, type BenchResult, result } from './report.js'
import { call } from './rest.js'
import type { SwitchCommand, SwitchesStatus } from './simulated-switches.js'
import { median, summary, timed } from './statistics.js'

const nodes = 200
const wires = 50_000
const few = 100
const perTopology = 1_000
const samples = 50
const restPort = 18_081
const ovsdbPort = 16_640
const openflowPort = 16_653
const perPair = (wires * 2) / nodes
/** The port that the one wire more ends at. */
const spare = `e${perPair}`

const base = `http://127.0.0.1:${restPort}`
const programs = {
  heddle: fileURLToPath(new URL('../src/cli/heddle.js', import.meta.url)),
  switches: fileURLToPath(new URL('./simulated-switches.js', import.meta.url)),
}

const startController = (directory: string): ChildProcess =>
  spawn(
    process.execPath,
    [
      ...[
        programs.heddle,
        'controller',
        '--data-directory',
        directory,
        '--listen-rest',
        `127.0.0.1:${restPort}`,
      ],
      ...[
        '--listen-ovsdb',
        `ptcp:${ovsdbPort}:127.0.0.1`,
        '--listen-openflow',
        `ptcp:${openflowPort}:127.0.0.1`,
      ],
      ...['--lisp-listen', 'none', '--vni-quarantine-seconds', '0', '--log-level', 'error'],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )

/** The simulated switches, one command at a time. */
class Switches {
  private readonly child = spawn(process.execPath, [programs.switches], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  private readonly answers = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]()

  async tell(command: SwitchCommand): Promise<unknown> {
    this.child.stdin.write(`${JSON.stringify(command)}\n`)
    const { value } = await this.answers.next()
    const answer = JSON.parse(String(value)) as { error?: string }
    if (answer.error !== undefined) throw new Error(`simulated switches: ${answer.error}`)
    return answer
  }

  status(): Promise<SwitchesStatus> {
    return this.tell({ do: 'status' }) as Promise<SwitchesStatus>
  }

  async stop(): Promise<void> {
    await this.tell({ do: 'stop' })
    await once(this.child, 'exit')
  }
}

/** Wires join neighbours, and those of one topology are on few nodes, as users lay them. */
const linkOf = (index: number) => {
  const pair = Math.floor(index / perPair)
  const name = `e${index % perPair}`
  return linkBetween(`wire${index}`, 2 * pair, name)
}
const linkBetween = (name: string, first: number, port: string) => ({
  name,
  a: { node: `s${first}`, interface: port },
  b: { node: `s${first + 1}`, interface: port },
})
const linksFrom = (first: number, end: number) =>
  Array.from({ length: end - first }, (_, offset) => linkOf(first + offset))

/** One number of the controller's metrics. */
const metric = async (line: string): Promise<number> => {
  const answer = await fetch(`${base}/metrics`)
  const found = (await answer.text()).split('\n').find((text) => text.startsWith(`${line} `))
  return Number(found?.slice(line.length + 1) ?? Number.NaN)
}

/** Polls until `done`; a controller that is not there yet is not done. */
const until = async (what: string, done: () => Promise<boolean>, secondsMax = 120): Promise<void> => {
  const deadline = performance.now() + secondsMax * 1000
  while (!(await done().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen in ${secondsMax} s`)
    // Asking costs the controller a millisecond or two: not so often that the measure changes what is measured.
    await sleep(systemClock, 100)
  }
}

const upIs = (count: number) => async (): Promise<boolean> =>
  (await metric('heddle_links{state="up"}')) === count
const readyIs = (count: number) => async (): Promise<boolean> =>
  (await metric('heddle_nodes{state="ready"}')) === count

/** As fabrics grow: topology after topology, the next one when the last is stored. */
const apply = async (first: number, end: number): Promise<void> => {
  for (let from = first; from < end; from += perTopology) {
    const to = Math.min(from + perTopology, end)
    await call('PUT', `${base}/v1/topologies/from${from}?wait=0`, { links: linksFrom(from, to) })
  }
  await until(`applying ${end - first} links`, upIs(end))
}

/** One wire more, made and taken away again, many times. */
const oneMore = async (): Promise<number[]> => {
  const times: number[] = []
  const link = linkBetween('more', 0, spare)
  for (let turn = -samples; turn < samples; turn++) {
    const elapsed = await timed(() => call('POST', `${base}/v1/links`, link))
    if (turn >= 0) times.push(elapsed)
    await call('DELETE', `${base}/v1/links/${link.name}`)
  }
  return times
}

/** Resident memory of a process in megabytes, proc(5). */
const residentMb = async (pid: number | undefined): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
}

const restart = async (
  directory: string,
  controller: ChildProcess,
): Promise<{ child: ChildProcess; ms: number }> => {
  controller.kill('SIGKILL')
  await once(controller, 'exit')
  let child = controller
  const ms = await timed(async () => {
    child = startController(directory)
    await until('adopting all links', upIs(wires))
  })
  return { child, ms }
}

const measure = async (
  directory: string,
  switches: Switches,
  say: BenchOptions['say'],
  running: (child: ChildProcess) => void,
): Promise<BenchResult> => {
  let controller = startController(directory)
  running(controller)
  await switches.tell({ do: 'start', controller: `tcp:127.0.0.1:${ovsdbPort}`, nodes, ports: perPair + 1 })
  const joinMs = await timed(() => until('joining', readyIs(nodes)))
  say(`${nodes} switches have joined; ${few} wires, then one more`)
  await apply(0, few)
  const withFew = await oneMore()
  say(`${wires} wires`)
  const applyMs = await timed(() => apply(few, wires))
  const withMany = await oneMore()
  const memoryMb = await residentMb(controller.pid)
  say('kill -9 and a new start')
  const before = await switches.status()
  const adopted = await restart(directory, controller)
  controller = adopted.child
  running(controller)
  const after = await switches.status()
  const adoptedMb = await residentMb(controller.pid)
  return result(
    'scale',
    [
      atMost(
        'one wire more with 50,000 there, as a multiple of one with 100',
        median(withMany) / median(withFew),
        1.5,
      ),
      atMost('resident memory of the controller in MB', Math.max(memoryMb, adoptedMb), 400),
      atMost('restart until all wires are adopted, in seconds', adopted.ms / 1000, 10),
      atMost('flow-mods sent by the restarted controller', after.flowMods - before.flowMods, 0),
    ],
    {
      'switches joined ms': joinMs,
      [`${wires} wires applied ms`]: applyMs,
      'wires applied per second': ((wires - few) / applyMs) * 1000,
      ...summary('one more with 100', withFew),
      ...summary('one more with 50,000', withMany),
      'resident memory after applying MB': memoryMb,
      'resident memory after adopting MB': adoptedMb,
      'flows on the switches': after.flows,
      'resident memory of the simulated switches MB': after.rss / 1024 / 1024,
    },
  )
}

export const run = async ({ say }: BenchOptions): Promise<BenchResult> => {
  const directory = await mkdtemp(join(tmpdir(), 'heddle-scale-'))
  const switches = new Switches()
  let controller: ChildProcess | undefined
  try {
    return await measure(directory, switches, say, (child) => {
      controller = child
    })
  } finally {
    await switches.stop()
    if (controller?.exitCode === null && controller.signalCode === null) {
      controller.kill('SIGTERM')
      await once(controller, 'exit')
    }
    await rm(directory, { recursive: true, force: true })
  }
}
