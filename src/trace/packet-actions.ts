/** Actions that change the packet or what is known of it. */
import type { Action } from '#openflow/actions.js'
import { type FieldName, fields } from '#openflow/fields.js'
import type { Execute } from './execute.js'
import { flowHash } from './hash.js'
import { popEthernet, popMpls, popVlan, pushEthernet, pushMpls, pushVlan } from './header-fields.js'
import type { Packet } from './packet.js'
import type { Run } from './run.js'
import { clearField, presentField, readBits, readField, writeBits, writeField } from './state.js'

const change = (run: Run, packet: Packet): void => {
  run.state = { ...run.state, packet }
}

/** Writes a port of the transport header that the packet has. */
const transportPort = (run: Run, side: 'src' | 'dst', port: number): void => {
  const field = (['tcp', 'udp', 'sctp'] as const).find((one) => run.state.packet.layers[one] !== undefined)
  if (field !== undefined) run.state = writeField(run.state, `${field}_${side}`, port)
}

/** The packet does not outlive its time: a controller hears of it, and the list of actions ends. */
const expired = (run: Run, controllerIds: readonly number[]): void => {
  for (const controllerId of controllerIds) {
    run.packetIn({
      table: run.table,
      cookie: run.flow?.cookie ?? 0xffff_ffff_ffff_ffffn,
      reason: 'invalid_ttl',
      maxLen: 0xffff,
      controllerId,
      paused: false,
      state: run.state,
    })
  }
  run.note('its time to live is over')
  run.ended = 'list'
}

const countDown = (run: Run, field: FieldName, controllerIds: readonly number[]): void => {
  if (!presentField(run.state, field)) return
  const ttl = Number(readField(run.state, field))
  if (ttl <= 1) expired(run, controllerIds)
  else run.state = writeField(run.state, field, ttl - 1)
}

type Changes =
  | 'set_field'
  | 'move'
  | 'push_vlan'
  | 'pop_vlan'
  | 'push_mpls'
  | 'pop_mpls'
  | 'push_pbb'
  | 'pop_pbb'
  | 'encap'
  | 'decap'
  | 'set_mpls_ttl'
  | 'dec_mpls_ttl'
  | 'mod_nw_ttl'
  | 'dec_ttl'
  | 'dec_nsh_ttl'
  | 'copy_ttl_out'
  | 'copy_ttl_in'
  | 'mod_tp_src'
  | 'mod_tp_dst'
  | 'check_pkt_larger'
  | 'delete_field'
  | 'multipath'
  | 'write_metadata'
  | 'push'
  | 'pop'

const unknown = (run: Run, action: Action): void => run.unknown(action)

export const packetActions: { readonly [T in Changes & Action['type']]: Execute<T> } = {
  set_field: (run, { field, value, mask }) => {
    if (
      presentField(run.state, field) ||
      fields[field].variable ||
      field === 'vlan_tci' ||
      field === 'vlan_vid'
    )
      run.state = writeField(run.state, field, value, mask)
  },
  move: (run, { source, destination }) => {
    if (!presentField(run.state, source.field)) return
    if (!presentField(run.state, destination.field) && !fields[destination.field].variable) return
    run.state = writeBits(run.state, destination, readBits(run.state, source))
  },
  push_vlan: (run, { ethertype }) => change(run, pushVlan(run.state.packet, ethertype)),
  pop_vlan: (run) => change(run, popVlan(run.state.packet)),
  push_mpls: (run, { ethertype }) => change(run, pushMpls(run.state.packet, ethertype)),
  pop_mpls: (run, { ethertype }) => change(run, popMpls(run.state.packet, ethertype)),
  push_pbb: unknown,
  pop_pbb: unknown,
  encap: (run, action) => {
    if (action.header === 'ethernet') change(run, pushEthernet(run.state.packet))
    else if (action.header === 'nsh') run.unknown(action)
    else change(run, pushMpls(run.state.packet, action.header === 'mpls' ? 0x8847 : 0x8848))
  },
  decap: (run, action) => {
    if (run.state.packet.packetType === 0) change(run, popEthernet(run.state.packet))
    else run.unknown(action)
  },
  set_mpls_ttl: (run, { ttl }) => {
    run.state = writeField(run.state, 'mpls_ttl', ttl)
  },
  dec_mpls_ttl: (run) => countDown(run, 'mpls_ttl', [0]),
  mod_nw_ttl: (run, { ttl }) => {
    run.state = writeField(run.state, 'nw_ttl', ttl)
  },
  dec_ttl: (run, { controllerIds = [0] }) => countDown(run, 'nw_ttl', controllerIds),
  dec_nsh_ttl: unknown,
  copy_ttl_out: unknown,
  copy_ttl_in: unknown,
  mod_tp_src: (run, { port }) => transportPort(run, 'src', port),
  mod_tp_dst: (run, { port }) => transportPort(run, 'dst', port),
  check_pkt_larger: (run, { length, destination }) => {
    run.state = writeBits(run.state, destination, run.state.packet.bytes.length > length ? 1n : 0n)
  },
  delete_field: (run, { field }) => {
    run.state = clearField(run.state, field)
  },
  multipath: (run, { maxLink, destination }) => {
    run.note(`one of ${maxLink + 1} links, by a hash that a switch may compute otherwise`)
    run.state = writeBits(run.state, destination, BigInt(flowHash(run.state) % (maxLink + 1)))
  },
  write_metadata: (run, { metadata, mask }) => {
    run.state = writeField(run.state, 'metadata', metadata, mask)
  },
  push: (run, { source }) => {
    run.stack.push({ width: source.width, value: readBits(run.state, source) })
  },
  pop: (run, { destination }) => {
    const top = run.stack.pop()
    if (top === undefined) run.note('there is nothing on the stack')
    else run.state = writeBits(run.state, destination, top.value & ((1n << BigInt(destination.width)) - 1n))
  },
}
