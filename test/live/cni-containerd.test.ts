/** The CNI executable under containerd: pods through the CRI as kubelet makes them, containers by `ctr run --cni`, on nodes of a lab. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLab } from '#lab/create-lab.js'
import type { Lab } from '#lab/lab.js'
import { destroyLab } from '#lab/teardown.js'
import { buildPlugin } from './support/cni.js'
import { buildImage } from './support/container-image.js'
import { type Containerd, startContainerd } from './support/containerd.js'

const name = 'cnictd'
let lab: Lab
let directory: string
let runtimes: Containerd[]

const plugin = (node: string) => ({
  type: 'ptp',
  ipam: { type: 'host-local', dataDir: join(directory, node, 'leases'), subnet: '10.77.0.0/24' },
})

beforeAll(async () => {
  await buildPlugin()
  await destroyLab(name)
  lab = await createLab({ name, nodes: 1 })
  directory = await mkdtemp(join(tmpdir(), 'hd-'))
  const image = await buildImage(directory)
  runtimes = await Promise.all(
    lab.nodes.map(async (node) => {
      await mkdir(join(directory, node.name))
      return startContainerd(node, join(directory, node.name), image, {
        name: 'net',
        cniVersion: '0.4.0',
        plugins: [plugin(node.name)],
      })
    }),
  )
})

afterAll(async () => {
  for (const runtime of runtimes) await runtime.stop()
  await destroyLab(name)
  await rm(directory, { recursive: true, force: true })
})

describe('containerd', () => {
  it('runs a pod', async () => {
    const [runtime] = runtimes
    const pod = await runtime?.cri.runPod('p1')
    expect(pod).toMatchObject({ addresses: ['10.77.0.2'] })
    if (pod === undefined || runtime === undefined) return
    expect((await runtime.inPod(pod, 'ip', '-brief', 'addr')).stdout).toContain('10.77.0.2')
    await runtime.cri.removePod(pod)
    expect(await runtime.cri.pods()).toEqual([])
  })
  it('runs a container', async () => {
    const [runtime] = runtimes
    const one = await runtime?.runContainer('c1')
    expect((await one?.exec('ip', 'addr'))?.stdout).toContain('10.77.0.3')
    expect(await one?.end()).toBe(137)
  })
})
