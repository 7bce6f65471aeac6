/** The hosts of the demo and the links between them, as data. */
import type { LinkSpec } from '#api/client.js'
import type { HostOptions } from '#lab/host.js'
import { deviceOf } from '#lab/names.js'

/** One end of a cable that a link stands for: a host, its interface and its address. */
interface End {
  readonly host: string
  readonly node: string
  readonly device: string
  readonly address: string
}

export interface Cable {
  readonly link: string
  readonly a: End
  readonly b: End
}

const cable = (
  link: string,
  number: number,
  a: readonly [string, string],
  b: readonly [string, string],
): Cable => {
  const end = ([host, node]: readonly [string, string], side: number): End => ({
    host,
    node,
    device: link,
    address: `10.0.${number}.${side}`,
  })
  return { link, a: end(a, 1), b: end(b, 2) }
}

/** The wire on one node and the wire across nodes. */
export const near = cable('near', 1, ['r1', 'n1'], ['r2', 'n1'])
export const far = cable('far', 2, ['r1', 'n1'], ['r3', 'n2'])

const racks = [
  ['s1', 'n1'],
  ['s2', 'n1'],
  ['s3', 'n2'],
  ['s4', 'n3'],
] as const

/** Every two of them, so that each gets as many links as the others. */
const pairs = racks.flatMap((a, index) => racks.slice(index + 1).map((b) => [a, b] as const))

export const topologySize = 20

/** The cables of the topology. */
export const mesh: readonly Cable[] = Array.from({ length: topologySize }, (_, index) => {
  const [a, b] = pairs[index % pairs.length] ?? [racks[0], racks[1]]
  return cable(`t${index + 1}`, 100 + index, a, b)
})

const ends = [near, far, ...mesh].flatMap(({ a, b }) => [a, b])

/** Every host with an interface for each cable that ends there. */
export const hosts: readonly HostOptions[] = [...new Map(ends.map(({ host, node }) => [host, node]))].map(
  ([name, node]) => ({
    name,
    node,
    interfaces: ends
      .filter(({ host }) => host === name)
      .map(({ device, address }) => ({ name: device, addresses: [`${address}/24`] })),
  }),
)

/** What REST is asked for. */
export const linkOf = ({ link, a, b }: Cable): LinkSpec => ({
  name: link,
  a: { node: a.node, interface: deviceOf(a.host, a.device) },
  b: { node: b.node, interface: deviceOf(b.host, b.device) },
})
