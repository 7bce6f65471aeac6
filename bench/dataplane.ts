/**
 * TCP and round-trip times between containers on two real nodes, through a network of Heddle's and, on the same bridges and through the same
 * tunnel ports, between two containers joined by flows written by hand: two at each end, `in_port → tunnel` and back. Both take turns.
 */
import type { LabHost } from '#lab/host.js'
import type { LabNode } from '#lab/node.js'
import type { BenchOptions } from './main.js'
import { attach, inside, makeContainer, type OverlayFabric, onOverlay } from './overlay-fabric.js'
import { atMost, type BenchResult, result } from './report.js'
import { median } from './statistics.js'

const restPort = 18_085
const tcpRounds = 30
const tcpSeconds = 1
const pingRounds = 30
const pingsEach = 250
const bridge = 'br-int'
const tunnelPort = 'heddle-vxlan'
const staticVni = 77_777
const slowerMax = 0.03

/** Two containers that reach each other by `address`. */
interface Contender {
  readonly from: LabHost
  readonly to: LabHost
  readonly address: string
  /** What was measured, round by round. */
  readonly mbits: number[]
  readonly rttUs: number[]
}

type Pair = readonly [from: LabHost, to: LabHost]

const makePair = async (fabric: OverlayFabric, name: string): Promise<Pair> => [
  await makeContainer(fabric, `${name}1`, 'n1'),
  await makeContainer(fabric, `${name}2`, 'n2'),
]

const contender = ([from, to]: Pair, address: string): Contender => ({
  from,
  to,
  address,
  mbits: [],
  rttUs: [],
})

const viaHeddle = async (fabric: OverlayFabric): Promise<Contender> => {
  await fabric.client.overlay.putNetwork('bench', { subnets: [{ cidr: '10.1.0.0/24' }] })
  const hosts = await makePair(fabric, 'h')
  for (const [index, host] of hosts.entries())
    await attach(fabric, host, { network: 'bench', addresses: [`10.1.0.${index + 10}`] })
  return contender(hosts, '10.1.0.11')
}

const ofportOf = async (node: LabNode, device: string): Promise<string> =>
  (await node.vsctl('get', 'Interface', device, 'ofport')).trim()

/** What somebody with `ovs-vsctl` and `ovs-ofctl` writes: cookies and ports that are not Heddle's stay as they are. */
const writeFlows = async (node: LabNode, device: string, far: string): Promise<void> => {
  await node.vsctl('add-port', bridge, device)
  const port = await ofportOf(node, device)
  const tunnel = await ofportOf(node, tunnelPort)
  const wrap = `set_field:${staticVni}->tun_id,set_field:${node.rloc}->tun_src,set_field:${far}->tun_dst`
  const flows = [
    `in_port=${port},actions=${wrap},output:${tunnel}`,
    `in_port=${tunnel},tun_id=${staticVni},tun_src=${far},actions=output:${port}`,
  ]
  for (const flow of flows) await node.ofctl('add-flow', bridge, `priority=1000,${flow}`)
}

const byHand = async (fabric: OverlayFabric, mtu: string): Promise<Contender> => {
  const hosts = await makePair(fabric, 's')
  for (const [index, host] of hosts.entries()) {
    await inside(host, ['ip', 'link', 'set', 'e0', 'mtu', mtu, 'up'])
    await inside(host, ['ip', 'address', 'add', `10.2.0.${index + 1}/24`, 'dev', 'e0'])
    const far = fabric.lab.nodes[1 - index]?.rloc ?? ''
    await writeFlows(fabric.lab.node(host.node), host.device('e0'), far)
  }
  return contender(hosts, '10.2.0.2')
}

/** One transfer; not counted when it is to warm up. */
const transfer = async ({ from, address, mbits }: Contender, counted: boolean): Promise<void> => {
  const words = ['iperf3', '--json', '--client', address, '--time', String(tcpSeconds)]
  const said = JSON.parse(await inside(from, words)) as {
    readonly end: { readonly sum_received: { readonly bits_per_second: number } }
  }
  if (counted) mbits.push(said.end.sum_received.bits_per_second / 1e6)
}

const pingRound = async ({ from, address, rttUs }: Contender, counted: boolean): Promise<void> => {
  const said = await inside(from, ['ping', '-n', '-c', String(pingsEach), '-i', '0.002', address])
  const times = Array.from(said.matchAll(/time=([0-9.]+) ms/g), ([, time]) => Number(time) * 1000)
  if (counted) rttUs.push(median(times))
}

/** In turns: each round in the other direction than the last, so that no one always comes first. */
const inTurns = async (
  contenders: readonly Contender[],
  rounds: number,
  measure: (contender: Contender, counted: boolean) => Promise<void>,
): Promise<void> => {
  for (const contender of contenders) await measure(contender, false)
  for (let round = 0; round < rounds; round++)
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed())
      await measure(contender, true)
}

const ratio = (some: readonly number[], others: readonly number[]): number =>
  median(some.map((one, round) => one / (others[round] ?? Number.NaN)))

const report = (ours: Contender, theirs: Contender): BenchResult =>
  result(
    'dataplane',
    [
      atMost('TCP, less than by static flows by a share of', 1 - ratio(ours.mbits, theirs.mbits), slowerMax),
      atMost('RTT, more than by static flows by a share of', ratio(ours.rttUs, theirs.rttUs) - 1, slowerMax),
    ],
    {
      'TCP through Heddle median Mbit/s': median(ours.mbits),
      'TCP by static flows median Mbit/s': median(theirs.mbits),
      'TCP best through Heddle Mbit/s': Math.max(...ours.mbits),
      'TCP best by static flows Mbit/s': Math.max(...theirs.mbits),
      'RTT through Heddle median us': median(ours.rttUs),
      'RTT by static flows median us': median(theirs.rttUs),
      'RTT best round through Heddle us': Math.min(...ours.rttUs),
      'RTT best round by static flows us': Math.min(...theirs.rttUs),
    },
  )

export const run = async ({ say }: BenchOptions): Promise<BenchResult> =>
  onOverlay('bplane', 2, restPort, async (fabric) => {
    const ours = await viaHeddle(fabric)
    const mtu = await inside(ours.from, ['cat', '/sys/class/net/e0/mtu'])
    const theirs = await byHand(fabric, mtu.trim())
    const contenders = [ours, theirs]
    for (const { to } of contenders) await inside(to, ['iperf3', '--server', '--daemon'])
    say(`TCP, ${tcpRounds} rounds of ${tcpSeconds} s in turns`)
    await inTurns(contenders, tcpRounds, transfer)
    say(`pings, ${pingRounds} rounds of ${pingsEach} in turns`)
    await inTurns(contenders, pingRounds, pingRound)
    return report(ours, theirs)
  })
