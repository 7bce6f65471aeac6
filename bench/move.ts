/**
 * Packets lost when an EID moves between two nodes while a container on a third one sends it 1,000 packets a second. The container
 * is there twice, as a virtual machine is while it migrates: what arrives at either is not lost. Endpoints move by one PUT. Besides, one
 * container whose cable is pulled out of one node and plugged into another, which loses what is sent meanwhile.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { LabHost } from '#lab/host.js'
import { sleep, systemClock } from '#link/clock.js'
import type { BenchOptions } from './main.js'
import { attach, inside, makeContainer, type OverlayFabric, onOverlay } from './overlay-fabric.js'
import { atMost, type BenchResult, result } from './report.js'
import { median, percentile, summary, timed } from './statistics.js'

const restPort = 18_084
const rate = 1_000
const moves = 20
/** Unmeasured ones before them: a controller that runs is warm. */
const warmUps = 4
const replugs = 6
const port = 9_000
const eid = '10.1.0.100'
/** How long traffic flows before a move, and after it until everything has arrived. */
const beforeMs = 300
const afterMs = 700

const program = fileURLToPath(new URL('./packet-stream.js', import.meta.url))

/** An end of the stream, in a container. */
class StreamEnd {
  private readonly child: ChildProcess
  private readonly answers: AsyncIterator<string>

  constructor(host: LabHost, ...words: readonly (string | number)[]) {
    const [enter = '', ...args] = host.enter([process.execPath, program, ...words.map(String)])
    const child = spawn(enter, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.child = child
    this.answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  async ready(): Promise<void> {
    await this.answers.next()
  }

  async ask<T>(): Promise<T> {
    this.child.stdin?.write('\n')
    const { value } = await this.answers.next()
    return JSON.parse(String(value)) as T
  }

  async stop(): Promise<void> {
    this.child.stdin?.end()
    await once(this.child, 'exit')
  }
}

interface Stream {
  readonly sender: StreamEnd
  readonly receivers: readonly StreamEnd[]
}

/** What became of the packets around one move. */
interface Loss {
  readonly lost: number
  /** Packets that came twice, or before one sent earlier. */
  readonly disordered: number
  /** Milliseconds from the request to its answer. */
  readonly ms: number
}

/** Runs `work` in the middle of the stream and counts. */
const around = async ({ sender, receivers }: Stream, work: () => Promise<unknown>): Promise<Loss> => {
  for (const receiver of receivers) await receiver.ask()
  const from = await sender.ask<number>()
  await sleep(systemClock, beforeMs)
  const ms = await timed(work)
  await sleep(systemClock, afterMs)
  const to = await sender.ask<number>()
  await sleep(systemClock, 50)
  const lists = await Promise.all(receivers.map((receiver) => receiver.ask<number[]>()))
  const come = lists.map((list) => list.filter((number) => number >= from && number < to))
  const distinct = new Set(come.flat())
  const all = come.reduce((sum, { length }) => sum + length, 0)
  const late = come.reduce((sum, list) => sum + list.filter((one, at) => one < (list[at - 1] ?? 0)).length, 0)
  return { lost: to - from - distinct.size, disordered: all - distinct.size + late, ms }
}

const startStream = async (sender: LabHost, receivers: readonly LabHost[]): Promise<Stream> => {
  const ends = receivers.map((host) => new StreamEnd(host, 'receive', eid, port))
  for (const end of ends) await end.ready()
  const stream = { sender: new StreamEnd(sender, 'send', eid, port, rate), receivers: ends }
  await stream.sender.ready()
  await sleep(systemClock, beforeMs)
  return stream
}

const stopStream = async ({ sender, receivers }: Stream): Promise<void> => {
  for (const end of [sender, ...receivers]) await end.stop()
}

/** The endpoint moves to where `host` is plugged in. */
const moveTo = async ({ client }: OverlayFabric, host: LabHost): Promise<void> => {
  const at = { network: 'bench', node: host.node, interface: host.device('e0') }
  const { status } = await client.overlay.putEndpoint('moving', { ...at, addresses: [eid] })
  if (status.state !== 'up') throw new Error(`the endpoint is ${JSON.stringify(status)}`)
}

/** A container with the EID's address and MAC; its endpoint is whoever has it at the moment. */
const dress = async (fabric: OverlayFabric, host: LabHost): Promise<void> => {
  await moveTo(fabric, host)
  const { mac, mtu } = await fabric.client.overlay.endpoint('moving')
  const lines = [`link set e0 address ${mac} mtu ${mtu} up`, `address add ${eid}/16 dev e0`]
  await inside(host, ['ip', '-batch', '-'], `${lines.join('\n')}\n`)
}

const measureMoves = async (fabric: OverlayFabric, sender: LabHost): Promise<readonly Loss[]> => {
  const there = [await makeContainer(fabric, 'b2', 'n2'), await makeContainer(fabric, 'b3', 'n3')] as const
  for (const host of there) await dress(fabric, host)
  const stream = await startStream(sender, there)
  const losses: Loss[] = []
  for (let turn = -warmUps; turn < moves; turn++) {
    const loss = await around(stream, () => moveTo(fabric, there[turn % 2 === 0 ? 0 : 1]))
    if (turn >= 0) losses.push(loss)
  }
  await stopStream(stream)
  return losses
}

/** The node's end of the cable comes down with the namespace that it leaves, so there is a moment without any. */
const measureReplugs = async (fabric: OverlayFabric, sender: LabHost): Promise<readonly Loss[]> => {
  let host = await makeContainer(fabric, 'r', 'n2')
  await dress(fabric, host)
  const stream = await startStream(sender, [host])
  const losses: Loss[] = []
  for (let turn = 0; turn < replugs; turn++) {
    const loss = await around(stream, async () => {
      host = await fabric.lab.moveHost('r', turn % 2 === 0 ? 'n3' : 'n2')
      await moveTo(fabric, host)
    })
    losses.push(loss)
  }
  await stopStream(stream)
  return losses
}

const report = (moved: readonly Loss[], replugged: readonly Loss[]): BenchResult => {
  const lost = moved.map((one) => one.lost)
  return result('move', [atMost('packets lost in a move, the worst of all', Math.max(...lost), 5)], {
    moves: moved.length,
    'packets lost in a move median': median(lost),
    'packets lost in all moves': lost.reduce((sum, one) => sum + one, 0),
    'packets twice or out of order in a move median': median(moved.map(({ disordered }) => disordered)),
    ...summary(
      'PUT that moves',
      moved.map(({ ms }) => ms),
    ),
    'packets lost with the cable pulled out and plugged in median': median(replugged.map((one) => one.lost)),
    'cable pulled out, plugged in and PUT median ms': percentile(
      replugged.map(({ ms }) => ms),
      0.5,
    ),
  })
}

export const run = async ({ say }: BenchOptions): Promise<BenchResult> =>
  onOverlay('bmove', 3, restPort, async (fabric) => {
    await fabric.client.overlay.putNetwork('bench', { subnets: [{ cidr: '10.1.0.0/16' }] })
    const { host: sender } = await attach(fabric, await makeContainer(fabric, 'a', 'n1'), {
      network: 'bench',
    })
    say(`${moves} moves under ${rate} packets a second`)
    const moved = await measureMoves(fabric, sender)
    say(`${replugs} times a cable is pulled out of one node and plugged into another`)
    return report(moved, await measureReplugs(fabric, sender))
  })
