/** What somebody changes by hand is put right within a second and told; what others add to our tables is told and left. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client } from '#api/client.js'
import type { LabHost } from '#lab/host.js'
import type { Lab } from '#lab/lab.js'
import {
  becomes,
  type Fabric,
  flowsAt,
  metric,
  reaches,
  ready,
  soon,
  startFabricHere,
  watchEvents,
} from './support/fabric.js'

let fabric: Fabric
let lab: Lab
let client: Client
let a: LabHost
let events: ReturnType<typeof watchEvents>

beforeAll(async () => {
  fabric = await startFabricHere('ctldrift', { nodes: 2 })
  ;({ lab } = fabric)
  ;({ client } = fabric.controller)
  a = await lab.addHost({
    name: 'a',
    node: 'n1',
    interfaces: [{ name: 'e0', addresses: ['10.9.0.1/24'] }],
  })
  await lab.addHost({ name: 'b', node: 'n2', interfaces: [{ name: 'e0', addresses: ['10.9.0.2/24'] }] })
  await client.createLink({
    name: 'blue',
    a: { node: 'n1', interface: 'a-e0' },
    b: { node: 'n2', interface: 'b-e0' },
    rateMbps: 500,
  })
  await soon(() => reaches(a, '10.9.0.2'))
  events = watchEvents(client)
})
afterAll(async () => {
  events?.stop()
  await fabric?.stop()
})

const ofctl = (...words: string[]): Promise<string> => lab.node('n1').ofctl(...words)

/** Does something to n1's flows and expects them to be as before within a second. */
const heals = async (harm: () => Promise<unknown>): Promise<void> => {
  const before = await flowsAt(client, 'n1')
  await harm()
  await soon(async () => JSON.stringify(await flowsAt(client, 'n1')) === JSON.stringify(before), 1_000)
  await soon(() => reaches(a, '10.9.0.2'))
}

const told = (type: string, words: RegExp): Promise<void> =>
  soon(async () => events.seen.some((event) => event.type === type && words.test(event.message)))

it('puts all flows back after ovs-ofctl del-flows, and tells which were gone', async () => {
  await heals(() => ofctl('del-flows', 'br-int'))
  await told(
    'drift-repaired',
    /a flow of link blue on n1 was removed by somebody else and is repaired: .*tun_id/,
  )
  await told('drift-repaired', /a flow of node n1 on n1 was removed/)
  expect(await metric(client, 'heddle_drift_total', 'repaired')).toBeGreaterThanOrEqual(3)
})

it('puts one flow back, time and again', async () => {
  for (let round = 0; round < 10; round++) await ofctl('del-flows', 'br-int', 'in_port=heddle-vxlan')
  await heals(() => ofctl('del-flows', 'br-int', 'in_port=a-e0'))
})

it('puts a changed flow right', async () => {
  await heals(() => ofctl('mod-flows', 'br-int', 'in_port=a-e0,actions=drop'))
  await told('drift-repaired', /a flow of link blue on n1 was modified/)
})

it('takes its flow back from somebody who has put one of theirs in its place', async () => {
  const [own] = (await client.flows('n1')).filter(({ match }) => match.includes('tun_id'))
  const match = own?.match ?? expect.fail('no flow')
  await heals(() => ofctl('add-flow', 'br-int', `cookie=0x77,priority=200,${match},actions=drop`))
})

it('tells of a flow of somebody else, and leaves it', async () => {
  await ofctl('add-flow', 'br-int', 'cookie=0xabc,priority=7,dl_type=0x1234,actions=drop')
  await told('drift-foreign', /somebody else added a flow on n1: .*cookie=0xabc/)
  expect(await metric(client, 'heddle_foreign_flows')).toBe(1)
  const foreign = (await client.flows('n1')).find(({ cookie }) => cookie.endsWith('abc'))
  expect(foreign).toMatchObject({ priority: 7, actions: 'drop' })
  expect(foreign?.origin).toBeUndefined()
  await client.changeLink('blue', { vni: 9_000 })
  expect(await ofctl('dump-flows', 'br-int')).toContain('cookie=0xabc')
  await ofctl('del-flows', 'br-int', 'cookie=0xabc/-1')
  await soon(async () => (await metric(client, 'heddle_foreign_flows')) === 0)
})

it('puts a port back that was taken off the bridge', async () => {
  await lab.node('n1').vsctl('del-port', 'br-int', 'a-e0')
  await soon(() => reaches(a, '10.9.0.2'), 5_000)
  await becomes(client, 'blue', 'up')
})

it('follows a port whose number changes', async () => {
  const numberOf = async (): Promise<number | undefined> =>
    (await client.ports('n1')).find(({ name }) => name === 'a-e0')?.ofport
  const before = await numberOf()
  await lab.node('n1').vsctl('set', 'Interface', 'a-e0', 'ofport_request=99')
  await soon(async () => (await numberOf()) === 99)
  expect(before).not.toBe(99)
  await becomes(client, 'blue', 'up')
  await soon(() => reaches(a, '10.9.0.2'), 5_000)
  expect(await ofctl('dump-meters', 'br-int')).toMatch(/meter=99 /)
  expect(await ofctl('dump-meters', 'br-int')).not.toContain(`meter=${before} `)
})

it('follows a tunnel port whose number changes', async () => {
  await lab.node('n1').vsctl('set', 'Interface', 'heddle-vxlan', 'ofport_request=77')
  await soon(async () => (await client.node('n1')).tunnelOfport === 77)
  await becomes(client, 'blue', 'up')
  await soon(() => reaches(a, '10.9.0.2'), 5_000)
  expect(await flowsAt(client, 'n1')).toHaveLength(3)
})

it('puts a meter back that was deleted with the flows that used it', async () => {
  await heals(() => ofctl('del-meters', 'br-int'))
  await soon(async () => (await ofctl('dump-meters', 'br-int')).includes('rate=500000'))
})

it('makes the bridge again when it was deleted', async () => {
  const { datapathId } = await client.node('n1')
  await lab.node('n1').vsctl('del-br', 'br-int')
  await soon(() => reaches(a, '10.9.0.2'))
  await ready(client, 'n1')
  await becomes(client, 'blue', 'up')
  expect((await client.node('n1')).datapathId).toBe(datapathId)
})
