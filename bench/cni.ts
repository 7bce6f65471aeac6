/**
 * ADD and DEL of a container through the CNI executable, beside the reference plugins `bridge` and `host-local` in turns with it, on one
 * node of a lab. Ours waits for the switch to confirm port and flows; the reference makes a bridge's port and no overlay.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '#api/client.js'
import { run as runCommand } from '#lab/command.js'
import { createLab } from '#lab/create-lab.js'
import type { Lab } from '#lab/lab.js'
import { namespaceOf } from '#lab/names.js'
import type { LabNode } from '#lab/node.js'
import { destroyLab } from '#lab/teardown.js'
import { startHeddle } from './heddle-process.js'
import type { BenchOptions } from './main.js'
import { atMost, type BenchResult, result } from './report.js'
import { median, percentile, summary, timed } from './statistics.js'

const containers = 100
/** Unmeasured ones before them, for both. */
const warmUps = 20
const restPort = 18_081
const labName = 'bcni'

const ourDirectory = fileURLToPath(new URL('..', import.meta.url))
const referenceDirectory = '/usr/lib/cni'

/** A plugin and its configuration. */
interface Contender {
  readonly name: string
  readonly program: string
  readonly configuration: Readonly<Record<string, unknown>>
}

const contendersOf = (lab: Lab, node: LabNode, directory: string): readonly [Contender, Contender] => [
  {
    name: 'heddle',
    program: join(ourDirectory, 'heddle-cni'),
    configuration: {
      name: 'bench',
      type: 'heddle-cni',
      controller: `http://${lab.controllerAddress}:${restPort}`,
      node: node.name,
      stateDirectory: join(directory, 'state'),
      isDefaultGateway: true,
    },
  },
  {
    name: 'bridge',
    program: join(referenceDirectory, 'bridge'),
    configuration: {
      name: 'reference',
      type: 'bridge',
      bridge: 'reference0',
      isGateway: true,
      isDefaultGateway: true,
      ipam: { type: 'host-local', subnet: '10.66.0.0/16', dataDir: join(directory, 'leases') },
    },
  },
]

/** Starts a plugin as a runtime does, and waits for its end. */
const callPlugin = async (
  node: LabNode,
  { name, program, configuration }: Contender,
  command: 'ADD' | 'DEL',
  id: string,
): Promise<void> => {
  const env = {
    PATH: process.env.PATH ?? '',
    CNI_COMMAND: command,
    CNI_CONTAINERID: id,
    CNI_NETNS: `/run/netns/${namespaceOf(labName, id)}`,
    CNI_IFNAME: 'eth0',
    CNI_PATH: referenceDirectory,
  }
  const child = spawn('nsenter', [`--net=/run/netns/${node.namespace}`, program], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const said: string[] = []
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  child.stdin.end(JSON.stringify({ cniVersion: '1.0.0', ...configuration }))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${name} ${command}: ${said.join('')}`)
}

/** Milliseconds of each turn. */
interface Times {
  readonly add: number[]
  readonly del: number[]
}

/** One container after the other, the contenders in turns. @param watch called between the ADD and the DEL of each */
const measure = async (
  node: LabNode,
  contenders: readonly [Contender, Contender],
  watch: (id: string) => Promise<void>,
): Promise<readonly [ours: Times, reference: Times]> => {
  const all: readonly [Times, Times] = [
    { add: [], del: [] },
    { add: [], del: [] },
  ]
  for (let index = 0; index < warmUps + containers; index++) {
    for (const at of [0, 1] as const) {
      const contender = contenders[at]
      const id = `${contender.name}${index}`
      const add = await timed(() => callPlugin(node, contender, 'ADD', id))
      if (index >= warmUps) await watch(id)
      const del = await timed(() => callPlugin(node, contender, 'DEL', id))
      if (index < warmUps) continue
      all[at].add.push(add)
      all[at].del.push(del)
    }
  }
  return all
}

const makeContainers = async (contenders: readonly Contender[]): Promise<void> => {
  const ids = contenders.flatMap(({ name }) =>
    Array.from({ length: warmUps + containers }, (_, index) => `${name}${index}`),
  )
  const lines = ids.map((id) => `netns add ${namespaceOf(labName, id)}`)
  await runCommand('ip', ['-batch', '-'], { input: `${lines.join('\n')}\n` })
}

/** Milliseconds from the arrival of the ADD's request to the switch's confirmation, by the controller's own receipt. */
const sharesOf = async (client: Client, container: string): Promise<readonly number[]> => {
  const { endpoints } = await client.overlay.endpoints({ container })
  return endpoints.flatMap(({ receipt }) => receipt?.totalMs ?? [])
}

const measureOn = async (lab: Lab, directory: string): Promise<BenchResult> => {
  const [node] = lab.nodes
  if (node === undefined) throw new RangeError('a node is needed')
  const client = new Client({ baseUrl: `http://${lab.controllerAddress}:${restPort}` })
  await client.overlay.putNetwork('bench', { subnets: [{ cidr: '10.1.0.0/16' }] })
  const contenders = contendersOf(lab, node, directory)
  await makeContainers(contenders)
  const shares: number[] = []
  const [ours, reference] = await measure(node, contenders, async (id) => {
    shares.push(...(await sharesOf(client, id)))
  })
  return result(
    'cni',
    [
      atMost(
        "ADD, Heddle's time as a multiple of the reference's",
        median(ours.add) / median(reference.add),
        1.5,
      ),
      atMost("ADD, the controller's share p99 ms", percentile(shares, 0.99), 20),
    ],
    {
      ...summary('heddle ADD', ours.add),
      ...summary('heddle DEL', ours.del),
      ...summary('bridge and host-local ADD', reference.add),
      ...summary('bridge and host-local DEL', reference.del),
      "ADD, the controller's share median ms": median(shares),
    },
  )
}

export const run = async ({ say }: BenchOptions): Promise<BenchResult> => {
  await access(join(ourDirectory, 'heddle-cni'))
  say(`${containers} containers, by heddle-cni and by bridge with host-local in turns`)
  await destroyLab(labName)
  const lab = await createLab({ name: labName, nodes: 1 })
  const directory = await mkdtemp(join(tmpdir(), 'heddle-bench-cni-'))
  try {
    const stop = await startHeddle(lab, `${lab.controllerAddress}:${restPort}`)
    try {
      return await measureOn(lab, directory)
    } finally {
      await stop()
    }
  } finally {
    await lab.destroy()
    await rm(directory, { recursive: true, force: true })
  }
}
