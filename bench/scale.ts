/**
 * The controller in a process of its own and 200 switches simulated by another, over sockets with real bytes: what 50,000 wires
 * take to apply, what one more costs then, what they take in memory, and how long a restarted controller needs to adopt them.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchOptions } from './main.js'
import { atMost, type BenchResult, result } from './report.js'
import { call } from './rest.js'
import {
  base,
  metric,
  ovsdbPort,
  readyIs,
  residentMb,
  Switches,
  startController,
  stopController,
  until,
} from './simulated-fabric.js'
import { median, summary, timed } from './statistics.js'

const nodes = 200
const wires = 50_000
const few = 100
const perTopology = 1_000
const samples = 50
const perPair = (wires * 2) / nodes
/** The port that the one wire more ends at. */
const spare = `e${perPair}`

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

const upIs = (count: number) => async (): Promise<boolean> =>
  (await metric('heddle_links{state="up"}')) === count

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
    await stopController(controller)
    await rm(directory, { recursive: true, force: true })
  }
}
