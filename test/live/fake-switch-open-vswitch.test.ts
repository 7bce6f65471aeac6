/** The simulated bridge against a real one: the same changes by chance, the same refusals, the same flows and meters afterwards. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { systemClock } from '#link/clock.js'
import { dial } from '#link/dial.js'
import { memoryPair } from '#link/memory.js'
import { type Random, seededRandom, systemRandom } from '#link/random.js'
import type { Transport } from '#link/transport.js'
import { meter, output, reservedPorts } from '#openflow/actions.js'
import { type Channel, type EventMessage, openChannel } from '#openflow/channel.js'
import { OpenFlowError } from '#openflow/errors.js'
import type { Flow } from '#openflow/flow.js'
import { parseFlow, printFlow } from '#openflow/flow-text.js'
import type { Match } from '#openflow/match.js'
import { flowFilter, flowModOf } from '#openflow/messages/flows.js'
import { packetInfo, packetInReasons } from '#openflow/messages/packets.js'
import { noBuffer } from '#openflow/messages/parts.js'
import type { Message } from '#openflow/messages.js'
import { watchAllFlows } from '#switch/flow-watch.js'
import { frames } from '../fake/frames.js'
import { Datapath } from '../fake/switch/datapath.js'
import { OpenFlowServer } from '../fake/switch/openflow-server.js'
import { DummySwitch } from './support/dummy-switch.js'

const channelOver = (transport: Transport, onEvent?: (event: EventMessage) => void): Promise<Channel> =>
  openChannel(transport, { clock: systemClock, random: systemRandom, ...(onEvent && { onEvent }) })

let real: DummySwitch
beforeAll(async () => {
  real = await DummySwitch.start()
})
afterAll(() => real.stop())

const openFake = (onEvent?: (event: EventMessage) => void): Promise<Channel> => {
  const [near, far] = memoryPair({ clock: systemClock }).ends
  const nothing = (): void => {}
  const datapath = new Datapath({
    clock: systemClock,
    onOutput: nothing,
    onExpired: (changes) => server.tell(changes),
  })
  const server: OpenFlowServer = new OpenFlowServer(far, {
    datapath,
    datapathId: 1n,
    onChanges: nothing,
    onReady: nothing,
    onClose: nothing,
  })
  return channelOver(near, onEvent)
}

const openReal = async (onEvent?: (event: EventMessage) => void): Promise<Channel> =>
  channelOver(await dial({ kind: 'unix', path: real.bridgeSocket }), onEvent)

const matches: readonly [Match, ...Match[]] = [
  {},
  { in_port: 1 },
  { in_port: 2 },
  { eth_type: 0x0800 },
  { in_port: 1, eth_type: 0x0800 },
  { eth_type: 0x0800, ip_dst: { value: 0x0a00_0000, mask: 0xff00_0000 } },
  { eth_type: 0x0800, ip_dst: 0x0a01_0203 },
  { eth_type: 0x0800, nw_proto: 17, udp_dst: 53 },
  { in_port: 3, tun_id: 7n },
  { tun_id: { value: 7n, mask: 0xffn } },
]

const empty = flowModOf('delete', { table: 0xff, priority: 0, match: {}, cookie: 0n, actions: [] })

/** Changes by chance. */
class Changes {
  constructor(private readonly random: Random) {}

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[Math.floor(this.random() * from.length)] ?? from[0]
  }

  flow(): Flow {
    const flags = this.pick<'check_overlap' | 'reset_counts' | undefined>([
      undefined,
      undefined,
      undefined,
      'check_overlap',
      'reset_counts',
    ])
    return {
      table: this.pick([0, 0, 0, 1]),
      priority: this.pick([1, 2]),
      match: this.pick(matches),
      cookie: this.pick([0n, 1n, 2n, 0x11n]),
      actions: this.pick<Flow['actions']>([
        [output(1)],
        [output(2)],
        [],
        [meter(1), output(2)],
        [meter(2), output(1)],
      ]),
      ...(flags !== undefined && { flags: [flags] }),
    }
  }

  flowMod(): Message {
    const command = this.pick([
      'add',
      'add',
      'add',
      'modify',
      'modify_strict',
      'delete',
      'delete_strict',
    ] as const)
    const { flags, ...flow } = this.flow()
    const isAdd = command === 'add'
    const table = command === 'delete' ? this.pick([0, 1, 0xff]) : flow.table
    return flowModOf(
      command,
      { ...flow, table, ...(isAdd && flags !== undefined && { flags }) },
      {
        cookieMask: isAdd ? 0n : this.pick([0n, 0n, 0xffff_ffff_ffff_ffffn, 0xfn]),
        ...(command.startsWith('delete') && { outPort: this.pick([0xffff_ffff, 0xffff_ffff, 1]) }),
      },
    )
  }

  meterMod(): Message {
    return {
      type: 'meter_mod',
      command: this.pick<'add' | 'modify' | 'delete'>(['add', 'modify', 'delete']),
      flags: ['kbps', 'burst', 'stats'],
      meterId: this.pick([1, 2]),
      bands: [{ type: 'drop', rate: this.pick([1000, 2000]), burstSize: 100 }],
    }
  }

  /** Messages that are sent together: in a bundle, or by themselves. */
  next(): { readonly bundle: boolean; readonly messages: readonly Message[] } {
    const bundle = this.random() < 0.4
    if (!bundle && this.random() < 0.2) return { bundle, messages: [this.meterMod()] }
    const count = bundle ? 1 + Math.floor(this.random() * 4) : 1
    return { bundle, messages: Array.from({ length: count }, () => this.flowMod()) }
  }
}

const outcome = async (done: Promise<void>): Promise<string> => {
  try {
    await done
    return 'done'
  } catch (error) {
    if (!(error instanceof OpenFlowError)) throw error
    return `${error.peer?.name ?? error.code} ${error.index ?? ''}`
  }
}

const contents = async (channel: Channel) => {
  const flows = await channel.request({ type: 'flow_desc_request', ...flowFilter() })
  const meters = await channel.request({ type: 'meter_desc_request', meterId: 0xffff_ffff })
  return {
    flows: flows.items.map(({ flow }) => printFlow(flow)).sort(),
    meters: meters.items
      .map(({ meterId, bands: [band] }) => `${meterId} ${band?.type === 'drop' ? band.rate : ''}`)
      .sort(),
  }
}

const plainly = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? `0x${value.toString(16)}` : value

const shown = (message: Message): string => JSON.stringify(message, plainly)

describe.each([1, 2, 3, 4])('seed %i', (seed) => {
  test('leaves both with the same flows and meters, after the same refusals', async () => {
    await real.program([], [])
    const ours = await openFake()
    const theirs = await openReal()
    const noMeter: Message = {
      type: 'meter_mod',
      command: 'delete',
      flags: [],
      meterId: 0xffff_ffff,
      bands: [],
    }
    await theirs.batch([empty, noMeter])
    const changes = new Changes(seededRandom(seed))
    for (let step = 0; step < 60; step++) {
      const { bundle, messages } = changes.next()
      const send = (channel: Channel) => outcome(bundle ? channel.bundle(messages) : channel.batch(messages))
      const what = `step ${step}, ${bundle ? 'bundle' : 'batch'}: ${messages.map(shown).join('\n')}`
      expect(await send(ours), what).toBe(await send(theirs))
      expect(await contents(ours), what).toEqual(await contents(theirs))
    }
    ours.close()
    theirs.close()
  })
})

const noBytes = new Uint8Array()
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** What a channel hears, in words that do not differ from run to run. */
const words = (event: EventMessage): string[] => {
  if (event.type === 'packet_in2') {
    const { packet, userdata = noBytes, continuation, ...info } = packetInfo(event.properties)
    const waits = continuation === undefined ? '' : ' waits'
    return [`packet${waits} ${JSON.stringify(info, plainly)} ${hex(userdata)} ${hex(packet)}`]
  }
  if (event.type === 'flow_monitor_reply')
    return event.items.map((item) =>
      item.event === 'removed' ? `${item.reason}: ${printFlow(item.flow)}` : item.event,
    )
  return [event.type === 'error' ? `error ${event.error.name}` : event.type]
}

/** A channel that we open gets no packets unless it says which. */
const asking = (...reasons: readonly (keyof typeof packetInReasons)[]): Message => {
  const mask = reasons.reduce((bits, reason) => bits | (1 << packetInReasons[reason]), 0)
  return { type: 'set_async', properties: [{ type: 'packet_in_primary', mask }] }
}

/** The same done by both, one after the other: what each has heard once it has heard `count` things. */
const bothHear = async (
  count: number,
  work: (channel: Channel, events: readonly EventMessage[]) => Promise<void>,
): Promise<readonly [ours: readonly string[], theirs: readonly string[]]> => {
  const hears = async (open: typeof openFake): Promise<readonly string[]> => {
    const events: EventMessage[] = []
    const channel = await open((event) => events.push(event))
    await channel.batch([{ type: 'set_packet_in_format', format: 'nxt_packet_in2' }, asking('action'), empty])
    await work(channel, events)
    await vi.waitFor(() => expect(events.flatMap(words).length).toBeGreaterThanOrEqual(count), 5_000)
    channel.close()
    return events.flatMap(words)
  }
  return [await hears(openFake), await hears(openReal)]
}

const addFlows = (channel: Channel, ...flows: readonly string[]): Promise<void> =>
  channel.bundle(flows.map((flow) => flowModOf('add', parseFlow(flow))))

const through = (data: Uint8Array): Message => ({
  type: 'packet_out',
  bufferId: noBuffer,
  match: { in_port: 1 },
  actions: [output(reservedPorts.table)],
  data,
})

const { ARP: arp = noBytes, 'IPv4 UDP': udp = noBytes } = frames

describe('packets', () => {
  test('wait with what is left to do, and go on in the tables as they are then', async () => {
    const [ours, theirs] = await bothHear(4, async (channel, events) => {
      await addFlows(
        channel,
        'cookie=1,actions=set_field:0x55->reg5,resubmit(,1),controller(userdata=02)',
        'cookie=2,table=1,priority=1,actions=set_field:7->reg6,controller(pause,userdata=07.08),resubmit(,1),controller(userdata=03)',
      )
      await channel.batch([through(arp)])
      await vi.waitFor(() => expect(events).toHaveLength(1))
      await addFlows(channel, 'cookie=3,table=1,priority=10,reg5=0x55,reg6=7,actions=controller(userdata=01)')
      const [paused] = events
      if (paused?.type !== 'packet_in2') expect.fail(paused?.type)
      await channel.batch([{ type: 'resume', properties: paused.properties }])
    })
    expect(ours).toEqual(theirs)
    expect(ours[0]).toContain('waits')
  })

  test('whose time is over come to those who ask for them', async () => {
    const [ours, theirs] = await bothHear(2, async (channel, events) => {
      await addFlows(channel, 'ip,actions=dec_ttl,output:2', 'arp,actions=controller(userdata=01)')
      const expiring = udp.slice()
      expiring[22] = 1
      // The second one shows that the first one is not on its way any more.
      await channel.batch([through(expiring), through(arp)])
      await vi.waitFor(() => expect(events).toHaveLength(1))
      await channel.batch([asking('action', 'invalid_ttl'), through(expiring)])
    })
    expect(ours.map((line) => /"reason":"\w+"/.exec(line)?.[0])).toEqual([
      '"reason":"action"',
      '"reason":"invalid_ttl"',
    ])
    expect(ours).toEqual(theirs)
  })
})

test('flows leave by themselves, each for its own reason', async () => {
  const [ours, theirs] = await bothHear(4, async (channel) => {
    await channel.request(watchAllFlows)
    await addFlows(channel, 'in_port=3,hard_timeout=1,actions=output:2')
    await addFlows(channel, 'in_port=4,idle_timeout=1,hard_timeout=9,actions=output:2')
  })
  expect(ours.toSorted()).toEqual(theirs.toSorted())
  expect(ours.join()).toMatch(/hard_timeout.*idle_timeout/)
})
