/** Packets between a real switch and us: sent out, taken in, paused and taken up again where they were. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { controller, output, reservedPorts, resubmit, setField } from '#openflow/actions.js'
import type { Channel, EventMessage } from '#openflow/channel.js'
import type { Flow } from '#openflow/flow.js'
import { flowModOf } from '#openflow/messages/flows.js'
import { type PacketInfo, packetInfo } from '#openflow/messages/packets.js'
import { noBuffer } from '#openflow/messages/parts.js'
import { bridge, type LiveSwitch, startSwitch } from './support/openflow-switch.js'

let live: LiveSwitch
let channel: Channel
let onEvent: (event: EventMessage) => void = () => {}
const ports = [1, 2] as const

beforeAll(async () => {
  live = await startSwitch('ofpacket', { onEvent: (event) => onEvent(event) })
  channel = live.channel
  for (const port of ports) {
    const host = await live.lab.addHost({
      name: `h${port}`,
      node: live.node.name,
      interfaces: [{ name: 'eth0', addresses: [`10.0.0.${port}/24`] }],
    })
    const device = host.device('eth0')
    const request = `ofport_request=${port}`
    await live.node.vsctl('add-port', bridge, device, '--', 'set', 'Interface', device, request)
  }
  await channel.batch([{ type: 'set_packet_in_format', format: 'nxt_packet_in2' }])
})
afterAll(() => live?.stop())

/** As in `lab-notes`: a packet that no flow of table 1 knows is paused, and looks table 1 up again when it goes on. */
const miss: readonly Flow[] = [
  { table: 0, priority: 1, match: {}, cookie: 1n, actions: [setField('reg5', 0x55), resubmit(1)] },
  {
    table: 1,
    priority: 0,
    match: {},
    cookie: 2n,
    actions: [controller({ pause: true, userdata: Uint8Array.of(7, 8) }), resubmit(1)],
  },
]
const forward = (from: number, to: number): Flow => ({
  table: 1,
  priority: 10,
  match: { in_port: from, reg5: 0x55 },
  cookie: 3n,
  actions: [output(to)],
})

it('pauses the first packets, learns where they go, and loses none', async () => {
  await channel.bundle(miss.map((flow) => flowModOf('add', flow)))
  const missed: PacketInfo[] = []
  const work: Promise<unknown>[] = []
  onEvent = (event) => {
    if (event.type !== 'packet_in2') return
    const info = packetInfo(event.properties)
    const from = Number(info.match.in_port)
    missed.push(info)
    work.push(
      channel
        .bundle([flowModOf('add', forward(from, 3 - from))])
        .then(() => channel.send({ type: 'resume', properties: event.properties })),
    )
  }
  const host = await live.lab.host('h1')
  const { stdout } = await host.exec(['ping', '-c', '3', '-i', '0.2', '-W', '2', '10.0.0.2'])
  await Promise.all(work)
  expect(stdout).toContain('3 packets transmitted, 3 received')
  expect(new Set(missed.map(({ match }) => match.in_port))).toEqual(new Set(ports))
  for (const { userdata, continuation, ...info } of missed) {
    // Table and cookie are those of the flow in which the packet began, not of the one that paused it.
    expect(info).toMatchObject({ table: 0, cookie: 1n, reason: 'action', match: { reg5: 0x55 } })
    expect(userdata).toEqual(Buffer.of(7, 8))
    expect(continuation?.length).toBeGreaterThan(0)
  }
})

it('sends a packet of ours through the tables, and has it back from a host’s port', async () => {
  const frame = Buffer.from('ffffffffffff02000000000188b50102030405060708090a0b0c0d0e0f1011121314', 'hex')
  await channel.bundle([
    flowModOf('delete', { table: 255, priority: 0, match: {}, cookie: 0n, actions: [] }),
    flowModOf('add', {
      table: 0,
      priority: 1,
      match: { eth_type: 0x88b5 },
      cookie: 9n,
      actions: [controller()],
    }),
  ])
  const came = new Promise<EventMessage>((resolve) => {
    onEvent = resolve
  })
  channel.send({
    type: 'packet_out',
    bufferId: noBuffer,
    match: { in_port: 1 },
    actions: [output(reservedPorts.table)],
    data: frame,
  })
  const event = await came
  if (event.type !== 'packet_in2') expect.fail(event.type)
  const info = packetInfo(event.properties)
  expect(info).toMatchObject({ table: 0, cookie: 9n, match: { in_port: 1 } })
  expect(Buffer.from(info.packet).toString('hex')).toBe(frame.toString('hex'))
})

it('has packet-ins in the standard’s form as well', async () => {
  await channel.batch([{ type: 'set_packet_in_format', format: 'standard' }])
  const came = new Promise<EventMessage>((resolve) => {
    onEvent = resolve
  })
  channel.send({
    type: 'packet_out',
    bufferId: noBuffer,
    match: { in_port: 2 },
    actions: [output(reservedPorts.controller, 0xffff)],
    data: Buffer.from('ffffffffffff02000000000188b501020304', 'hex'),
  })
  expect(await came).toMatchObject({
    type: 'packet_in',
    reason: 'packet_out',
    match: { in_port: 2 },
    totalLength: 18,
  })
})
