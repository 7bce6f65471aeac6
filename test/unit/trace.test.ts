/** The interpreter of flow tables: where packets leave, and in what form. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { printAction } from '#openflow/action-text.js'
import { printFlow } from '#openflow/flow-text.js'
import { parsePacket } from '#trace/packet.js'
import { showTrace } from '#trace/show.js'
import { readField, writeField } from '#trace/state.js'
import type { Unfinished } from '#trace/switch.js'
import { arrivalState, tracePacket, traceResumed } from '#trace/trace.js'
import { checksum, frames, hexBytes } from '../fake/frames.js'
import { cases, packets } from '../fake/trace-cases.js'
import { traceTarget } from '../fake/trace-target.js'

const run = (flows: readonly string[], bytes: Uint8Array, groups: readonly string[] = []) =>
  tracePacket(traceTarget(flows, groups), { inPort: 1, bytes })

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex')

const none: Unfinished = { lists: [], actionSet: [], stack: [] }

const packet = (name: string): Uint8Array => packets[name] ?? new Uint8Array()

describe('where packets leave', () => {
  test.each(cases)('$name', ({ flows, groups, packets: names, ports }) => {
    const [first = 'LLDP'] = names ?? []
    const { outputs } = run(flows, packet(first), groups)
    expect(outputs.map(({ ofport }) => ofport).sort()).toEqual(ports)
  })
})

describe('packets', () => {
  test.each(Object.entries(frames))('%s leaves as it came', (_name, bytes) => {
    expect(hex(run(['actions=output:2'], bytes).outputs[0]?.state.packet.bytes)).toBe(hex(bytes))
  })

  test('any bytes are a packet', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        expect(hex(parsePacket(bytes).bytes)).toBe(hex(bytes))
        run(['ip,actions=dec_ttl,output:2', 'priority=1,actions=push_vlan:0x8100,strip_vlan,output:2'], bytes)
      }),
    )
  })

  test('a tag that is pushed and popped leaves no trace', () => {
    const flows = ['actions=push_vlan:0x88a8,set_field:4196->vlan_vid,strip_vlan,output:2']
    for (const bytes of Object.values(packets))
      expect(hex(run(flows, bytes).outputs[0]?.state.packet.bytes)).toBe(hex(bytes))
  })

  test('an address that is written and written back leaves no trace, checksums included', () => {
    const state = arrivalState({ inPort: 1, bytes: packet('UDP to route') })
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), fc.constantFrom('ip_src', 'ip_dst'), (value, field) => {
        const before = readField(state, field)
        const written = writeField(state, field, value)
        const header = written.packet.bytes.slice(14, 34)
        expect(checksum(header)).toBe(0)
        expect(hex(writeField(written, field, before).packet.bytes)).toBe(hex(state.packet.bytes))
      }),
    )
  })

  test('a checksum that was wrong stays wrong by as much', () => {
    const bytes = packet('UDP to route').slice()
    bytes[24] = 0
    bytes[25] = 0
    const state = arrivalState({ inPort: 1, bytes })
    const written = writeField(writeField(state, 'ip_src', 1), 'ip_src', readField(state, 'ip_src'))
    expect(hex(written.packet.bytes)).toBe(hex(bytes))
  })
})

test('fields are read where they stand', () => {
  const read = (name: string) => {
    const state = arrivalState({ inPort: 3, bytes: packet(name) })
    return (field: Parameters<typeof readField>[1]) => readField(state, field)
  }
  const tcp = read('TCP to route')
  expect([tcp('nw_ttl'), tcp('ip_dscp'), tcp('tcp_dst'), tcp('tcp_flags'), tcp('in_port')]).toEqual([
    9, 10, 443, 0x12, 3,
  ])
  const tagged = read('Q-in-Q')
  expect([tagged('vlan_vid'), tagged('eth_type')]).toEqual([0x1064, 0x8100])
  const discovery = read('neighbour solicitation')
  expect([discovery('icmpv6_type'), discovery('nd_target'), discovery('nd_sll')]).toEqual([
    135,
    0xfe80_0000_0000_0000_0000_0000_0000_0002n,
    0x02_00_00_00_00_01n,
  ])
})

test('what happened can be shown to a person', () => {
  const trace = run(
    [
      'table=0,priority=7,in_port=1,actions=set_field:5->reg0,goto_table:1',
      'table=1,reg0=5,actions=output:2,output:9',
    ],
    packet('ARP'),
  )
  expect(showTrace(trace, { flow: printFlow, action: printAction })).toEqual([
    '0. priority=7,in_port=1 actions=set_field:0x5->reg0,goto_table:1',
    '   set_field:0x5->reg0',
    '   goto_table:1',
    '1. table=1, reg0=0x5 actions=output:2,output:9',
    '   output:2',
    '   output:9',
    '   -> there is no port 9',
    'Result: leaves by port 2',
  ])
})

describe('what the interpreter reports besides outputs', () => {
  test('packet-ins, with what the controller is to know', () => {
    const { packetIns, outputs } = run(
      ['cookie=0x77,actions=controller(userdata=01.02,id=3,max_len=64),output:2,controller(pause),output:3'],
      packet('ARP'),
    )
    expect(packetIns.map(({ state: _state, ...rest }) => rest)).toEqual([
      {
        table: 0,
        cookie: 0x77n,
        reason: 'action',
        maxLen: 64,
        controllerId: 3,
        userdata: hexBytes('0102'),
        paused: false,
      },
      { table: 0, cookie: 0x77n, reason: 'action', maxLen: 0xffff, controllerId: 0, paused: true },
    ])
    expect(outputs.map(({ ofport }) => ofport)).toEqual([2])
  })

  test('what is left to do with a packet that waits, innermost first, and what comes of it', () => {
    const flows = (...more: string[]) =>
      traceTarget([
        'actions=write_actions(output:6),goto_table:2',
        'table=2,actions=set_field:5->reg5,push:NXM_NX_REG5[],resubmit(,1),output:4',
        'table=1,priority=1,actions=controller(pause),pop:NXM_NX_REG6[],resubmit(,1),output:3',
        ...more,
      ])
    const before = tracePacket(flows(), { inPort: 1, bytes: packet('ARP') })
    expect(before.outputs).toEqual([])
    expect(before.waiting?.lists.map(({ table, actions }) => [table, ...actions.map(printAction)])).toEqual([
      [1, 'pop:NXM_NX_REG6[]', 'resubmit(,1)', 'output:3'],
      [2, 'output:4'],
    ])
    const { state, waiting } = before
    const after = traceResumed(
      flows('table=1,priority=2,reg5=5,reg6=5,actions=output:2'),
      state,
      waiting ?? none,
    )
    expect(after.outputs.map(({ ofport }) => ofport)).toEqual([2, 3, 4, 6])
    expect(after.waiting).toBeUndefined()
  })

  test('a packet that waits again, with what was left before', () => {
    const target = traceTarget([
      'actions=resubmit(,1),output:4',
      'table=1,actions=controller(pause),controller(pause),output:3',
    ])
    const first = tracePacket(target, { inPort: 1, bytes: packet('ARP') })
    const second = traceResumed(target, first.state, first.waiting ?? none)
    expect(second.outputs).toEqual([])
    expect(second.waiting?.lists.map(({ actions }) => actions.map(printAction))).toEqual([
      ['output:3'],
      ['output:4'],
    ])
    const third = traceResumed(target, second.state, second.waiting ?? none)
    expect(third.outputs.map(({ ofport }) => ofport)).toEqual([3, 4])
  })

  test('a packet whose time is over goes to the controller', () => {
    const { packetIns, outputs } = run(['ip,actions=dec_ttl,output:2'], packet('TTL 1'))
    expect(packetIns.map(({ reason }) => reason)).toEqual(['invalid_ttl'])
    expect(outputs).toEqual([])
  })

  test('flows that would be learned', () => {
    const { learned } = run(
      [
        'actions=learn(table=5,idle_timeout=60,priority=9,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:0x7->NXM_NX_REG0[0..7],output:NXM_OF_IN_PORT[])',
      ],
      packet('IPv4 UDP'),
    )
    expect(learned.map(printFlow)).toEqual([
      'table=5, idle_timeout=60, priority=9,dl_dst=02:00:00:00:00:01 actions=set_field:0x7/0xff->reg0,output:1',
    ])
  })

  test('meters, and what a tunnel is to be told', () => {
    const { meters, outputs } = run(
      ['actions=meter:4,set_field:100->tun_id,set_field:192.0.2.7->tun_dst,output:2'],
      packet('ARP'),
    )
    expect(meters).toEqual([4])
    expect([...(outputs[0]?.state.values ?? [])]).toEqual(
      expect.arrayContaining([
        ['tun_id', 100n],
        ['tun_dst', 0xc000_0207],
      ]),
    )
  })

  test('actions that it gives no meaning to', () => {
    const { uninterpreted } = run(['actions=normal'], packet('ARP'))
    expect(uninterpreted.map(({ type }) => type)).toEqual(['output'])
  })

  test('why a packet is given up', () => {
    expect(run(['actions=resubmit(,0)'], packet('ARP')).failure).toMatch(/levels deep/)
    expect(run(['actions=output:2'], packet('ARP')).failure).toBeUndefined()
  })
})
