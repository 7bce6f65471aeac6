/**
 * Flow tables and what they do to packets: judged once by our expectation of the ports (test/unit/trace.test.ts), once byte for
 * byte by a real Open vSwitch (test/live/trace-open-vswitch.test.ts). Packets enter by port 1; ports 1 to 6 are there.
 */
import { frames, hexBytes, inEthernet, ipv4, tcp, udp } from './frames.js'

export interface TraceCase {
  readonly name: string
  /** In `ovs-ofctl`'s syntax. */
  readonly flows: readonly string[]
  readonly groups?: readonly string[]
  /** Which packets; all of them unless said. */
  readonly packets?: readonly string[]
  /** Where the first of the packets leaves. */
  readonly ports: readonly number[]
}

const routed = { source: '192.168.1.5', destination: '10.1.2.3', ttl: 9, tos: 0x28 } as const

export const packets: Readonly<Record<string, Uint8Array>> = {
  ...Object.fromEntries(Object.entries(frames).filter(([name]) => name !== 'a runt' && name !== 'jumbo')),
  'UDP to route': inEthernet(udp(5000, 53, 'query', routed)),
  'TCP to route': inEthernet(tcp(40000, 443, 0x12, routed)),
  'TTL 1': inEthernet(udp(5000, 53, 'last', { ...routed, ttl: 1 })),
  ICMP: inEthernet(ipv4(hexBytes('0800 4d56 0001 0004 6162 6364'), { ...routed, protocol: 1 })),
  'UDP without checksum': inEthernet(ipv4(hexBytes('1388 0035 000c 0000 61626364'), routed)),
  'neighbour solicitation': inEthernet(
    hexBytes(
      '60000000 0020 3a ff fe800000000000000000000000000001 ff0200000000000000000001ff000002' +
        '8700 7a97 00000000 fe800000000000000000000000000002 0101020000000001',
    ),
    '86dd',
  ),
  'solicitation without option': inEthernet(
    hexBytes(
      '60000000 0018 3a ff fe800000000000000000000000000001 fe800000000000000000000000000002' +
        '8700 7d25 00000000 fe800000000000000000000000000002',
    ),
    '86dd',
  ),
  'TCP over IPv6': inEthernet(
    hexBytes(
      '60012345 0014 06 40 20010db8000000000000000000000001 20010db8000000000000000000000002' +
        '9c40 0050 00000001 00000000 5002 2000 a2aa 0000',
    ),
    '86dd',
  ),
  SCTP: inEthernet(
    ipv4(hexBytes('0bb8 0bb9 00000000 5c9b9b3a 0000000c 00000000'), { ...routed, protocol: 132 }),
  ),
}

export const cases: readonly TraceCase[] = [
  { name: 'no flow', flows: [], ports: [] },
  { name: 'output', flows: ['in_port=1,actions=output:2'], ports: [2] },
  { name: 'several outputs', flows: ['actions=output:2,output:3,output:4'], ports: [2, 3, 4] },
  { name: 'not back to where it came from', flows: ['actions=output:1,output:2'], ports: [2] },
  { name: 'back by in_port', flows: ['actions=in_port,output:2'], ports: [1, 2] },
  { name: 'all and flood', flows: ['actions=all'], ports: [2, 3, 4, 5, 6] },
  { name: 'a port that is not there', flows: ['actions=output:99,output:2'], ports: [2] },
  {
    name: 'the highest priority wins',
    flows: [
      'priority=10,actions=output:2',
      'priority=20,ip,actions=output:3',
      'priority=30,udp,tp_dst=53,actions=output:4',
    ],
    packets: ['IPv4 UDP', 'UDP to route', 'ARP', 'TCP over IPv6'],
    ports: [3],
  },
  {
    name: 'masks',
    flows: [
      'priority=10,ip,nw_dst=10.0.0.0/8,actions=output:2',
      'priority=20,ip,nw_dst=10.1.0.0/255.255.0.255,actions=output:3',
      'priority=20,ip,nw_dst=10.1.0.3/255.255.0.255,actions=output:4',
      'priority=5,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00,actions=output:5',
    ],
    packets: ['UDP to route', 'IPv4 UDP', 'LLDP', 'ARP'],
    ports: [4],
  },
  {
    name: 'fields of every header',
    flows: [
      'priority=9,arp,arp_op=1,arp_spa=10.0.0.1,actions=output:2',
      'priority=9,icmp,icmp_type=8,actions=output:3',
      'priority=9,tcp,tcp_flags=+syn+ack,actions=output:4',
      'priority=9,icmp6,icmp_type=135,nd_target=fe80::2,nd_sll=02:00:00:00:00:01,actions=output:5',
      'priority=9,ip,ip_frag=later,actions=output:6',
      'priority=8,ip,nw_tos=40,nw_ttl=9,actions=output:2,output:3',
      'priority=8,ipv6,ipv6_label=0x12345,actions=output:4,output:5',
      'priority=8,dl_vlan=100,actions=output:5,output:6',
      'priority=8,mpls,mpls_label=100,mpls_bos=1,mpls_ttl=64,actions=output:6,output:2',
      'priority=7,dl_type=0x05ff,actions=output:3,output:6',
      'priority=6,dl_type=0x88cc,actions=output:2,output:6',
    ],
    ports: [2, 6],
  },
  {
    name: 'Ethernet addresses',
    flows: ['actions=mod_dl_src:02:aa:bb:cc:dd:ee,mod_dl_dst:02:11:22:33:44:55,output:2'],
    ports: [2],
  },
  {
    name: 'some bits of an address',
    flows: ['actions=set_field:00:00:00:00:00:07/00:00:00:00:00:ff->eth_dst,output:2'],
    ports: [2],
  },
  // Not a later fragment: Open vSwitch in user space takes its first bytes for a header and writes a checksum there.
  {
    name: 'IPv4 addresses, with the checksums above them',
    flows: ['ip,actions=mod_nw_src:172.16.0.9,mod_nw_dst:172.16.255.254,output:2', 'priority=1,actions=drop'],
    packets: ['UDP to route', 'TCP to route', 'UDP without checksum', 'ICMP', 'TTL 1', 'ARP'],
    ports: [2],
  },
  {
    name: 'ports and DSCP',
    flows: [
      'udp,actions=mod_tp_src:1,mod_tp_dst:65535,mod_nw_tos:252,output:2',
      'tcp,actions=mod_tp_src:1,mod_tp_dst:65535,mod_nw_tos:252,mod_nw_ecn:1,output:2',
    ],
    packets: ['UDP to route', 'TCP to route', 'UDP without checksum', 'ARP'],
    ports: [2],
  },
  {
    name: 'IPv6 addresses and ports',
    flows: [
      'tcp6,actions=set_field:2001:db8::99->ipv6_dst,set_field:0x54321->ipv6_label,mod_tp_dst:8080,output:2',
    ],
    packets: ['TCP over IPv6', 'neighbour solicitation'],
    ports: [2],
  },
  {
    name: 'neighbour discovery and ARP are rewritten',
    flows: [
      'icmp6,icmp_type=135,actions=set_field:fe80::77->nd_target,set_field:02:00:00:00:00:99->nd_sll,output:2',
      'arp,actions=set_field:2->arp_op,move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[],set_field:02:00:00:00:00:42->arp_sha,set_field:10.9.8.7->arp_spa,output:2',
    ],
    packets: ['neighbour solicitation', 'ARP', 'IPv4 UDP'],
    ports: [2],
  },
  {
    name: 'time to live',
    flows: [
      'ip,actions=dec_ttl,output:2',
      'ipv6,actions=dec_ttl,dec_ttl,output:2',
      'priority=1,actions=output:3',
    ],
    packets: ['UDP to route', 'TTL 1', 'TCP over IPv6', 'ARP', 'TCP to route'],
    ports: [2],
  },
  {
    name: 'a tag is pushed',
    flows: ['actions=push_vlan:0x8100,set_field:4196->vlan_vid,set_field:5->vlan_pcp,output:2'],
    ports: [2],
  },
  {
    name: 'a service tag is pushed',
    flows: ['actions=push_vlan:0x88a8,set_field:4097->vlan_vid,output:2'],
    ports: [2],
  },
  {
    name: 'the outer tag is popped',
    flows: ['vlan_tci=0x1000/0x1000,actions=strip_vlan,output:2', 'priority=1,actions=output:3'],
    packets: ['a VLAN tag', 'Q-in-Q', 'three tags', 'ARP'],
    ports: [2],
  },
  {
    name: 'a tag is changed',
    flows: ['dl_vlan=100,actions=mod_vlan_vid:200,mod_vlan_pcp:3,output:2', 'priority=1,actions=output:3'],
    ports: [3],
  },
  {
    name: 'outputs see the packet as it is when they stand',
    flows: ['actions=output:2,push_vlan:0x8100,set_field:4106->vlan_vid,output:3,strip_vlan,output:4'],
    ports: [2, 3, 4],
  },
  {
    name: 'labels',
    flows: [
      'priority=5,mpls,actions=set_field:77->mpls_label,set_field:3->mpls_tc,dec_mpls_ttl,output:2',
      'priority=4,ip,actions=push_mpls:0x8847,set_field:16->mpls_label,output:3',
    ],
    packets: ['MPLS', 'UDP to route', 'ARP'],
    ports: [2],
  },
  {
    name: 'a label is popped',
    flows: ['mpls,actions=pop_mpls:0x0800,output:2'],
    packets: ['MPLS', 'ARP'],
    ports: [2],
  },
  {
    name: 'registers',
    flows: [
      'table=0,actions=set_field:0xabcd1234->reg0,move:NXM_NX_REG0[0..15]->NXM_NX_REG1[16..31],set_field:0x5/0xf->reg1,resubmit(,1)',
      'table=1,reg0=0xabcd1234,reg1=0x12340005,actions=output:2',
      'table=1,priority=1,actions=output:3',
    ],
    ports: [2],
  },
  {
    name: 'wide registers are the narrow ones',
    flows: [
      'table=0,actions=set_field:0x1122334455667788->xreg1,set_field:0x5/0xffffffff->xxreg1,resubmit(,1)',
      'table=1,reg2=0x11223344,reg3=0x55667788,reg7=5,actions=output:2',
      'table=1,priority=1,actions=output:3',
    ],
    ports: [2],
  },
  {
    name: 'a port from a register',
    flows: [
      'actions=set_field:4->reg3,output:NXM_NX_REG3[],set_field:0x50000->reg3,output:NXM_NX_REG3[16..31]',
    ],
    ports: [4, 5],
  },
  {
    name: 'the stack',
    flows: [
      'actions=push:NXM_OF_ETH_SRC[],push:NXM_OF_ETH_DST[],pop:NXM_OF_ETH_SRC[],pop:NXM_OF_ETH_DST[],output:2',
    ],
    ports: [2],
  },
  {
    name: 'resubmit goes on behind',
    flows: [
      'table=0,actions=output:2,resubmit(,1),output:4',
      'table=1,actions=mod_dl_src:02:00:00:00:00:77,output:3',
    ],
    ports: [2, 3, 4],
  },
  {
    name: 'resubmit with another input port',
    flows: [
      'table=0,in_port=1,actions=resubmit(5,1),resubmit:6',
      'table=0,in_port=6,actions=output:2,in_port',
      'table=1,in_port=5,actions=output:3,output:5,in_port',
    ],
    ports: [1, 1, 2, 3, 5],
  },
  {
    name: 'an endless loop loses the packet altogether',
    flows: ['table=0,actions=output:2,resubmit(,0)'],
    packets: ['IPv4 UDP'],
    ports: [],
  },
  {
    name: 'too many resubmits lose it too',
    flows: [
      'table=0,actions=output:2,resubmit(,1),resubmit(,1),resubmit(,1),resubmit(,1),resubmit(,1),resubmit(,1),resubmit(,1),resubmit(,1)',
      ...[1, 2, 3, 4].map(
        (table) =>
          `table=${table},actions=${Array.from({ length: 8 }, () => `resubmit(,${table + 1})`).join()}`,
      ),
      'table=5,actions=drop',
    ],
    packets: ['IPv4 UDP'],
    ports: [],
  },
  {
    name: 'goto_table and metadata',
    flows: [
      'table=0,actions=mod_dl_src:02:00:00:00:00:78,write_metadata:0x1200/0xff00,goto_table:3',
      'table=3,metadata=0x1200/0xff00,actions=output:2',
    ],
    ports: [2],
  },
  {
    name: 'the action set, in its own order',
    flows: [
      'table=0,actions=write_actions(output:2,set_field:02:00:00:00:00:01->eth_src),goto_table:1',
      'table=1,actions=output:4,write_actions(set_field:02:00:00:00:00:02->eth_src,push_vlan:0x8100,output:3)',
    ],
    ports: [3, 4],
  },
  {
    name: 'an action set without output does nothing',
    flows: ['table=0,actions=write_actions(push_vlan:0x8100),goto_table:1', 'table=1,actions=output:4'],
    ports: [4],
  },
  {
    name: 'clear_actions',
    flows: ['table=0,actions=write_actions(output:2),goto_table:1', 'table=1,actions=output:4,clear_actions'],
    ports: [4],
  },
  {
    name: 'exit ends everything but the action set',
    flows: [
      'table=0,actions=output:2,resubmit(,1),output:3,write_actions(output:5)',
      'table=1,actions=output:4,exit,output:6',
    ],
    ports: [2, 4],
  },
  {
    name: 'clone changes a copy',
    flows: [
      'actions=clone(push_vlan:0x8100,set_field:9->reg0,mod_dl_dst:02:00:00:00:00:55,output:2),output:3',
    ],
    ports: [2, 3],
  },
  {
    name: 'exit in a clone ends everything, as Open vSwitch has it',
    flows: ['actions=clone(output:2,exit,output:4),output:3'],
    ports: [2],
  },
  {
    name: 'a group of all buckets',
    flows: ['actions=mod_dl_src:02:00:00:00:00:31,group:1,output:4'],
    groups: [
      'group_id=1,type=all,bucket=push_vlan:0x8100,output:2,bucket=mod_dl_dst:02:00:00:00:00:32,output:3',
    ],
    ports: [2, 3, 4],
  },
  {
    name: 'indirect and fast failover groups',
    flows: ['actions=group:1,group:2'],
    groups: [
      'group_id=1,type=indirect,bucket=output:2',
      'group_id=2,type=ff,bucket=watch_port:99,output:3,bucket=watch_port:4,output:4,bucket=watch_port:5,output:5',
    ],
    ports: [2, 4],
  },
  {
    name: 'a select group of one bucket',
    flows: ['actions=group:1'],
    groups: ['group_id=1,type=select,bucket=output:6'],
    ports: [6],
  },
  {
    name: 'conjunctions',
    flows: [
      'priority=10,ip,nw_src=192.168.1.5,actions=conjunction(7,1/2)',
      'priority=10,ip,nw_src=10.0.0.1,actions=conjunction(7,1/2)',
      'priority=10,udp,tp_dst=53,actions=conjunction(7,2/2)',
      'priority=10,tcp,tp_dst=443,actions=conjunction(7,2/2)',
      'conj_id=7,ip,actions=output:2',
      'priority=1,actions=output:3',
    ],
    packets: ['UDP to route', 'TCP to route', 'IPv4 UDP', 'ARP', 'ICMP'],
    ports: [2],
  },
  {
    name: 'truncation',
    flows: ['actions=output(port=2,max_len=20),output:3'],
    packets: ['IPv4 UDP', 'LLDP'],
    ports: [2, 3],
  },
  {
    name: 'the length in a bit',
    flows: [
      'table=0,actions=check_pkt_larger(60)->NXM_NX_REG0[0],resubmit(,1)',
      'table=1,reg0=1,actions=output:2',
      'table=1,reg0=0,actions=output:3',
    ],
    packets: ['LACP', 'ARP', 'TCP over IPv6'],
    ports: [2],
  },
  {
    name: 'a solicitation becomes an advertisement',
    flows: [
      'table=0,icmp6,icmpv6_type=135,nd_sll=02:00:00:00:00:01,actions=set_field:136->icmpv6_type,resubmit(,1)',
      'table=1,icmp6,icmpv6_type=136,icmpv6_code=0,nd_options_type=1,actions=set_field:2->nd_options_type,set_field:0x60000000->nd_reserved,set_field:0a:58:00:00:00:00->nd_tll,move:NXM_NX_ND_TARGET[0..31]->NXM_NX_ND_TLL[0..31],move:NXM_NX_ND_TLL[]->NXM_OF_ETH_SRC[],move:NXM_NX_IPV6_SRC[]->NXM_NX_IPV6_DST[],move:NXM_NX_ND_TARGET[]->NXM_NX_IPV6_SRC[],in_port',
    ],
    packets: ['neighbour solicitation', 'solicitation without option', 'TCP over IPv6'],
    ports: [1],
  },
  {
    name: 'an ARP request becomes a reply',
    flows: [
      'arp,arp_op=1,actions=set_field:2->arp_op,move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],set_field:0a:58:00:00:00:00->arp_sha,move:NXM_OF_ARP_TPA[]->NXM_NX_ARP_SHA[0..31],push:NXM_OF_ARP_TPA[],move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[],pop:NXM_OF_ARP_SPA[],in_port',
    ],
    packets: ['ARP', 'ICMP'],
    ports: [1],
  },
  {
    name: 'an echo request becomes a reply',
    flows: [
      'icmp,icmp_type=8,nw_frag=no,actions=set_field:0->icmp_type,push:NXM_OF_IP_DST[],move:NXM_OF_IP_SRC[]->NXM_OF_IP_DST[],pop:NXM_OF_IP_SRC[],set_field:64->nw_ttl,in_port',
    ],
    packets: ['ICMP', 'ARP'],
    ports: [1],
  },
  {
    name: 'the port that it came in by is forgotten',
    flows: ['table=0,actions=set_field:0->in_port,goto_table:1', 'table=1,actions=output:1'],
    packets: ['ICMP'],
    ports: [1],
  },
  {
    name: 'a new connection is tracked',
    flows: [
      'table=0,ip,actions=ct(table=1,zone=5)',
      'table=1,ct_state=+trk+new,ct_zone=5,actions=output:2',
      'table=1,priority=1,actions=output:3',
    ],
    packets: ['UDP to route'],
    ports: [2],
  },
]

/** What may stand in the actions of a flow that matches UDP. */
const pool = [
  'output:2',
  'output:3',
  'output:4',
  'in_port',
  'mod_dl_src:02:00:00:00:0a:01',
  'mod_nw_src:10.7.7.7',
  'mod_nw_dst:10.8.8.8',
  'mod_tp_dst:9999',
  'dec_ttl',
  'set_field:6->ip_dscp',
  'push_vlan:0x8100,set_field:4099->vlan_vid',
  'set_field:0x77->reg0',
  'set_field:0x1/0x1->reg0',
  'move:NXM_NX_REG0[0..7]->NXM_OF_ETH_DST[0..7]',
  'move:NXM_OF_IP_SRC[]->NXM_OF_IP_DST[]',
  'push:NXM_OF_IP_DST[]',
  'pop:NXM_NX_REG1[]',
  'output:NXM_NX_REG1[0..2]',
  'resubmit(,1)',
  'resubmit(,2)',
  'resubmit(5,2)',
  'clone(mod_nw_dst:10.9.9.9,output:5,resubmit(,2))',
  'group:1',
  'group:2',
] as const

const chosen = (random: () => number, from: readonly string[], count: number): string =>
  Array.from({ length: count }, () => from[Math.floor(random() * from.length)] ?? 'drop').join()

/** A program by chance: three tables of a few flows, groups, an action set. */
export const randomCase = (random: () => number): Omit<TraceCase, 'name' | 'ports'> => {
  const simple = pool.filter((action) => !action.startsWith('resubmit') && !action.includes('(,'))
  const some = (from: readonly string[]): string => chosen(random, from, 1 + Math.floor(random() * 6))
  return {
    flows: [
      `table=0,priority=5,udp,actions=${some(pool)},write_actions(output:6,set_field:${1 + Math.floor(random() * 60)}->nw_ttl),goto_table:3`,
      `table=1,priority=5,udp,reg0=0x77,actions=${some(pool)}`,
      `table=1,priority=4,udp,actions=${some(pool)}`,
      `table=2,priority=6,udp,dl_vlan=3,actions=${some(simple)}`,
      `table=2,priority=5,udp,nw_dst=10.8.0.0/16,actions=${some(simple)}`,
      `table=2,priority=4,udp,actions=${some(simple)}`,
      `table=3,priority=5,udp,actions=${some(simple)}`,
    ],
    groups: [
      'group_id=1,type=all,bucket=mod_dl_dst:02:00:00:00:0b:01,output:4,bucket=output:5',
      'group_id=2,type=indirect,bucket=push_vlan:0x88a8,output:3',
    ],
    packets: ['UDP to route', 'IPv4 UDP', 'UDP without checksum'],
  }
}
