/** What a real switch holds beside flows, and how it reports changes: monitors, ports, groups, meters. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { group, meter, output, reservedPorts } from '#openflow/actions.js'
import type { Channel, EventMessage } from '#openflow/channel.js'
import type { Flow } from '#openflow/flow.js'
import type { FlowUpdate } from '#openflow/messages/flow-monitor.js'
import { flowFilter, flowModOf } from '#openflow/messages/flows.js'
import { bucketIds, selectionMethodOf } from '#openflow/messages/groups.js'
import { everything } from '#openflow/messages/parts.js'
import type { MessageOf } from '#openflow/messages.js'
import { bridge, type LiveSwitch, startSwitch } from './support/openflow-switch.js'

let live: LiveSwitch
let channel: Channel
let device: string
beforeAll(async () => {
  live = await startSwitch('ofstate')
  channel = live.channel
  const host = await live.lab.addHost({ name: 'h1', node: live.node.name, interfaces: ['eth0'] })
  device = host.device('eth0')
  await live.node.vsctl('add-port', bridge, device, '--', 'set', 'Interface', device, 'ofport_request=7')
})
afterAll(() => live?.stop())

const flow: Flow = { table: 3, priority: 10, match: { in_port: 7 }, cookie: 0x99n, actions: [output(1)] }

const eventsOf = <T extends EventMessage['type']>(type: T): readonly MessageOf<T>[] =>
  live.events.filter((event): event is MessageOf<T> & EventMessage => event.type === type)

describe('a flow monitor', () => {
  const monitor = (command: 'add' | 'delete') =>
    channel.request({
      type: 'flow_monitor_request',
      items: [
        {
          monitorId: 1,
          outPort: reservedPorts.any,
          outGroup: everything.anyGroup,
          flags: ['initial', 'add', 'removed', 'modify', 'instructions'],
          table: everything.table,
          command,
          match: {},
        },
      ],
    })
  const updates = (): readonly FlowUpdate[] => eventsOf('flow_monitor_reply').flatMap(({ items }) => items)

  it('tells what is there, what we change, and what others change', async () => {
    await channel.bundle([flowModOf('add', flow)])
    const { items } = await monitor('add')
    expect(items).toEqual([{ event: 'initial', flow }])

    const xid = channel.send(flowModOf('modify', { ...flow, actions: [output(2)] }))
    await expect.poll(updates).toEqual([{ event: 'abbrev', xid }])

    live.events.length = 0
    await live.node.ofctl('add-flow', bridge, 'table=4,priority=5,cookie=7,actions=drop')
    await live.node.ofctl('mod-flows', bridge, 'table=3,actions=output:9')
    await live.node.ofctl('del-flows', bridge, 'table=3')
    const theirs = { table: 4, priority: 5, match: {}, cookie: 7n, actions: [] }
    await expect.poll(updates).toEqual([
      { event: 'added', flow: theirs },
      { event: 'modified', flow: { ...flow, actions: [output(9)] } },
      { event: 'removed', reason: 'delete', flow: { ...flow, actions: [output(9)] } },
    ])
  })

  it('is cancelled by its id', async () => {
    await monitor('delete')
    live.events.length = 0
    await live.node.ofctl('del-flows', bridge)
    await channel.barrier()
    expect(updates()).toEqual([])
  })
})

it('hears of flows that end', async () => {
  live.events.length = 0
  await channel.batch([flowModOf('add', { ...flow, flags: ['send_flow_rem'] })])
  await live.node.ofctl('del-flows', bridge)
  await expect.poll(() => eventsOf('flow_removed')).toHaveLength(1)
  const { stats, ...removed } = eventsOf('flow_removed')[0] ?? expect.fail()
  expect(removed).toMatchObject({
    table: 3,
    priority: 10,
    match: flow.match,
    cookie: 0x99n,
    reason: 'delete',
  })
  expect(stats.packetCount).toBe(0n)
})

describe('a port', () => {
  const portOf = async () => {
    const { items } = await channel.request({ type: 'port_desc_request', portNo: 7 })
    return items[0] ?? expect.fail('no port 7')
  }
  const carrier = async (): Promise<string> =>
    (await (await live.lab.host('h1')).exec(['cat', '/sys/class/net/eth0/carrier'])).stdout.trim()
  const set = async (config: readonly 'port_down'[]) => {
    const { hwAddr } = await portOf()
    return channel.batch([
      { type: 'port_mod', portNo: 7, hwAddr, config, mask: ['port_down'], properties: [] },
    ])
  }

  it('is taken down and up, and its far end sees it', async () => {
    expect(await portOf()).toMatchObject({ name: device, config: [] })
    live.events.length = 0
    await set(['port_down'])
    await expect.poll(carrier).toBe('0')
    const stateOf = () => eventsOf('port_status').at(-1)
    await expect.poll(stateOf).toMatchObject({ reason: 'modify', port: { portNo: 7, config: ['port_down'] } })
    await set([])
    await expect.poll(carrier).toBe('1')
    await expect.poll(async () => (await portOf()).state).toContain('live')
  })

  it('that has gone is reported', async () => {
    await live.node.vsctl('add-port', bridge, 'gone', '--', 'set', 'Interface', 'gone', 'type=internal')
    live.events.length = 0
    await live.node.vsctl('del-port', bridge, 'gone')
    await expect
      .poll(() => eventsOf('port_status'))
      .toMatchObject([{ reason: 'delete', port: { name: 'gone' } }])
  })
})

it('makes a group, adds a bucket to it and takes one away', async () => {
  const selection = selectionMethodOf({
    method: 'hash',
    parameter: 0n,
    fields: [{ field: 'ip_src', mask: 0xffff_ffff }],
  })
  const change = (
    command: MessageOf<'group_mod'>['command'],
    commandBucketId: number,
    ids: readonly number[],
  ): MessageOf<'group_mod'> => ({
    type: 'group_mod',
    command,
    groupType: 'select',
    groupId: 5,
    commandBucketId,
    buckets: ids.map((bucketId) => ({
      bucketId,
      actions: [output(bucketId)],
      properties: [{ type: 'weight', weight: bucketId }],
    })),
    properties: command === 'add' ? [selection] : [],
  })
  const described = async () => {
    const { items } = await channel.request({ type: 'group_desc_request', groupId: everything.group })
    return items
  }
  await channel.bundle([
    change('add', bucketIds.all, [1, 2]),
    flowModOf('add', { ...flow, actions: [group(5)] }),
  ])
  await channel.batch([change('insert_bucket', bucketIds.last, [3]), change('remove_bucket', 1, [])])
  const [found] = await described()
  expect(found).toMatchObject({ groupType: 'select', groupId: 5, properties: [{ expType: 1 }] })
  expect(found?.buckets.map(({ bucketId }) => bucketId)).toEqual([2, 3])
  expect(found?.buckets[1]).toMatchObject({
    actions: [output(3)],
    properties: [{ type: 'weight', weight: 3 }],
  })
  const { items } = await channel.request({ type: 'group_stats_request', groupId: 5 })
  expect(items).toMatchObject([{ groupId: 5, refCount: 1, packetCount: 0n }])
  expect((await channel.request({ type: 'group_features_request' })).types).toBe(0xf)
  await channel.batch([change('delete', bucketIds.all, [])])
  expect(await described()).toEqual([])
})

it('makes a meter, binds a flow to it and removes both', async () => {
  const change = (command: 'add' | 'modify' | 'delete', rate: number): MessageOf<'meter_mod'> => ({
    type: 'meter_mod',
    command,
    flags: ['kbps', 'burst', 'stats'],
    meterId: 9,
    bands: [{ type: 'drop', rate, burstSize: 100 }],
  })
  const described = async () =>
    (await channel.request({ type: 'meter_desc_request', meterId: everything.meter })).items
  await channel.batch([change('add', 1000), flowModOf('add', { ...flow, actions: [meter(9), output(1)] })])
  await channel.batch([change('modify', 2000)])
  expect(await described()).toEqual([
    { flags: ['kbps', 'burst', 'stats'], meterId: 9, bands: [{ type: 'drop', rate: 2000, burstSize: 100 }] },
  ])
  const { items } = await channel.request({ type: 'meter_stats_request', meterId: 9 })
  expect(items).toMatchObject([{ meterId: 9, packetInCount: 0n, bands: [{ packetCount: 0n }] }])
  expect((await channel.request({ type: 'meter_features_request' })).maxMeter).toBeGreaterThan(0)
  await channel.batch([change('delete', 0)])
  expect(await described()).toEqual([])
  const flows = await channel.request({ type: 'flow_desc_request', ...flowFilter() })
  expect(flows.items).toEqual([])
})
