/**
 * One network over simulated switches, with the controller in a process of its own: every container talks to ten others, its packets pass
 * the flow tables of its switch, and what finds no entry waits there until the controller has resolved it. What a node holds then, beside what it
 * holds of a network that has all entries at once; and what one endpoint more costs with few there and with many.
 */
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Endpoint } from '#api/client.js'
import type { BenchOptions } from './main.js'
import { atMost, type BenchResult, result } from './report.js'
import { call } from './rest.js'
import {
  base,
  ovsdbPort,
  readyIs,
  residentMb,
  Switches,
  startController,
  stopController,
  until,
} from './simulated-fabric.js'
import type { TalkedPacket } from './simulated-switches.js'
import { median, summary, timed } from './statistics.js'

const nodesDefault = 1_000
const perNode = 100
/** Each is met once on the way there and once on the way back: ten others for every container. */
const distances = [101, 203, 307, 409, 505]
const few = 100
const samples = 50
/** Requests under way, and packets that wait for an answer. */
const atOnce = 64
const packetsAtOnce = 1_000
const networkUrl = `${base}/v1/networks`

interface Placed {
  readonly node: string
  readonly interface: string
  readonly address: number
}

const asNumber = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

/** Neighbours in number are on different nodes. */
const placeOf = (index: number, nodes: number) => ({
  node: `s${index % nodes}`,
  interface: `e${Math.floor(index / nodes)}`,
})

const put = async (network: string, index: number, nodes: number): Promise<Placed> => {
  const at = placeOf(index, nodes)
  const url = `${base}/v1/endpoints/${network}.${index}?wait=60`
  const { addresses, status } = await call<Endpoint>('PUT', url, { network, ...at })
  if (status.state !== 'up') throw new Error(`endpoint ${index} is ${JSON.stringify(status)}`)
  return { ...at, address: asNumber(addresses[0]?.address ?? '') }
}

/** Endpoints `first` to `end`, some at a time. */
const fill = async (network: string, first: number, end: number, nodes: number): Promise<Placed[]> => {
  const placed: Placed[] = []
  let next = first
  const work = async (): Promise<void> => {
    while (next < end) {
      const index = next++
      placed[index - first] = await put(network, index, nodes)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return placed
}

/** One endpoint more, made and taken away again, many times. */
const oneMore = async (network: string): Promise<number[]> => {
  const times: number[] = []
  const url = `${base}/v1/endpoints/more`
  for (let turn = -samples; turn < samples; turn++) {
    const spec = { network, node: 's0', interface: `e${perNode}` }
    const elapsed = await timed(() => call('PUT', url, spec))
    if (turn >= 0) times.push(elapsed)
    await call('DELETE', url)
  }
  return times
}

/** Everybody to those at the distances, there and back. */
function* conversations(placed: readonly Placed[]): Generator<TalkedPacket> {
  for (const [index, one] of placed.entries()) {
    for (const distance of distances) {
      const other = placed[(index + distance) % placed.length]
      if (other === undefined) continue
      for (const [from, to] of [
        [one, other],
        [other, one],
      ] as const)
        yield { node: from.node, interface: from.interface, from: from.address, to: to.address }
    }
  }
}

/** Some packets at a time, each some when all before have gone on. @returns how many there were */
const talk = async (switches: Switches, placed: readonly Placed[]): Promise<number> => {
  const { arrived } = await switches.status()
  let sent = 0
  let packets: TalkedPacket[] = []
  const flush = async (): Promise<void> => {
    await switches.tell({ do: 'talk', packets })
    sent += packets.length
    packets = []
    await until(
      `going on of ${sent} packets`,
      async () => (await switches.status()).arrived - arrived === sent,
      {
        secondsMax: 60,
        everyMs: 5,
      },
    )
  }
  for (const packet of conversations(placed)) {
    packets.push(packet)
    if (packets.length === packetsAtOnce) await flush()
  }
  await flush()
  return sent
}

const flowsByNode = async (switches: Switches): Promise<number[]> => {
  const { flows } = (await switches.tell({ do: 'flows' })) as { readonly flows: Record<string, number> }
  return Object.values(flows)
}

const createNetwork = (name: string, resolution: 'on-demand' | 'proactive', cidr: string): Promise<unknown> =>
  call('PUT', `${networkUrl}/${name}`, { subnets: [{ cidr }], resolution, idleTimeoutSeconds: 65_535 })

const measure = async (
  switches: Switches,
  controller: ChildProcess,
  nodes: number,
  say: BenchOptions['say'],
): Promise<BenchResult> => {
  const endpoints = nodes * perNode
  const command = {
    do: 'start',
    controller: `tcp:127.0.0.1:${ovsdbPort}`,
    nodes,
    ports: perNode + 1,
  } as const
  await switches.tell(command)
  const joinMs = await timed(() => until('joining', readyIs(nodes)))
  await createNetwork('bench', 'on-demand', '10.128.0.0/9')
  say(`${nodes} switches have joined; ${few} endpoints, then one more`)
  const first = await fill('bench', 0, few, nodes)
  const withFew = await oneMore('bench')
  say(`${endpoints} endpoints`)
  let rest: Placed[] = []
  const fillMs = await timed(async () => {
    rest = await fill('bench', few, endpoints, nodes)
  })
  const placed = [...first, ...rest]
  const silent = await flowsByNode(switches)
  const silentMb = await residentMb(controller.pid)
  const withMany = await oneMore('bench')
  say(`each talks to ${2 * distances.length} others`)
  let packets = 0
  const talkMs = await timed(async () => {
    packets = await talk(switches, placed)
  })
  const talking = await flowsByNode(switches)
  const talkingMb = await residentMb(controller.pid)
  const withTalk = await oneMore('bench')
  const { rss } = await switches.status()
  const onDemand = median(talking)
  // Of every endpoint elsewhere one entry, besides what a node has of its own.
  const proactive = median(silent) + endpoints - perNode
  return result(
    'scale-networks',
    [
      atMost(
        `one endpoint more with ${endpoints} there, as a multiple of one with ${few}`,
        median(withTalk) / median(withFew),
        1.5,
      ),
    ],
    {
      nodes,
      endpoints,
      'switches joined ms': joinMs,
      'endpoints made per second': ((endpoints - few) / fillMs) * 1000,
      ...summary(`one more with ${few}`, withFew),
      ...summary(`one more with ${endpoints}`, withMany),
      ...summary(`one more with ${endpoints} that talk`, withTalk),
      'first packets': packets,
      'first packets resolved per second': (packets / talkMs) * 1000,
      'flows of a node, nobody talks': median(silent),
      'flows of a node, each talks to 10': onDemand,
      'flows of a node, all entries at once (computed)': proactive,
      'flows by all entries at once as a multiple of on demand': proactive / onDemand,
      'resident memory, nobody talks MB': silentMb,
      'resident memory, each talks to 10 MB': talkingMb,
      'resident memory of the simulated switches MB': rss / 1024 / 1024,
    },
  )
}

export const run = async ({ say, nodes = nodesDefault }: BenchOptions): Promise<BenchResult> => {
  const directory = await mkdtemp(join(tmpdir(), 'heddle-scale-'))
  const switches = new Switches()
  let controller: ChildProcess | undefined
  try {
    controller = startController(directory)
    return await measure(switches, controller, nodes, say)
  } finally {
    await switches.stop()
    await stopController(controller)
    await rm(directory, { recursive: true, force: true })
  }
}
