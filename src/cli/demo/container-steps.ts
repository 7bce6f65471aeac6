/** Containers on three nodes, attached by the CNI plugin: they reach each other by address, the first packet included. */
import { sleep } from '#link/clock.js'
import { duration } from '../text.js'
import { CheckFailed, expectThat } from './check.js'
import { addressesOf, callPlugin, containers, network, networkSpec } from './containers.js'
import { startPing } from './ping.js'
import type { Look, Stage } from './stage.js'
import type { Step } from './step.js'

/** A host with a cable of its own, that is moved from one node to another. */
const mover = { name: 'mover', from: 'n2', to: 'n3' } as const
/** Pings a hundred a second while it moves; it is without a cable for part of that. */
const movePauseMs = 300
const movedMsMax = 2_000

const attach = async (stage: Stage): Promise<string> => {
  await stage.client.overlay.putNetwork(network, networkSpec, { signal: stage.signal })
  const hosts = await stage.lab.addHosts(containers)
  const told: string[] = []
  for (const host of hosts) {
    const begun = stage.clock.now()
    const addresses = addressesOf(await callPlugin(stage, 'ADD', host))
    stage.addresses.set(host.name, addresses)
    told.push(`${host.name} on ${host.node} ${addresses.join(' ')} in ${duration(stage.clock.now() - begun)}`)
  }
  return `heddle-cni ADD: ${told.join('; ')}`
}

const addressOf = (stage: Stage, name: string, family: 4 | 6): string => {
  const found = stage.addresses.get(name)?.find((text) => text.includes(':') === (family === 6))
  if (found === undefined) throw new CheckFailed(`an IPv${family} address of ${name}`, 'none')
  return found
}

/** One ping; milliseconds of its round trip. @throws CheckFailed when it is lost */
const pingOnce = async (stage: Stage, from: string, address: string): Promise<number> => {
  const { stdout } = await (await stage.host(from)).exec(['ping', '-n', '-c', '1', '-W', '2', address])
  const ms = /time=([\d.]+) ms/.exec(stdout)?.[1]
  expectThat(ms !== undefined, `the one ping of ${from} to ${address} answered`, stdout.trim())
  return Number(ms)
}

const firstPackets = async (stage: Stage): Promise<string> => {
  const told: string[] = []
  for (const [from, to] of [
    ['c1', 'c2'],
    ['c1', 'c3'],
    ['c2', 'c3'],
  ] as const) {
    const address = addressOf(stage, to, 4)
    const [first, second] = [await pingOnce(stage, from, address), await pingOnce(stage, from, address)]
    told.push(`${from} to ${to} ${first} ms, then ${second} ms`)
  }
  return told.join('; ')
}

const pingIpv6 = async (stage: Stage): Promise<string> => {
  const address = addressOf(stage, 'c3', 6)
  const ms = await pingOnce(stage, 'c1', address)
  return `c1 to c3 at ${address}: answered in ${ms} ms`
}

const putMover = (stage: Stage, node: string) =>
  stage.client.overlay.putEndpoint(
    mover.name,
    { network, node, interface: `${mover.name}-eth0` },
    { signal: stage.signal },
  )

const plugMover = async (stage: Stage): Promise<string> => {
  const [host] = await stage.lab.addHosts([{ name: mover.name, node: mover.from, interfaces: ['eth0'] }])
  const { mac, addresses } = await putMover(stage, mover.from)
  const [four] = addresses
  if (host === undefined || four === undefined) throw new CheckFailed('an address', 'none')
  const { code, stderr } = await host.exec([
    ...['sh', '-c'],
    `ip link set eth0 address ${mac} && ip addr add ${four.address}/${four.prefixLength} dev eth0`,
  ])
  expectThat(code === 0, 'an address set', stderr)
  return four.address
}

const move = async (stage: Stage): Promise<string> => {
  const address = await plugMover(stage)
  await pingOnce(stage, 'c1', address)
  const ping = startPing(await stage.host('c1'), address)
  await sleep(stage.clock, movePauseMs, stage.signal)
  const begun = stage.clock.now()
  await stage.lab.moveHost(mover.name, mover.to)
  const { status } = await putMover(stage, mover.to)
  const took = stage.clock.now() - begun
  await sleep(stage.clock, movePauseMs, stage.signal)
  const { sent, lost } = await ping.stop()
  expectThat(status.state === 'up', `${mover.name} up on ${mover.to}`, status.state)
  expectThat(took < movedMsMax, `moved within ${duration(movedMsMax)}`, duration(took))
  await pingOnce(stage, 'c1', address)
  return `${address} from ${mover.from} to ${mover.to}, new cable included, in ${duration(took)}; ${lost} of ${sent} pings lost meanwhile`
}

const throughput = async (stage: Stage): Promise<string> => {
  const [server, client] = [await stage.host('c2'), await stage.host('c1')]
  const address = addressOf(stage, 'c2', 4)
  const serving = server.exec(['iperf3', '-s', '-1', '-J'])
  const look = async (): Promise<Look<number>> => {
    const { stdout } = await client.exec(['iperf3', '-c', address, '-t', '1', '-J'])
    const { end, error }: { end?: { sum_received?: { bits_per_second: number } }; error?: string } =
      JSON.parse(stdout)
    return { value: end?.sum_received?.bits_per_second, found: error ?? stdout }
  }
  const rate = await stage.until('iperf3 to measure', look)
  await serving
  return `iperf3, TCP, c1 on n1 to c2 on n2: ${Math.round(rate / 1e6)} Mbit/s`
}

const detach = async (stage: Stage): Promise<string> => {
  for (const { name } of containers) await callPlugin(stage, 'DEL', await stage.host(name))
  await stage.client.overlay.deleteEndpoint(mover.name, { signal: stage.signal })
  await stage.client.overlay.deleteNetwork(network, { signal: stage.signal })
  const { endpoints } = await stage.client.overlay.endpoints()
  expectThat(endpoints.length === 0, 'no endpoint', endpoints.map(({ id }) => id).join(' '))
  return 'heddle-cni DEL, DELETE /v1/endpoints, DELETE /v1/networks: no endpoint and no network left'
}

export const containerSteps: readonly Step[] = [
  {
    name: 'containers-attached',
    title: 'containers on three nodes are attached by the CNI plugin',
    run: attach,
  },
  {
    name: 'first-packets',
    title: 'they reach each other by address, no first packet is lost',
    run: firstPackets,
  },
  { name: 'ping-six', title: 'and by IPv6', run: pingIpv6 },
  { name: 'container-moves', title: 'one moves to another node with its address', run: move },
  { name: 'throughput', title: 'bytes flow from container to container', run: throughput },
  { name: 'containers-detached', title: 'containers and network go', run: detach },
]
