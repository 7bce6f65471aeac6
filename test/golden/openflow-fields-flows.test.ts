/** Flow lines: text in, text out, and what `ovs-ofctl parse-flows` says of the same text where it is installed. */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { OpenFlowError } from '#openflow/errors.js'
import { parseFlow, printFlow } from '#openflow/flow-text.js'
import { parseMatch, printMatch } from '#openflow/match-text.js'

/** What a user may type, and how it is printed. */
const lines: readonly (readonly [typed: string, printed: string])[] = [
  ['actions=drop', 'actions=drop'],
  ['table=0,priority=5,in_port=1,actions=output:2', 'priority=5,in_port=1 actions=output:2'],
  ['priority=32768 in_port=LOCAL action=2', 'in_port=LOCAL actions=output:2'],
  [
    'cookie=42,table=3,priority=7,idle_timeout=60,hard_timeout=6,importance=4,check_overlap,send_flow_rem,tcp,actions=drop',
    'cookie=0x2a, table=3, idle_timeout=60, hard_timeout=6, send_flow_rem check_overlap importance=4, priority=7,tcp actions=drop',
  ],
  [
    ' cookie=0x0, duration=8.5s, table=0, n_packets=3, n_bytes=5, idle_age=4, priority=1,arp actions=NORMAL',
    'priority=1,arp actions=NORMAL',
  ],
  ['dl_vlan=5,actions=pop_vlan,output:1', 'dl_vlan=5 actions=pop_vlan,output:1'],
  [
    'tun_id=0x2a,tun_src=192.0.2.1,in_port=7,actions=output:3',
    'tun_id=0x2a,tun_src=192.0.2.1,in_port=7 actions=output:3',
  ],
]

/** Matches in the spellings that ovs-ofctl accepts, and how it prints them. */
const matches: readonly (readonly [typed: string, printed: string])[] = [
  ['', ''],
  ['dl_vlan=0xffff', 'vlan_tci=0x0000/0x1fff'],
  ['vlan_vid=5', 'vlan_tci=0x0005/0x1fff'],
  ['vlan_vid=0x1005', 'dl_vlan=5'],
  ['vlan_tci=0', 'vlan_tci=0x0000/0x1fff'],
  ['vlan_tci=0x1000/0x1000', 'vlan_tci=0x1000/0x1000'],
  ['vlan_vid=0x1005/0x1007', 'vlan_tci=0x1005/0x1007'],
  ['dl_vlan_pcp=3', 'dl_vlan_pcp=3'],
  ['dl_vlan=5,vlan_pcp=3', 'dl_vlan=5,dl_vlan_pcp=3'],
  ['arp,nw_src=10.0.0.1,nw_proto=1', 'arp,arp_spa=10.0.0.1,arp_op=1'],
  ['rarp,arp_op=3,arp_sha=0:0:0:0:0:1', 'rarp,arp_op=3,arp_sha=00:00:00:00:00:01'],
  ['udp,tp_dst=53', 'udp,tp_dst=53'],
  ['sctp6,sctp_dst=4', 'sctp6,tp_dst=4'],
  ['icmp,tp_src=8', 'icmp,icmp_type=8'],
  ['icmp6,icmp_type=135,nd_target=fe80::1', 'icmp6,icmp_type=135,nd_target=fe80::1'],
  ['tcp,tcp_flags=+syn-ack', 'tcp,tcp_flags=+syn-ack'],
  ['tcp,tcp_flags=0x12', 'tcp,tcp_flags=syn|ack'],
  ['tcp,tcp_flags=0x800', 'tcp,tcp_flags=[800]'],
  ['tcp,tp_src=0x50/0xfff0', 'tcp,tp_src=0x50/0xfff0'],
  ['ct_state=+trk+est,ct_zone=5,ct_mark=0x3/0xf', 'ct_state=+est+trk,ct_zone=5,ct_mark=0x3/0xf'],
  ['ct_state=trk|est', 'ct_state=est|trk'],
  ['ip,nw_src=10.0.0.1/255.0.255.0', 'ip,nw_src=10.0.0.0/255.0.255.0'],
  ['ip,nw_dst=10.1.2.3/8', 'ip,nw_dst=10.0.0.0/8'],
  ['ip,nw_src=*', 'ip'],
  ['ip,ip_dscp=8,nw_ttl=64', 'ip,nw_tos=32,nw_ttl=64'],
  ['ip,nw_frag=not_later', 'ip,nw_frag=not_later'],
  ['ipv6,ipv6_src=::ffff:1.2.3.4', 'ipv6,ipv6_src=::ffff:1.2.3.4'],
  ['ipv6,ipv6_src=2001:db8::/32,ipv6_label=5/0xff', 'ipv6,ipv6_src=2001:db8::/32,ipv6_label=0x00005/0x000ff'],
  ['reg0=0,reg1=5/7,xreg1=0x100000002', 'reg0=0,reg1=0x5/0x7,reg2=0x1,reg3=0x2'],
  ['reg0[5..8]=3', 'reg0=0x60/0x1e0'],
  ['NXM_NX_REG0[0]=1,reg0[3]=1', 'reg0=0x9/0x9'],
  ['packet_type=(1,0x800),nw_src=1.2.3.4', 'packet_type=(1,0x800),nw_src=1.2.3.4'],
  ['tun_metadata0=0x1234/0xfff', 'tun_metadata0=0x234/0xfff'],
  ['tun_metadata0', 'tun_metadata0'],
  ['tun_flags=oam', 'tun_flags=+oam'],
  ['in_port=65534', 'in_port=LOCAL'],
  ['dl_type=0x5ff', 'dl_type=0x05ff'],
  ['metadata=5/0xff', 'metadata=0x5/0xff'],
]

const wrong: readonly (readonly [text: string, reason: string])[] = [
  ['priority=1', 'actions='],
  ['nosuch=1,actions=drop', 'nosuch'],
  ['priority=65536,actions=drop', 'priority'],
  ['table=255,actions=drop', 'table'],
  ['cookie=5/-1,actions=drop', 'cookie'],
  ['nw_src=10.0.0.1,actions=drop', 'ip_src can be matched only with ipv4'],
  ['tp_dst=80,actions=drop', 'tcp_dst can be matched only with tcp'],
  ['tcp,nw_src=10.0.0.256,actions=drop', '10.0.0.256'],
  ['tcp,nw_src=10.0.0.0/33,actions=drop', '/33'],
  ['in_port=nosuch,actions=drop', 'nosuch'],
  ['in_port=1/1,actions=drop', '1/1'],
  ['eth_type=0x800/0xff00,actions=drop', 'eth_type cannot be masked'],
  ['dl_src=1:2:3,actions=drop', '1:2:3'],
  ['ipv6,ipv6_src=1::2::3,actions=drop', '1::2::3'],
  ['reg0[5..32]=1,actions=drop', 'reg0[5..32]'],
  ['reg0[0..1]=4,actions=drop', '4 is too large'],
  ['tcp,tcp_flags=+syn-syn,actions=drop', 'twice'],
  ['dl_vlan=5,vlan_tci=0,actions=drop', 'contradict'],
  ['ip,ip_dscp=64,actions=drop', '64'],
  ['reg0=0x100000000,actions=drop', 'too large'],
]

describe('flow lines', () => {
  it.each(lines)('%s is printed as %s', (typed, printed) => {
    expect(printFlow(parseFlow(typed))).toBe(printed)
    expect(parseFlow(printed)).toEqual(parseFlow(typed))
  })

  it.each(wrong)('%s is refused: %s', (text, reason) => {
    expect(() => parseFlow(text)).toThrow(reason)
    expect(() => parseFlow(text)).toThrow(expect.objectContaining({ code: 'bad-text' }))
    expect(() => parseFlow(text)).toThrow(OpenFlowError)
  })
})

describe('matches', () => {
  it.each(matches)('%s is printed as %s', (typed, printed) => {
    expect(printMatch(parseMatch(typed))).toBe(printed)
    expect(parseMatch(printed)).toEqual(parseMatch(typed))
  })
})

const parseFlows = (texts: readonly string[]) =>
  spawnSync('ovs-ofctl', ['-O', 'OpenFlow15', 'parse-flows', '-'], { input: `${texts.join('\n')}\n` })

/** A printed flow_mod in the syntax of flows. */
const asFlow = (line: string): string =>
  line
    .replace(/^.*: ADD (table:255)?/, '')
    .replace(/\b(table|cookie|importance):/, '$1=')
    .replace(/\bcookie:/, 'cookie=')
    .replace(/\bimportance:/, 'importance=')
    .replace(/\bidle:/, 'idle_timeout=')
    .replace(/\bhard:/, 'hard_timeout=')

describe.skipIf(parseFlows(['actions=drop']).error !== undefined)('ovs-ofctl', () => {
  it('reads the same flows', () => {
    const typed = [
      ...lines.map(([text]) => text.trim()),
      ...matches.map(([text]) => `${text},actions=drop`),
      ...lines.map(([, printed]) => printed),
    ]
    const printed = parseFlows(typed)
      .stdout.toString()
      .split('\n')
      .filter((line) => line.includes('ADD'))
    expect(printed.map(asFlow).map(parseFlow)).toEqual(typed.map(parseFlow))
  })
})
