/**
 * Names that text may use for actions of another name: what OpenFlow 1.0 had actions for, Open vSwitch writes as
 * `set_field` in OpenFlow 1.5. ovs-actions(7), the "Conformance" of each.
 */
import type { Action } from '../actions.js'
import { parseFieldValue } from '../field-text.js'
import { type FieldName, fields } from '../fields.js'
import { tagPresent } from '../views.js'
import { parsePort } from './ports.js'
import { loadBits, type SetField } from './set-field.js'
import { parseArrow, parseDestination } from './subfield.js'
import { badText, parseBig, parseNumber } from './text.js'

/** What is known of the packet's VLAN tags where an action stands. */
export interface Tags {
  hasVlan: boolean
}

export interface Spelling {
  readonly syntax: readonly string[]
  readonly doc: string
  parse(argument: string, tags: Tags): readonly Action[]
}

const setField = (body: SetField): Action => ({ type: 'set_field', ...body })

/** A value in the field's own syntax. */
const ownSyntax = (field: FieldName, doc: string): Spelling => ({
  syntax: [],
  doc,
  parse: (argument) => {
    const { value, mask } = parseFieldValue(fields[field], argument)
    if (mask !== undefined) badText(`${argument} has a mask`)
    return [setField({ field, value })]
  },
})

/** A number that stands in the field as `encode` says. */
const numberOf = (
  field: FieldName,
  max: number,
  doc: string,
  encode: (value: number) => number | bigint = (value) => value,
): Spelling => ({
  syntax: [],
  doc,
  parse: (argument) => [setField({ field, value: encode(parseNumber(argument, max, field)) })],
})

/** Writes part of the VLAN tag; the packet gets one first unless it is known to have one. */
const tagging = (plain: Spelling, doc: string): Spelling => ({
  syntax: [],
  doc,
  parse: (argument, tags) => {
    const write = plain.parse(argument, tags)
    const push: Action = { type: 'push_vlan', ethertype: 0x8100 }
    const actions = tags.hasVlan ? write : [push, ...write]
    tags.hasVlan = true
    return actions
  },
})

const vid = numberOf('vlan_vid', 0xfff, 'Sets the id of the outer VLAN tag.', (value) => value | tagPresent)
const pcp = numberOf('vlan_pcp', 7, 'Sets the priority of the outer VLAN tag.')

const tunnelId: Spelling = {
  syntax: [],
  doc: 'Sets the key of the tunnel that the packet will leave by.',
  parse: (argument) => [setField({ field: 'tun_id', value: parseBig(argument, 64, 'tunnel id') })],
}

const tos: Spelling = {
  syntax: [],
  doc: 'Sets the code point of the IP header, times 4.',
  parse: (argument) => {
    const value = parseNumber(argument, 0xff, 'tos')
    if ((value & 3) !== 0) badText(`tos ${value} is not a multiple of 4`)
    return [setField({ field: 'ip_dscp', value: value >>> 2 })]
  },
}

const load: Spelling = {
  syntax: ['load:value->destination'],
  doc: 'Writes a number into a field or some of its bits.',
  parse: (argument) => {
    const [value, place] = parseArrow(argument)
    const destination = parseDestination(place)
    return [setField(loadBits(destination, parseBig(value, destination.width, 'value')))]
  },
}

/** Sends through a queue of a port. */
const enqueue: Spelling = {
  syntax: ['enqueue:port:queue', 'enqueue(port,queue)'],
  doc: 'Sends the packet through a queue of a port: set_queue, output, pop_queue.',
  parse: (argument) => {
    const parts = /^([^:,]+)[:,](.+)$/.exec(argument)
    if (parts === null) return badText('enqueue takes a port and a queue')
    const port = parsePort((parts[1] ?? '').trim())
    const queueId = parseNumber((parts[2] ?? '').trim(), 0xffff_ffff, 'queue')
    return [{ type: 'set_queue', queueId }, { type: 'output', port, maxLen: 0xffff }, { type: 'pop_queue' }]
  },
}

const list: Readonly<Record<string, Spelling>> = {
  load,
  enqueue,
  mod_vlan_vid: tagging(vid, 'Sets the VLAN id; a packet without a tag gets one.'),
  mod_vlan_pcp: tagging(pcp, 'Sets the VLAN priority; a packet without a tag gets one.'),
  set_vlan_vid: vid,
  set_vlan_pcp: pcp,
  mod_dl_src: ownSyntax('eth_src', 'Sets the source MAC address.'),
  mod_dl_dst: ownSyntax('eth_dst', 'Sets the destination MAC address.'),
  mod_nw_src: ownSyntax('ip_src', 'Sets the IPv4 source address.'),
  mod_nw_dst: ownSyntax('ip_dst', 'Sets the IPv4 destination address.'),
  mod_nw_tos: tos,
  mod_nw_ecn: numberOf('nw_ecn', 3, 'Sets the explicit congestion notification bits.'),
  set_mpls_label: numberOf('mpls_label', 0xfffff, 'Sets the outer MPLS label.'),
  set_mpls_tc: numberOf('mpls_tc', 7, 'Sets the traffic class of the outer MPLS label.'),
  set_tunnel: tunnelId,
  set_tunnel64: tunnelId,
}

/** By name; names without a syntax of their own take `name:value`. */
export const spellings: ReadonlyMap<string, Spelling> = new Map(
  Object.entries(list).map(([name, spelling]) => [
    name,
    spelling.syntax.length > 0 ? spelling : { ...spelling, syntax: [`${name}:value`] },
  ]),
)
