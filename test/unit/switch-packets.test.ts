/** A switch behind its handle, simulated: packets both ways, flows that expire, the ports that a node has. `test/live` has a real one. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cookieOf, type Origin } from '#compile/cookie.js'
import type { PortWish } from '#compile/desired.js'
import { silentLogger } from '#model/logger.js'
import { output } from '#openflow/actions.js'
import { parseFlow } from '#openflow/flow-text.js'
import type { Message } from '#openflow/messages.js'
import { planSwitch, type SwitchPlan } from '#reconcile/plan.js'
import type { SwitchHandle } from '#reconcile/switch-handle.js'
import { EarlyEvents } from '#switch/early-events.js'
import { Packets } from '#switch/packets.js'
import { frames } from '../fake/frames.js'
import { SwitchStage } from '../fake/switch-stage.js'

let stage: SwitchStage
let handle: SwitchHandle

const { ARP: arp = new Uint8Array() } = frames
const cache: Origin = { kind: 'cache', serial: 77 }
const endpoint: Origin = { kind: 'endpoint', serial: 1 }

const apply = async (plan: SwitchPlan): Promise<void> => {
  const applied = handle.apply(plan)
  await stage.clock.run(100)
  expect(await applied).toEqual({ state: 'done' })
}

const hold = (origin: Origin, ...texts: readonly string[]): Promise<void> => {
  const cookie = cookieOf(origin)
  const flows = texts.map((text) => ({ ...parseFlow(text), cookie }))
  return apply(planSwitch([{ origin, desired: { ports: [], flows, meters: [], holds: [] } }], [], handle))
}

const wish = (name: string, more: Partial<PortWish> = {}) => ({ name, wish: { name, ...more } })

const pausing = [
  'in_port=1,actions=set_field:0x55->reg5,resubmit(,1)',
  'table=1,priority=1,actions=controller(pause,userdata=07.08),resubmit(,1)',
]

beforeEach(async () => {
  stage = new SwitchStage()
  stage.node.plug('eth1', 'eth2')
  handle = await stage.open()
  await apply(planSwitch([], [wish('eth1'), wish('eth2')], handle))
})
afterEach(() => stage.close())

const ofport = (name: string): number => handle.port(name)?.ofport ?? expect.fail(`${name} has no ofport`)
const inPort = (text: string): string => text.replace('in_port=1', `in_port=${ofport('eth1')}`)
const sendsArp = async (): Promise<void> => {
  stage.node.inject('eth1', arp)
  await stage.clock.run(10)
}

describe('a packet that waits', () => {
  test('comes with its metadata and goes on once, when its flow is there', async () => {
    await hold(endpoint, ...pausing.map(inPort))
    await sendsArp()
    const [packet] = stage.packets
    expect(packet).toMatchObject({ inPort: ofport('eth1'), metadata: { reg5: 0x55 } })
    expect([packet?.userdata, packet?.data].map((bytes) => Buffer.from(bytes ?? []))).toEqual([
      Buffer.of(7, 8),
      Buffer.from(arp),
    ])
    await hold(cache, `table=1,priority=2,reg5=0x55,actions=output:${ofport('eth2')}`)
    expect(stage.frames).toEqual([])
    if (packet === undefined) expect.fail()
    handle.resume(packet)
    handle.resume(packet)
    await stage.clock.run(10)
    expect(stage.frames.map((frame) => frame.interface)).toEqual(['eth2'])
    expect(handle.packets).toEqual({ received: 1, resumed: 1, sent: 0, refused: 0 })
  })

  test('goes on after the controller’s connection was another one', async () => {
    await hold(endpoint, ...pausing.map(inPort))
    await sendsArp()
    stage.node.drop('openflow')
    await stage.clock.run(10)
    expect(handle.ready).toBe(false)
    const [packet] = stage.packets
    if (packet === undefined) expect.fail()
    handle.resume(packet)
    await stage.clock.run(5_000)
    expect([handle.ready, handle.packets.resumed]).toEqual([true, 0])
    await hold(cache, `table=1,priority=2,reg5=0x55,actions=output:${ofport('eth2')}`)
    handle.resume(packet)
    await stage.clock.run(10)
    expect(stage.frames.map((frame) => frame.interface)).toEqual(['eth2'])
  })

  test('is nothing to a switch that has started again, and nothing to warn of', async () => {
    await hold(endpoint, ...pausing.map(inPort))
    await sendsArp()
    const [packet] = stage.packets
    stage.node.restart()
    await stage.clock.run(5_000)
    if (packet === undefined) expect.fail()
    handle.resume(packet)
    await stage.clock.run(10)
    expect([handle.ready, handle.packets.resumed]).toEqual([true, 1])
    expect([stage.frames, stage.warnings]).toEqual([[], []])
  })
})

test('a frame of ours leaves by the ports that its actions say', async () => {
  handle.packetOut(arp, [output(ofport('eth2'))])
  handle.packetOut(arp, [output(ofport('eth2')), output(ofport('eth1'))], ofport('eth1'))
  await stage.clock.run(10)
  expect(stage.frames.map((frame) => frame.interface)).toEqual(['eth2', 'eth2'])
  expect(stage.frames[0]?.bytes).toEqual(arp)
  stage.node.drop('openflow')
  await stage.clock.run(10)
  handle.packetOut(arp, [output(ofport('eth2'))])
  expect(handle.packets.sent).toBe(2)
})

test('a flow that expires is no drift; one that somebody takes away is', async () => {
  await hold(
    cache,
    'table=5,in_port=9,hard_timeout=30,actions=output:1',
    'table=5,in_port=8,idle_timeout=10,actions=output:1',
  )
  await stage.clock.run(11_000)
  expect(stage.expired).toEqual([cache])
  await stage.clock.run(20_000)
  expect(stage.expired).toEqual([cache, cache])
  expect(stage.drift).toEqual([])
  expect(handle.book.size).toBe(0)
  await hold(endpoint, 'table=5,in_port=9,hard_timeout=30,actions=output:1')
  stage.node.byHand('delete')
  await stage.clock.run(100)
  expect(stage.drift).toMatchObject([{ type: 'removed', cookie: cookieOf(endpoint) }])
  expect(stage.expired).toHaveLength(2)
})

test('a flow of somebody else that expires is neither', async () => {
  stage.node.byHand('add', { ...parseFlow('table=5,hard_timeout=1,actions=drop'), cookie: 5n })
  await stage.clock.run(100)
  stage.drift.length = 0
  await stage.clock.run(3_000)
  expect([stage.expired, handle.book.foreign]).toEqual([[], 0])
})

describe('a flood', () => {
  const properties: Extract<Message, { type: 'packet_in2' }>['properties'] = [
    { type: 'packet', data: arp },
    { type: 'continuation', data: Uint8Array.of(1) },
  ]

  test('of answers stops where the switch does not read, and is counted', () => {
    const packets = new Packets('n1', silentLogger)
    const posted: Message[] = []
    const channel = {
      queuedBytes: 0,
      send: (message: Message) => posted.push(message),
    }
    packets.send(arp, [], 1, channel)
    channel.queuedBytes = 2 * 1024 * 1024
    packets.send(arp, [], 1, channel)
    packets.resume(packets.read({ type: 'packet_in2', properties }), channel)
    expect(posted.map(({ type }) => type)).toEqual(['packet_out'])
    expect(packets.counts).toEqual({ received: 1, resumed: 0, sent: 1, refused: 2 })
  })

  test('of packets holds none of the network’s buffers', () => {
    const network = new Uint8Array(65_536)
    const data = network.subarray(100, 160)
    const packets = new Packets('n1', silentLogger)
    const packet = packets.read({
      type: 'packet_in2',
      properties: [
        { type: 'packet', data },
        { type: 'userdata', data },
        { type: 'continuation', data },
      ],
    })
    expect(packet.data.buffer.byteLength).toBe(60)
    expect(packet.userdata.buffer.byteLength).toBe(60)
  })

  test('that begins before the switch was read is kept in bounds', () => {
    const early = new EarlyEvents()
    const taken = Array.from({ length: 1_000 }, () => early.push({ type: 'packet_in2', properties }))
    expect(taken.indexOf(false)).toBe(256)
    expect(early.push({ type: 'flow_monitor_reply', items: [] })).toBe(true)
    expect([...early].map(({ type }) => type).slice(255)).toEqual(['packet_in2', 'flow_monitor_reply'])
  })
})

describe('ports of the node', () => {
  const names = (): string[] => [...handle.ports()].map(({ name }) => name).sort()

  test('are the tunnels and what was asked for; nobody can ask for a tunnel', () => {
    expect(names()).toEqual(['br-int', 'eth1', 'eth2', 'heddle-gpe', 'heddle-vxlan'])
    expect([...handle.ourPorts()].map(({ name }) => name)).toEqual(['eth1', 'eth2'])
    expect(handle.facts.gpeOfport).toBe(stage.node.port('heddle-gpe')?.ofport)
    expect(handle.port('heddle-gpe')).toMatchObject({ ours: false, error: expect.stringContaining('tunnel') })
  })

  test('come and go with the settings, the others being left alone', async () => {
    const before = ofport('eth1')
    handle = await stage.open({})
    await stage.clock.run(100)
    expect(names()).toEqual(['br-int', 'eth1', 'eth2', 'heddle-vxlan'])
    expect([handle.facts.gpeOfport, ofport('eth1')]).toEqual([undefined, before])
    handle = await stage.open()
    await stage.clock.run(100)
    expect(names()).toContain('heddle-gpe')
    expect([typeof handle.facts.gpeOfport, ofport('eth1')]).toEqual(['number', before])
  })

  test('of somebody else stay, also under the name of a tunnel', async () => {
    const db = stage.node.database
    db.transact([
      {
        op: 'update',
        table: 'Port',
        where: [['name', '==', 'heddle-gpe']],
        row: { external_ids: ['map', []] },
      },
    ])
    handle = await stage.open({})
    await stage.clock.run(100)
    expect(names()).toContain('heddle-gpe')
  })

  test('are made by the switch where they are to have an address, and change with it', async () => {
    const asked = (internalMac: number) =>
      planSwitch([], [wish('heddle0', { internalMac, mtu: 1400 })], handle)
    await apply(asked(0x0a58_0a00_0001))
    expect(stage.node.port('heddle0')?.mac).toBe('0a:58:0a:00:00:01')
    expect(handle.port('heddle0')).toMatchObject({
      ours: true,
      internalMac: '0a:58:0a:00:00:01',
      mac: '0a:58:0a:00:00:01',
      mtu: 1400,
    })
    expect(asked(0x0a58_0a00_0001).addPorts).toEqual([])
    await apply(asked(0x0a58_0a00_0002))
    expect(stage.node.port('heddle0')?.mac).toBe('0a:58:0a:00:00:02')
    await apply(planSwitch([], [{ name: 'heddle0', wish: undefined }], handle))
    expect(names()).not.toContain('heddle0')
  })

  test('leave with the node', async () => {
    const released = handle.release()
    await stage.clock.run(1_000)
    await released
    expect(stage.node.port('heddle-gpe')).toBeUndefined()
    expect(stage.node.bridge).toBeUndefined()
  })
})
