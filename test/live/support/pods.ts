/** A cluster on one machine: nodes of a lab that have joined a controller, a network of pods, a containerd on each node with the plugin. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildPlugin, hostEnds } from './cni.js'
import { buildImage } from './container-image.js'
import { type Containerd, startContainerd } from './containerd.js'
import { type ControllerProcess, startProcess } from './controller.js'
import type { Pod } from './cri.js'
import { type Fabric, startFabric } from './fabric.js'

export interface Cluster {
  readonly fabric: Fabric<ControllerProcess>
  /** By the nodes' order. */
  readonly runtimes: readonly Containerd[]
  runtime(node: string): Containerd
  /** Interfaces, notes and endpoints of pods: everything that could be left. */
  remains(): Promise<readonly string[]>
  stop(): Promise<void>
}

export interface ClusterOptions {
  readonly nodes: number
  /** Where REST listens: the plugin finds it there after a restart too. */
  readonly port: number
  readonly subnets: readonly string[]
}

/** The network of the pods, and the name of its configuration. */
export const podNetwork = 'pods'

const pluginsOf = (node: string, controller: string, stateDirectory: string) => [
  {
    type: 'heddle-cni',
    controller,
    node,
    stateDirectory,
    isDefaultGateway: true,
    nodeEndpoint: true,
    timeoutSeconds: 20,
  },
  { type: 'portmap', capabilities: { portMappings: true }, snat: false },
]

export const startCluster = async (
  name: string,
  { nodes, port, subnets }: ClusterOptions,
): Promise<Cluster> => {
  await buildPlugin()
  const settings = { 'listen.rest': `0.0.0.0:${port}` }
  const fabric = await startFabric(name, startProcess, { nodes, settings })
  const directory = await mkdtemp(join(tmpdir(), 'hd-'))
  const url = `http://${fabric.lab.controllerAddress}:${port}`
  const stateOf = (node: string): string => join(directory, `${node}-state`)
  const runtimes: Containerd[] = []
  const stop = async (): Promise<void> => {
    for (const runtime of runtimes) await runtime.stop()
    await fabric.stop()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await fabric.controller.client.overlay.putNetwork(podNetwork, {
      subnets: subnets.map((cidr) => ({ cidr })),
    })
    const image = await buildImage(directory)
    for (const node of fabric.lab.nodes) {
      const own = join(directory, node.name)
      await mkdir(own)
      const plugins = pluginsOf(node.name, url, stateOf(node.name))
      runtimes.push(await startContainerd(node, own, image, { name: podNetwork, plugins }))
    }
  } catch (error) {
    await stop()
    throw error
  }
  return {
    fabric,
    runtimes,
    runtime: (node) => {
      const found = runtimes.find((each) => each.node.name === node)
      if (found === undefined) throw new Error(`there is no node ${node}`)
      return found
    },
    remains: async () => {
      const { endpoints } = await fabric.controller.client.overlay.endpoints({ network: podNetwork })
      const left = endpoints.filter(({ container }) => container !== undefined).map(({ id }) => id)
      for (const { node } of runtimes) {
        left.push(...(await hostEnds(node)))
        for (const part of ['attachments', 'pending'])
          left.push(...(await readdir(join(stateOf(node.name), part)).catch(() => [])))
      }
      return left
    },
    stop,
  }
}

/** A pod and the runtime that runs it. */
export interface PlacedPod extends Pod {
  readonly runtime: Containerd
}

export const runPods = async (runtime: Containerd, names: readonly string[]): Promise<readonly PlacedPod[]> =>
  Promise.all(names.map(async (name) => ({ ...(await runtime.cri.runPod(name)), runtime })))

/** Whether one ping comes back: the first one has to. */
export const pings = async ({ runtime, pid }: PlacedPod, address: string): Promise<boolean> =>
  (await runtime.inPod({ pid }, 'ping', '-c', '1', '-W', '2', address)).code === 0

const tcpPort = 5201

/** Says `ready`, then how many bytes came in one connection. */
const receiver = `
import socket
server = socket.create_server(('::', ${tcpPort}), family=socket.AF_INET6, dualstack_ipv6=True)
server.settimeout(20)
connection, _ = server.accept()
connection.settimeout(20)
total = 0
while data := connection.recv(65536): total += len(data)
print(total)`

const sender = `
import socket, sys, time
for attempt in range(100):
    try:
        connection = socket.create_connection((sys.argv[1], ${tcpPort}), 20)
        break
    except ConnectionRefusedError: time.sleep(0.05)
connection.sendall(bytes(int(sys.argv[2])))
connection.close()`

/** Bytes that arrive by TCP out of those that `from` sends. */
export const sends = async (
  from: PlacedPod,
  to: PlacedPod,
  address: string,
  bytes: number,
): Promise<number> => {
  const received = to.runtime.inPod(to, 'python3', '-c', receiver)
  await from.runtime.inPod(from, 'python3', '-c', sender, address, String(bytes))
  return Number((await received).stdout)
}
