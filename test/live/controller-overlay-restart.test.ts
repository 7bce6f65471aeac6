/** Networks and a controller that is killed under traffic: no packet is lost, and the flows are the same ones afterwards. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client, Flow } from '#api/client.js'
import type { LabHost } from '#lab/host.js'
import type { Lab } from '#lab/lab.js'
import { attach, pings } from './support/containers.js'
import { type ControllerProcess, startProcess } from './support/controller.js'
import { eventually, type Fabric, metric, ready, soon, startFabric, watchEvents } from './support/fabric.js'

let fabric: Fabric<ControllerProcess>
let lab: Lab
let client: Client
let a: LabHost
let b: LabHost
let c: LabHost
const addressOf = new Map<string, string>()

const to = (name: string): string => addressOf.get(name) ?? expect.fail(name)

beforeAll(async () => {
  fabric = await startFabric('ctloverk', startProcess, { nodes: 2 })
  ;({ lab } = fabric)
  ;({ client } = fabric.controller)
  const e0 = [{ name: 'e0' }]
  ;[a, b, c] = (await lab.addHosts([
    { name: 'a', node: 'n1', interfaces: e0 },
    { name: 'b', node: 'n2', interfaces: e0 },
    { name: 'c', node: 'n2', interfaces: e0 },
  ])) as [LabHost, LabHost, LabHost]
  await client.overlay.putNetwork('blue', { subnets: [{ cidr: '10.9.0.0/24' }] })
  for (const host of [a, b, c]) addressOf.set(host.name, (await attach(client, lab, host, 'blue'))[4])
})
afterAll(() => fabric?.stop())

const flows = async (node: string): Promise<Map<string, Flow>> =>
  new Map((await client.flows(node)).map((flow) => [`${flow.cookie} ${flow.match} ${flow.actions}`, flow]))

it('is killed under a thousand packets a second and started again: none is lost, no flow is touched', async () => {
  expect(await pings(a, to('b'))).toBe(true)
  const before = await flows('n1')
  const pinging = a.exec(['ping', '-q', '-i', '0.001', '-c', '6000', to('b')])
  await soon(async () => [...(await flows('n1')).values()].some(({ packets }) => Number(packets) > 50))
  await fabric.controller.kill()
  fabric.controller = await startProcess(fabric.settings)
  ;({ client } = fabric.controller)
  for (const { name } of lab.nodes) await ready(client, name, 20_000)
  expect((await pinging).stdout).toContain('6000 packets transmitted, 6000 received, 0% packet loss')
  const after = await flows('n1')
  expect([...after.keys()].sort()).toEqual([...before.keys()].sort())
  for (const [key, { durationSeconds }] of before)
    expect(after.get(key)?.durationSeconds).toBeGreaterThan(durationSeconds)
  expect(await metric(client, 'heddle_flow_mods_total')).toBe(0)
  const entries = await client.overlay.mapCache('n1')
  expect(entries.find(({ eid }) => eid.startsWith(to('b')))).toMatchObject({ why: 'resolved', node: 'n2' })
})

it('follows an entry that it found there: its endpoint goes, and senders are told so', async () => {
  await client.overlay.deleteEndpoint('b')
  const { stdout } = await a.exec(['ping', '-c', '1', '-W', '2', to('b')])
  expect(stdout).toMatch(/Unreachable/)
})

it('repairs what somebody else deleted, and names the object', async () => {
  expect(await pings(a, to('c'))).toBe(true)
  const before = [...(await flows('n1')).keys()].sort()
  const events = watchEvents(client)
  await lab.node('n1').ofctl('del-flows', 'br-int')
  await eventually(async () => [...(await flows('n1')).keys()].sort(), before)
  events.stop()
  expect(await pings(a, to('c'))).toBe(true)
  const told = events.seen.filter(({ type }) => type === 'drift-repaired').map(({ object }) => object)
  expect(told).toEqual(expect.arrayContaining(['network blue', 'endpoint a', `eid blue ${to('c')}/32`]))
})

it('shows a node that has gone as it is, and has it whole again when it is back', async () => {
  const events = watchEvents(client)
  await lab.node('n2').vsctl('del-manager')
  await eventually(async () => (await client.overlay.endpoint('c')).status, {
    state: 'pending',
    reasons: [{ code: 'node-offline', node: 'n2', message: 'node n2 is not connected' }],
  })
  expect(await pings(a, to('c'))).toBe(true)
  await lab.node('n2').setManager(`tcp:${lab.controllerAddress}:6640`)
  await eventually(async () => (await client.overlay.endpoint('c')).status, { state: 'up' })
  expect(await pings(a, to('c'))).toBe(true)
  await soon(async () =>
    events.seen.some(({ type, object }) => type === 'endpoint-up' && object === 'endpoint c'),
  )
  events.stop()
  const seen = events.seen.filter(({ object }) => object === 'endpoint c').map(({ type }) => type)
  expect(seen.filter((type, index) => type !== seen[index - 1])).toEqual(['endpoint-pending', 'endpoint-up'])
})
