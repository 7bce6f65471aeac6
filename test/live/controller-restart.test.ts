/** The program itself: killed under traffic, started again, stopped in order. Nothing acknowledged is lost, no packet either. */
import { execFile } from 'node:child_process'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { Client, type Flow, type LinkSpec } from '#api/client.js'
import type { LabHost } from '#lab/host.js'
import { type ControllerProcess, startProcess, terminateAt } from './support/controller.js'
import {
  becomes,
  type Fabric,
  flowsAt,
  metric,
  reaches,
  ready,
  soon,
  startFabric,
  watchEvents,
} from './support/fabric.js'

const run = promisify(execFile)

let fabric: Fabric<ControllerProcess>
let client: Client
let a: LabHost

const link = (index: number): LinkSpec => ({
  name: `l${index}`,
  a: { node: 'n1', interface: `a-e${index}` },
  b: { node: 'n2', interface: `b-e${index}` },
})

beforeAll(async () => {
  fabric = await startFabric('ctlrestart', startProcess, { nodes: 2 })
  ;({ client } = fabric.controller)
  const interfaces = (last: number) =>
    [0, 1].map((index) => ({ name: `e${index}`, addresses: [`10.2${index}.0.${last}/24`] }))
  ;[a] = (await fabric.lab.addHosts([
    { name: 'a', node: 'n1', interfaces: interfaces(1) },
    { name: 'b', node: 'n2', interfaces: interfaces(2) },
  ])) as [LabHost]
  await client.createLink({ ...link(0), rateMbps: 800, mtu: 1500 })
  await soon(() => reaches(a, '10.20.0.2'))
})
afterAll(() => fabric?.stop())

const startAgain = async (): Promise<void> => {
  fabric.controller = await startProcess(fabric.settings)
  ;({ client } = fabric.controller)
  for (const { name } of fabric.lab.nodes) await ready(client, name, 20_000)
}

beforeEach(async () => {
  await becomes(client, 'l0', 'up')
})

/** The database server of the controller, which has a process of its own. */
const northboundPid = async (): Promise<number> => {
  const { stdout } = await run('pgrep', [
    '-f',
    `^ovsdb-server .*${fabric.settings.dataDirectory}/northbound.db$`,
  ])
  return Number(stdout)
}

const carriers = async (): Promise<Map<string, Flow>> =>
  new Map((await client.flows('n1')).map((flow) => [`${flow.cookie} ${flow.match} ${flow.actions}`, flow]))

it('is killed under a ping of 100 a second and started again: no packet is lost, the flows are the same ones', async () => {
  const before = await carriers()
  const pinging = a.exec(['ping', '-i', '0.01', '-c', '600', '10.20.0.2'])
  await soon(async () => Number([...(await carriers()).values()][0]?.packets) > 20)
  await fabric.controller.kill()
  await startAgain()
  const { stdout } = await pinging
  expect(stdout).toContain('600 packets transmitted, 600 received, 0% packet loss')
  const after = await carriers()
  expect([...after.keys()]).toEqual([...before.keys()])
  for (const [key, flow] of before) {
    const now = after.get(key) ?? expect.fail(key)
    expect(now.durationSeconds).toBeGreaterThan(flow.durationSeconds)
    // The ping is in the link's flows; what belongs to nothing may have counted a stray frame, once.
    const carried = flow.origin?.kind === 'link' && flow.packets !== '0' ? 1 : 0
    expect(Number(now.packets)).toBeGreaterThanOrEqual(Number(flow.packets) + carried)
  }
  expect(await metric(client, 'heddle_flow_mods_total')).toBe(0)
  expect(await metric(client, 'heddle_switch_transactions_total')).toBe(0)
  expect(await metric(client, 'heddle_plans_total')).toBe(0)
})

it('is killed right after it has acknowledged links: they are there', async () => {
  const acknowledged: string[] = []
  const asking = Array.from({ length: 60 }, async (_, index) => {
    const spec = {
      name: `x${index}`,
      a: { node: 'n8', interface: `p${index}` },
      b: { node: 'n9', interface: `p${index}` },
    }
    const made = await client.createLink(spec, { wait: 0 }).catch(() => undefined)
    if (made === undefined) return
    acknowledged.push(made.name)
    if (acknowledged.length === 20) await fabric.controller.kill()
  })
  await Promise.all(asking)
  expect(acknowledged.length).toBeGreaterThanOrEqual(20)
  await startAgain()
  const { links } = await client.links()
  expect(links.map(({ name }) => name)).toEqual(expect.arrayContaining(acknowledged))
  const vnis = links.map(({ vni }) => vni)
  expect(new Set(vnis).size).toBe(vnis.length)
  for (const { name } of links) if (name.startsWith('x')) await client.deleteLink(name, { wait: 0 })
})

it('clears away what was deleted from the database while no controller ran', async () => {
  await client.createLink(link(1))
  await soon(() => reaches(a, '10.21.0.2'))
  await fabric.controller.kill()
  const socket = `unix:${fabric.settings.dataDirectory}/northbound.db.sock`
  const where = [['name', '==', 'l1']]
  const transaction = JSON.stringify(['Heddle_Northbound', { op: 'delete', table: 'Link', where }])
  await run('ovsdb-client', ['transact', socket, transaction])
  await startAgain()
  await soon(async () => (await flowsAt(client, 'n1')).length === 3)
  expect(await reaches(a, '10.21.0.2')).toBe(false)
  await soon(async () => !(await fabric.lab.node('n1').vsctl('list-ports', 'br-int')).includes('a-e1'))
})

it('starts its database server again when that was killed, and loses neither links nor switches', async () => {
  const { connectedAt } = await client.node('n1')
  const pid = await northboundPid()
  process.kill(pid, 'SIGKILL')
  await soon(async () => (await client.readiness()).ready && (await northboundPid()) !== pid)
  const made = await client.createLink(link(1))
  expect(made.status).toEqual({ state: 'up' })
  await client.deleteLink('l1')
  expect(await client.node('n1')).toMatchObject({ state: 'ready', connectedAt })
})

const isRefused = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host })
    socket.on('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.on('error', () => resolve(true))
  })

it('stops in order on SIGTERM: exit code 0, its server gone, its doors closed, its flows in place', async () => {
  const events = watchEvents(client)
  const waiting = client.createLink({ ...link(1), b: { node: 'n9', interface: 'p' } }, { wait: '30s' })
  await soon(async () => (await client.links()).links.length === 2)
  const stopping = fabric.controller.terminate()
  expect((await waiting).status.state).toBe('pending')
  expect(await stopping).toBe(0)
  events.stop()
  await expect(northboundPid()).rejects.toMatchObject({ code: 1 })
  const { port } = new URL(fabric.controller.url)
  expect(await isRefused(Number(port), '127.0.0.1')).toBe(true)
  for (const door of [6640, 6653]) expect(await isRefused(door, fabric.lab.controllerAddress)).toBe(true)
  expect(await reaches(a, '10.20.0.2')).toBe(true)
  await startAgain()
  await client.deleteLink('l1')
})

it('stops in order while it is still starting, and takes its server with it', async () => {
  const dataDirectory = `${fabric.settings.dataDirectory}/early`
  const settings = { ...fabric.settings, dataDirectory, 'listen.ovsdb': 'ptcp:0:127.0.0.1' }
  expect(await terminateAt(settings, 'northbound ovsdb-server started')).toBe(0)
  await expect(run('pgrep', ['-f', `${dataDirectory}/northbound.db$`])).rejects.toMatchObject({ code: 1 })
})

it('says what is wrong and how to go on when it cannot start', async () => {
  const { url } = fabric.controller
  const directory = `${fabric.settings.dataDirectory}/second`
  const taken = { ...fabric.settings, dataDirectory: directory, 'listen.rest': new URL(url).host }
  await expect(startProcess(taken)).rejects.toThrow(/REST cannot listen on .*EADDRINUSE.*change listen\.rest/)
  expect(await new Client({ baseUrl: url }).health()).toEqual({ ok: true })
})
