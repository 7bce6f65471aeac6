/**
 * Pods by containerd on three nodes, made through the CRI as kubelet makes them, attached by the CNI executable to a network of a real
 * controller: everybody reaches everybody, and nothing stays.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startProcess } from './support/controller.js'
import { eventually, ready } from './support/fabric.js'
import { type Cluster, type PlacedPod, pings, runPods, sends, startCluster } from './support/pods.js'

let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster('cnictd', { nodes: 3, port: 18_480, subnets: ['10.128.0.0/14', 'fd10::/64'] })
})
afterAll(() => cluster?.stop())

const removeAll = (pods: readonly PlacedPod[]): Promise<unknown> =>
  Promise.all(pods.map((pod) => pod.runtime.cri.removePod(pod)))

/** Every ordered pair. */
const pairs = <T>(items: readonly T[]): readonly (readonly [T, T])[] =>
  items.flatMap((from) => items.filter((to) => to !== from).map((to) => [from, to] as const))

/** Addresses of the nodes themselves, by node. */
const nodeAddresses = async (): Promise<ReadonlyMap<string, readonly string[]>> => {
  const { endpoints } = await cluster.fabric.controller.client.overlay.endpoints()
  const own = endpoints.filter((each) => each.interface === 'heddle0')
  return new Map(own.map((each) => [each.node, each.addresses.map(({ address }) => address)]))
}

describe('pods on three nodes', () => {
  let pods: readonly PlacedPod[]

  beforeAll(async () => {
    const made = await Promise.all(
      cluster.runtimes.map((runtime) =>
        runPods(runtime, [`${runtime.node.name}-a`, `${runtime.node.name}-b`]),
      ),
    )
    pods = made.flat()
  })

  it('have an address of each family', () => {
    for (const { addresses } of pods)
      expect(addresses.map((each) => each.includes(':'))).toEqual([false, true])
    expect(new Set(pods.flatMap(({ addresses }) => addresses)).size).toBe(12)
  })

  it('reach each other by IPv4 and IPv6, from the first packet on', async () => {
    for (const [from, to] of pairs(pods))
      for (const address of to.addresses)
        expect(await pings(from, address), `${from.name} to ${to.name} ${address}`).toBe(true)
  })

  it('speak TCP across nodes and on one', async () => {
    const bytes = 1 << 20
    const [first, second, third] = pods
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('pods are missing')
    expect(await sends(first, second, second.addresses[0] ?? '', bytes)).toBe(bytes)
    expect(await sends(first, third, third.addresses[1] ?? '', bytes)).toBe(bytes)
  })

  it('reach every node, and every node reaches them', async () => {
    const nodes = await nodeAddresses()
    expect(nodes.size).toBe(3)
    for (const pod of pods.filter(({ name }) => name.endsWith('-a')))
      for (const addresses of nodes.values())
        for (const address of addresses)
          expect(await pings(pod, address), `${pod.name} to ${address}`).toBe(true)
    for (const { node } of cluster.runtimes)
      for (const { addresses } of pods)
        for (const address of addresses)
          expect(
            (await node.exec(['ping', '-c', '1', '-W', '2', address])).code,
            `${node.name} to ${address}`,
          ).toBe(0)
  })

  it('are reached by a container that ctr runs', async () => {
    const one = await cluster.runtime('n2').runContainer('plain')
    for (const { addresses } of pods)
      expect((await one.exec('ping', '-c', '1', '-W', '2', addresses[0] ?? '')).code).toBe(0)
    await one.end()
  })

  it('leave nothing', async () => {
    await removeAll(pods)
    expect(await cluster.remains()).toEqual([])
  })
})

describe('bad days', () => {
  it('50 pods at once: each its addresses, and nothing left', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `many-${index}`)
    const pods = await runPods(cluster.runtime('n1'), names)
    expect(new Set(pods.flatMap(({ addresses }) => addresses)).size).toBe(100)
    await removeAll(pods)
    expect(await cluster.remains()).toEqual([])
  })

  it('the controller is killed in the middle of an ADD: the next one works, and nothing is left', async () => {
    const { fabric } = cluster
    const runtime = cluster.runtime('n1')
    const making = runtime.cri.runPod('unlucky').catch(() => undefined)
    await fabric.controller.kill()
    const unlucky = await making
    const refused = await runtime.cri.runPod('refused').then(
      () => '',
      (error: Error) => error.message,
    )
    expect(refused).toContain('does not answer')
    fabric.controller = await startProcess(fabric.settings)
    for (const { node } of cluster.runtimes) await ready(fabric.controller.client, node.name)
    const [pod] = await runPods(runtime, ['lucky'])
    const [far] = await runPods(cluster.runtime('n3'), ['far'])
    if (pod === undefined || far === undefined) throw new Error('pods are missing')
    expect(await pings(pod, far.addresses[0] ?? '')).toBe(true)
    if (unlucky !== undefined) await runtime.cri.removePod(unlucky)
    for (const id of await runtime.cri.pods()) await runtime.cri.removePod({ id })
    await removeAll([far])
    await eventually(() => cluster.remains(), [])
  })
})
