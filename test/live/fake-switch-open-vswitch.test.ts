/** The simulated bridge against a real one: the same changes by chance, the same refusals, the same flows and meters afterwards. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '#link/clock.js'
import { dial } from '#link/dial.js'
import { memoryPair } from '#link/memory.js'
import { type Random, seededRandom, systemRandom } from '#link/random.js'
import type { Transport } from '#link/transport.js'
import { meter, output } from '#openflow/actions.js'
import { type Channel, openChannel } from '#openflow/channel.js'
import { OpenFlowError } from '#openflow/errors.js'
import type { Flow } from '#openflow/flow.js'
import { printFlow } from '#openflow/flow-text.js'
import type { Match } from '#openflow/match.js'
import { flowFilter, flowModOf } from '#openflow/messages/flows.js'
import type { Message } from '#openflow/messages.js'
import { Datapath } from '../fake/switch/datapath.js'
import { OpenFlowServer } from '../fake/switch/openflow-server.js'
import { DummySwitch } from './support/dummy-switch.js'

const channelOver = (transport: Transport): Promise<Channel> =>
  openChannel(transport, { clock: systemClock, random: systemRandom })

let real: DummySwitch
beforeAll(async () => {
  real = await DummySwitch.start()
})
afterAll(() => real.stop())

const openFake = (): Promise<Channel> => {
  const [near, far] = memoryPair({ clock: systemClock }).ends
  const nothing = (): void => {}
  const datapath = new Datapath({ now: () => systemClock.now(), onOutput: nothing })
  new OpenFlowServer(far, {
    datapath,
    datapathId: 1n,
    onChanges: nothing,
    onReady: nothing,
    onClose: nothing,
  })
  return channelOver(near)
}

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

const shown = (message: Message): string =>
  JSON.stringify(message, (_key, value) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value))

describe.each([1, 2, 3, 4])('seed %i', (seed) => {
  test('leaves both with the same flows and meters, after the same refusals', async () => {
    await real.program([], [])
    const ours = await openFake()
    const theirs = await channelOver(await dial({ kind: 'unix', path: real.bridgeSocket }))
    const empty = flowModOf('delete', { table: 0xff, priority: 0, match: {}, cookie: 0n, actions: [] })
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
