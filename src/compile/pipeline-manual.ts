/** The manual of the pipeline, `docs/pipeline.md`: the tables as they are defined, with flows as the compiler makes them. */
import { parseRloc } from '#model/address.js'
import type { Inventory, NodeFacts } from '#model/facts.js'
import type { Wire } from '#model/wire.js'
import type { Flow } from '#openflow/flow.js'
import { type OriginKind, originKinds } from './cookie.js'
import { compileNode } from './node.js'
import { overlayExamples } from './overlay-manual.js'
import { pipeline } from './pipeline.js'
import { registers } from './registers.js'
import { compileWire } from './wire.js'

const nodeFacts = (name: string, rloc: string): NodeFacts => {
  const address = parseRloc(rloc)
  return {
    name,
    state: 'ready',
    tunnelOfport: 1,
    gpeOfport: 2,
    underlayMtu: 1600,
    ...(address === undefined ? {} : { rloc: address }),
  }
}

const nodes: Readonly<Record<string, NodeFacts>> = {
  n1: nodeFacts('n1', '192.0.2.1'),
  n2: nodeFacts('n2', '192.0.2.2'),
  v1: nodeFacts('v1', '2001:db8::1'),
  v2: nodeFacts('v2', '2001:db8::2'),
}

/** Every interface of the examples bears its ofport as its name. */
const inventory: Inventory = {
  node: (name) => nodes[name] ?? { name, state: 'unknown', underlayMtu: 1600 },
  port: (_, name) => ({ name, ofport: Number(name), ours: true, linkDown: false, held: false }),
}

const wire = (serial: number, a: [string, string], b: [string, string], rateMbps?: number): Wire => ({
  name: `w${serial}`,
  serial,
  a: { node: a[0], interface: a[1] },
  b: { node: b[0], interface: b[1] },
  vni: 4095 + serial,
  ...(rateMbps === undefined ? {} : { rateMbps }),
  provenance: { requestId: '', by: '', at: 0 },
})

export interface Example {
  readonly about: string
  readonly flows: readonly Flow[]
}

const examples: readonly Example[] = [
  {
    about: 'What every node holds: the table-miss, which counts what belongs to nothing.',
    flows: compileNode().flows,
  },
  {
    about: 'A wire inside one node, between ofports 2 and 3.',
    flows: compileWire(wire(1, ['n1', '2'], ['n1', '3']), inventory, 'n1').flows,
  },
  {
    about: 'A wire between nodes, at the node with the RLOC 192.0.2.1; the tunnel port is ofport 1.',
    flows: compileWire(wire(2, ['n1', '4'], ['n2', '2']), inventory, 'n1').flows,
  },
  {
    about: 'The same at the other node.',
    flows: compileWire(wire(2, ['n1', '4'], ['n2', '2']), inventory, 'n2').flows,
  },
  {
    about: 'A wire between nodes with IPv6 RLOCs, limited to 100 Mbit/s by the meter of its port.',
    flows: compileWire(wire(3, ['v1', '5'], ['v2', '2'], 100), inventory, 'v1').flows,
  },
]

const intro = `# The pipeline of a node

<!-- Made from src/compile/pipeline.ts by src/compile/pipeline-manual.ts. Do not edit: run \`npx vitest run -u test/golden/pipeline-manual.test.ts\`. -->

The integration bridge of a node has these flow tables, in this order. Flows are compiled from the intent and the inventory and
from nothing else; the examples below are what the compiler makes.
`

const kindNames: Readonly<Record<OriginKind, string>> = {
  node: 'a node',
  wire: 'a wire',
  network: 'a network',
  endpoint: 'an endpoint',
  cache: 'an entry of the map-cache',
}

const kinds = Object.entries(originKinds)
  .map(([kind, code]) => `\`${code.toString(16).padStart(2, '0')}\` for ${kindNames[kind as OriginKind]}`)
  .join(', ')

const cookies = `## Cookies

A cookie says who owns a flow and why it is there: \`0x4845\` ("HE"), two digits for the kind of object (${kinds}), ten digits for its
serial number; entries of the map-cache have none, but a hash of VNI and EID. \`heddle flows NODE\` and \`GET /v1/nodes/NODE/flows\` resolve
it to the object's name, the request that made it, by whom and when. A flow with another cookie is somebody else's: it is reported and left alone.
`

const bitsOf = (offset: number, width: number): string =>
  width === 32 ? '' : `[${offset}${width === 1 ? '' : `..${offset + width - 1}`}]`

const registerTable = (): string => {
  const rows = Object.entries(registers).map(
    ([name, { field, offset, width, purpose }]) =>
      `| \`${name}\` | \`${field}${bitsOf(offset, width)}\` | ${purpose} |`,
  )
  return `## Registers\n\nA wire uses none. They are 0 when a packet comes in, and come along to the controller.\n\n| Name | Bits | What they hold |\n| --- | --- | --- |\n${rows.join('\n')}\n`
}

/** The page. `print` writes a flow as ovs-ofctl does. */
export const pipelineManual = (print: (flow: Flow) => string): string => {
  const tables = pipeline.map(({ name, purpose }, number) => `| ${number} | \`${name}\` | ${purpose} |`)
  const show = ({ about, flows }: Example): string =>
    `${about}\n\n\`\`\`text\n${flows.map(print).join('\n')}\n\`\`\`\n`
  return [
    intro,
    `## Tables\n\n| Number | Name | What it does |\n| --- | --- | --- |\n${tables.join('\n')}\n`,
    registerTable(),
    `## Flows of wires\n\n${examples.map(show).join('\n')}`,
    `## Flows of overlay networks\n\n${overlayExamples(inventory).map(show).join('\n')}`,
    cookies,
  ].join('\n')
}
