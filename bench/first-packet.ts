/**
 * The first ping to an EID that neither node has in its map-cache, and the one after it, between containers on two real nodes: the miss is
 * asked about on the way there and, for the sender's address, on the way back. Entries leave when they are idle, and all is done again.
 */
import { sleep, systemClock } from '#link/clock.js'
import type { BenchOptions } from './main.js'
import {
  type Attached,
  attach,
  inside,
  makeContainer,
  type OverlayFabric,
  onOverlay,
} from './overlay-fabric.js'
import { atMost, type BenchResult, result } from './report.js'
import { median, summary } from './statistics.js'

const containers = 4
/** Of each container, half of them IPv6. */
const addressesEach = 16
const rounds = 5
const restPort = 18_083

/** Round-trip times of two pings in milliseconds; undefined for one that was lost. */
interface Pings {
  readonly first: number | undefined
  readonly second: number | undefined
}

const ping = async ({ host }: Attached, from: string, to: string): Promise<Pings> => {
  const { stdout } = await host.exec(['ping', '-n', '-c', '2', '-i', '0.05', '-W', '2', '-I', from, to])
  const timeOf = (sequence: number): number | undefined => {
    const found = new RegExp(`icmp_seq=${sequence} .*time=([0-9.]+) ms`).exec(stdout)
    return found === null ? undefined : Number(found[1])
  }
  return { first: timeOf(1), second: timeOf(2) }
}

/** Addresses of container `index` on side `side`: eight of each family. */
const addressesOf = (side: number, index: number): readonly string[] =>
  Array.from({ length: addressesEach }, (_, at) => {
    const number = index * addressesEach + at + 1
    return at % 2 === 0 ? `10.1.${side}.${number}` : `fd01::${side}:${number.toString(16)}`
  })

const attachContainers = async (fabric: OverlayFabric, side: number): Promise<readonly Attached[]> => {
  const attached: Attached[] = []
  for (let index = 0; index < containers; index++) {
    const host = await makeContainer(fabric, `c${side}${index}`, `n${side}`)
    attached.push(await attach(fabric, host, { network: 'bench', addresses: [...addressesOf(side, index)] }))
  }
  return attached
}

/** Until nothing is in the map-caches that traffic asked for. */
const forgotten = async ({ client, lab }: OverlayFabric): Promise<void> => {
  for (const { name } of lab.nodes)
    while ((await client.overlay.mapCache(name)).some(({ why }) => why === 'resolved'))
      await sleep(systemClock, 200)
}

/** One address after the other, each to one of its own on the other node. */
const pingAll = async (senders: readonly Attached[], receivers: readonly Attached[]): Promise<Pings[]> => {
  const all: Pings[] = []
  for (const [index, sender] of senders.entries()) {
    for (const [at, from] of sender.addresses.entries()) {
      const to = receivers[index]?.addresses[at]
      if (to === undefined) throw new RangeError('as many receivers as senders')
      all.push(await ping(sender, from, to))
    }
  }
  return all
}

const report = (met: Pings | undefined, pings: readonly Pings[]): BenchResult => {
  const firsts = pings.flatMap(({ first }) => first ?? [])
  const seconds = pings.flatMap(({ second }) => second ?? [])
  const more = pings.flatMap(({ first, second }) =>
    first === undefined || second === undefined ? [] : [first - second],
  )
  return result(
    'first-packet',
    [
      atMost('first packets lost', pings.length - firsts.length, 0),
      atMost('first ping, more than the second by ms, median', median(more), 5),
    ],
    {
      'EIDs asked about': pings.length,
      'second packets lost': pings.length - seconds.length,
      ...summary('first ping', firsts),
      ...summary('second ping', seconds),
      ...summary('first ping, more than the second by', more),
      'very first ping between the nodes ms': met?.first ?? Number.NaN,
      'ping after it ms': met?.second ?? Number.NaN,
    },
  )
}

export const run = async ({ say }: BenchOptions): Promise<BenchResult> =>
  onOverlay('bfirst', 2, restPort, async (fabric) => {
    await fabric.client.overlay.putNetwork('bench', {
      subnets: [{ cidr: '10.1.0.0/16' }, { cidr: 'fd01::/64' }],
      idleTimeoutSeconds: 1,
    })
    const senders = await attachContainers(fabric, 1)
    const receivers = await attachContainers(fabric, 2)
    for (const { host } of [...senders, ...receivers]) await inside(host, ['ip', 'neigh', 'flush', 'all'])
    const all: Pings[] = []
    for (let round = 0; round < rounds; round++) {
      say(`round ${round + 1} of ${rounds}: ${containers * addressesEach} EIDs`)
      all.push(...(await pingAll(senders, receivers)))
      await forgotten(fabric)
    }
    return report(all[0], all)
  })
