/** The actions that put headers on and take them off. ovs-actions(7), "Encapsulation and Decapsulation Actions". */
import { type Codec, u8, u16 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { decap, encap } from './encap.js'
import { action, checked, type Fault, nothing, nx, standard } from './spec.js'
import { keyword, numbered } from './text.js'

const ethertype = struct({ ethertype: u16 })

const oneOf =
  (...allowed: readonly number[]) =>
  (body: { readonly ethertype: number }): Fault | undefined =>
    allowed.includes(body.ethertype)
      ? undefined
      : ['OFPBAC_BAD_ARGUMENT', `ethertype 0x${body.ethertype.toString(16)} is no tag of this kind`]

const vlanTag: Codec<{ readonly ethertype: number }> = checked(ethertype, oneOf(0x8100, 0x88a8))
const mplsTag: Codec<{ readonly ethertype: number }> = checked(ethertype, oneOf(0x8847, 0x8848))

const hex = (value: number): string => `0x${value.toString(16)}`
const hex4 = (value: number): string => `0x${value.toString(16).padStart(4, '0')}`
const ttl = struct({ ttl: u8 })

export const tagActions = {
  push_vlan: action(
    [standard(17, 8, vlanTag)],
    numbered('push_vlan', 'ethertype', { max: 0xffff, print: hex }),
    'Puts a VLAN tag of this ethertype, 0x8100 or 0x88a8, outside all others.',
  ),
  pop_vlan: action(
    [standard(18, 8, nothing)],
    keyword('pop_vlan', 'strip_vlan'),
    'Takes the outer VLAN tag off.',
  ),
  push_mpls: action(
    [standard(19, 8, mplsTag)],
    numbered('push_mpls', 'ethertype', { max: 0xffff, print: hex4 }),
    'Puts an MPLS label outside all others; the ethertype becomes 0x8847 or 0x8848.',
  ),
  pop_mpls: action(
    [standard(20, 8, ethertype)],
    numbered('pop_mpls', 'ethertype', { max: 0xffff, print: hex4 }),
    'Takes the outer MPLS label off; what is inside has this ethertype.',
  ),
  push_pbb: action(
    [standard(26, 8, ethertype)],
    numbered('push_pbb', 'ethertype', { max: 0xffff, print: hex4 }),
    'Puts a provider backbone tag outside all others; Open vSwitch does not have this action.',
  ),
  pop_pbb: action(
    [standard(27, 8, nothing)],
    keyword('pop_pbb'),
    'Takes the provider backbone tag off; Open vSwitch does not have this action.',
  ),
  encap,
  decap,
  set_mpls_ttl: action(
    [standard(15, 8, ttl)],
    numbered('set_mpls_ttl', 'ttl', { max: 0xff, parentheses: true }),
    'Sets the time to live of the outer MPLS label.',
  ),
  dec_mpls_ttl: action(
    [standard(16, 8, nothing)],
    keyword('dec_mpls_ttl'),
    'Counts the time to live of the outer MPLS label down.',
  ),
  mod_nw_ttl: action(
    [standard(23, 8, ttl)],
    numbered('mod_nw_ttl', 'ttl', { max: 0xff, alsoNamed: ['set_nw_ttl'] }),
    'Sets the time to live, or hop limit, of the IP header.',
  ),
  copy_ttl_out: action(
    [standard(11, 8, nothing)],
    keyword('copy_ttl_out'),
    'Copies the time to live from the inner header to the outer one; Open vSwitch does not have this action.',
  ),
  copy_ttl_in: action(
    [standard(12, 8, nothing)],
    keyword('copy_ttl_in'),
    'Copies the time to live from the outer header to the inner one; Open vSwitch does not have this action.',
  ),
  dec_nsh_ttl: action(
    [nx(48, 16, nothing)],
    keyword('dec_nsh_ttl'),
    'Counts the service hops of the NSH header down.',
  ),
} as const
