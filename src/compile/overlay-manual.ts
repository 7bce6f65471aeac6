/** Flows of overlay networks for the manual of the pipeline. */
import { parseRloc, type Rloc } from '#model/address.js'
import { hostPrefix, parseCidr, parseIp } from '#model/cidr.js'
import { type Endpoint, nodePort } from '#model/endpoint.js'
import type { Inventory } from '#model/facts.js'
import { derivedMac } from '#model/mac.js'
import type { Network } from '#model/network.js'
import type { Flow } from '#openflow/flow.js'
import { type CacheEntry, compileCacheEntry } from './cache.js'
import { compileEndpoint } from './endpoint.js'
import { compileNetwork } from './network.js'
import type { Example } from './pipeline-manual.js'

const provenance = { requestId: '', by: '', at: 0 }

const read = <T>(text: string, reading: (text: string) => T | undefined): T => {
  const found = reading(text)
  if (found === undefined) throw new TypeError(`${text} is no address`)
  return found
}

const network: Network = {
  name: 'default',
  serial: 1,
  vni: 5000,
  subnets: ['10.0.0.0/24', 'fd00::/64'].map((text) => {
    const cidr = read(text, parseCidr)
    return { cidr, gateway: cidr.value + 1n, exclude: [] }
  }),
  resolution: 'on-demand',
  idleTimeoutSeconds: 300,
  routes: [],
  isolation: false,
  broadcast: false,
  provenance,
}

/** The interface bears its ofport as its name. */
const endpoint = (serial: number, name: string, texts: readonly string[]): Endpoint => {
  const addresses = texts.map((text) => read(text, parseIp))
  return {
    id: `e${serial}`,
    serial,
    network: network.name,
    node: 'n1',
    interface: name,
    mac: derivedMac(addresses),
    addresses,
    labels: {},
    provenance,
  }
}

const container = endpoint(2, '6', ['10.0.0.10', 'fd00::10'])
const gate = endpoint(3, nodePort, ['10.0.0.2'])

const rloc: Rloc = read('192.0.2.2', parseRloc)
const vni = network.vni

const entries: readonly (readonly [about: string, entry: CacheEntry])[] = [
  [
    'An entry that traffic has asked for: the EID is at the node with the RLOC 192.0.2.2. It leaves after 300 seconds without traffic.',
    {
      vni,
      eid: hostPrefix(read('10.0.0.20', parseIp)),
      state: 'remote',
      rloc,
      node: 'n2',
      encapsulation: 'vxlan',
      idleTimeoutSeconds: 300,
    },
  ],
  [
    'The site of a LISP router, by VXLAN-GPE.',
    { vni, eid: read('172.16.0.0/16', parseCidr), state: 'remote', rloc, encapsulation: 'gpe' },
  ],
  [
    'An EID that was here and has moved: what still arrives for it is sent on.',
    {
      vni,
      eid: hostPrefix(read('10.0.0.20', parseIp)),
      state: 'moved',
      rloc,
      node: 'n2',
      encapsulation: 'vxlan',
      forwardSeconds: 30,
    },
  ],
  [
    'An EID that nobody has.',
    { vni, eid: hostPrefix(read('fd00::99', parseIp)), state: 'negative', holdSeconds: 5 },
  ],
]

/** By table, as a switch lists them. */
const sorted = (flows: readonly Flow[]): readonly Flow[] => flows.toSorted((a, b) => a.table - b.table)

/** `inventory`: of interfaces that bear their ofports as names. The port of the node is ofport 7. */
export const overlayExamples = (inventory: Inventory): readonly Example[] => {
  const ports: Inventory = {
    ...inventory,
    port: (node, name) => inventory.port(node, name === nodePort ? '7' : name),
  }
  const flowsOf = (one: Endpoint): readonly Flow[] => sorted(compileEndpoint(one, network, ports, 'n1').flows)
  return [
    {
      about:
        'What a node with endpoints of the network holds, however many they are: VNI 5000 (0x1388), subnets 10.0.0.0/24 and fd00::/64; tunnel port 1, VXLAN-GPE port 2.',
      flows: sorted(compileNetwork(network, ports, 'n1').flows),
    },
    { about: 'An endpoint at ofport 6 with 10.0.0.10 and fd00::10.', flows: flowsOf(container) },
    {
      about: 'The port of the node, ofport 7, with 10.0.0.2: the way to the world outside.',
      flows: flowsOf(gate),
    },
    ...entries.map(([about, entry]) => ({ about, flows: compileCacheEntry(entry, ports, 'n1') })),
  ]
}
