/** A fabric under test: a lab of real nodes that have joined a controller, and what tests ask of both. */
import { expect, vi } from 'vitest'
import type { Client, FabricEvent, Link } from '#api/client.js'
import { createLab, type LabOptions } from '#lab/create-lab.js'
import type { LabHost } from '#lab/host.js'
import type { Lab } from '#lab/lab.js'
import { destroyLab } from '#lab/teardown.js'
import {
  type Controller,
  makeDataDirectory,
  removeDataDirectory,
  type Settings,
  settingsAt,
  startHere,
} from './controller.js'

/** How soon a thing that takes milliseconds must have happened on a machine with other work. */
const soonMs = 10_000

/** Waits until `look` returns what is expected. */
export const eventually = (
  look: () => Promise<unknown>,
  expected: unknown,
  timeout = soonMs,
): Promise<void> => vi.waitFor(async () => expect(await look()).toEqual(expected), { timeout, interval: 25 })

/** Waits until `look` returns true. */
export const soon = (look: () => Promise<boolean>, timeout?: number): Promise<void> =>
  eventually(look, true, timeout)

export interface FabricOptions extends Omit<LabOptions, 'name'> {
  readonly settings?: Settings
  /** The nodes that join; all of them unless told. */
  readonly join?: readonly string[]
}

export interface Fabric<C extends Controller = Controller> {
  readonly lab: Lab
  readonly settings: Settings
  /** The controller that runs now: tests that restart it put the next one here. */
  controller: C
  stop(): Promise<void>
}

/** Brings up a lab called `name` and a controller, joins every node and waits until all are ready. */
export const startFabric = async <C extends Controller = Controller>(
  name: string,
  start: (settings: Settings) => Promise<C>,
  { settings = {}, join, ...options }: FabricOptions,
): Promise<Fabric<C>> => {
  await destroyLab(name)
  const lab = await createLab({ ...options, name })
  const directory = await makeDataDirectory()
  const all = { ...settingsAt(lab.controllerAddress, directory), ...settings }
  const controller = await start(all)
  const fabric: Fabric<C> = {
    lab,
    settings: all,
    controller,
    stop: async () => {
      await fabric.controller.stop()
      await destroyLab(name)
      await removeDataDirectory(directory)
    },
  }
  const joining = lab.nodes.filter(({ name: node }) => join?.includes(node) ?? true)
  try {
    await Promise.all(joining.map((node) => node.setManager(managerOf(lab))))
    for (const node of joining) await ready(controller.client, node.name)
    return fabric
  } catch (error) {
    await fabric.stop()
    throw error
  }
}

/** What an operator gives `ovs-vsctl set-manager`. */
export const managerOf = (lab: Lab): string => `tcp:${lab.controllerAddress}:6640`

/** As `startFabric`, with the controller in this process. */
export const startFabricHere = (name: string, options: FabricOptions): Promise<Fabric> =>
  startFabric(name, startHere, options)

export const ready = (client: Client, node: string, timeout?: number): Promise<void> => {
  const look = async (): Promise<string> => {
    const found = (await client.nodes()).nodes.find(({ name }) => name === node)
    return found === undefined ? 'absent' : `${found.state} ${found.reason ?? ''}`.trim()
  }
  return eventually(look, 'ready', timeout)
}

/** `absent` for a node that the controller does not know. */
export const nodeState = async (client: Client, node: string): Promise<string> => {
  const { nodes } = await client.nodes()
  return nodes.find(({ name }) => name === node)?.state ?? 'absent'
}

/** `up`, `down a,b` or `pending CODE,CODE`. */
export const said = ({ status }: Link): string => {
  switch (status.state) {
    case 'up':
      return 'up'
    case 'down':
      return `down ${status.lostCarrier.join()}`
    case 'pending':
      return `pending ${status.reasons.map(({ code }) => code).join()}`
  }
}

export const becomes = (client: Client, link: string, state: string, timeout?: number): Promise<void> =>
  eventually(async () => said(await client.link(link)), state, timeout)

/** Whether one ping out of `tries` comes back. Between two nodes the first one may go with the search for the other's link address. */
export const reaches = async (from: LabHost, address: string, tries = 1): Promise<boolean> => {
  const { code } = await from.exec(['ping', '-c', String(tries), '-i', '0.2', '-W', '1', address])
  return code === 0
}

/** Whether a device in a host's namespace has carrier. */
export const hasCarrier = async (host: LabHost, device: string): Promise<boolean> => {
  const { stdout } = await host.exec(['cat', `/sys/class/net/${device}/carrier`])
  return stdout.trim() === '1'
}

/** Our flows on a node, without what changes with time. */
export const flowsAt = async (client: Client, node: string): Promise<string[]> =>
  (await client.flows(node)).map(({ match, actions, cookie }) => `${cookie} ${match} ${actions}`).sort()

/** One counter or gauge of the metrics, summed over its labels that contain `label`. */
export const metric = async (client: Client, name: string, label = ''): Promise<number> => {
  const lines = (await client.metrics()).split('\n')
  const values = lines.filter(
    (line) => (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) && line.includes(label),
  )
  return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

/** Collects events until stopped. */
export const watchEvents = (client: Client): { readonly seen: FabricEvent[]; stop(): void } => {
  const seen: FabricEvent[] = []
  const abort = new AbortController()
  const read = async (): Promise<void> => {
    for await (const message of client.events({ signal: abort.signal })) {
      if (message.kind === 'event') seen.push(message.event)
    }
  }
  read().catch(() => {})
  return { seen, stop: () => abort.abort() }
}
