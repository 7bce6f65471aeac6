/** Giving an interface to a wire: the host's end gets the name that the link's end on this node has, and is a port because of that. */
import type { Link } from '#api/client.js'
import type { Provision } from './attach-network.js'
import type { Call } from './call.js'
import { CniError } from './error.js'
import { isIpv6 } from './ip-text.js'
import type { CniNode } from './node.js'
import type { PluginResult, ResultIp } from './result.js'
import { wishesOf } from './wishes.js'

const mtuDefault = 1400

/** The link, and the name of the host's end. */
export interface WireEnd {
  readonly link: Link
  readonly host: string
}

const invalid = (message: string): CniError => new CniError('invalid-config', message)

/** @throws CniError `invalid-config` where the link has no end here, or two and none is named */
export const wireEndOf = async (node: CniNode, { configuration }: Call): Promise<WireEnd> => {
  const { link: name = '', end } = configuration.wire ?? {}
  const link = await node.controller.link(name)
  const here = (
    [
      ['a', link.a],
      ['b', link.b],
    ] as const
  ).filter(([letter, { node: where }]) => where === node.name && (end === undefined || end === letter))
  const [only] = here
  if (only !== undefined && here.length === 1) return { link, host: only[1].interface }
  if (here.length > 1)
    throw invalid(`both ends of link ${name} are on node ${node.name}: wire.end says which, a or b`)
  throw invalid(`link ${name} has no end${end === undefined ? '' : ` ${end}`} on node ${node.name}`)
}

const isWide = (address: string): boolean => address.includes('/')

/** What the container's end is given: a wire has no addresses of its own. @throws CniError `invalid-config` */
export const wireProvisionOf = (
  call: Call,
  { link }: WireEnd,
  given: PluginResult | undefined,
): Provision => {
  const { configuration } = call
  const { mac, addresses } = wishesOf(call)
  const narrow = addresses.find((address) => !isWide(address))
  if (given === undefined && narrow !== undefined) throw invalid(`${narrow} needs a prefix length on a wire`)
  const ips: readonly ResultIp[] = (given?.ips ?? addresses.map((address) => ({ address }))).map((ip) => ({
    ...ip,
    interface: 1,
  }))
  const mtu = configuration.mtu ?? link.effectiveMtu ?? mtuDefault
  if (mtu < 1280 && ips.some(({ address }) => isIpv6(address)))
    throw invalid(`mtu: ${mtu} is less than IPv6 needs, 1280`)
  const routes = [...(given?.routes ?? []), ...(configuration.routes ?? [])]
  return {
    ips,
    equipment: {
      ...(mac === undefined ? {} : { mac }),
      mtu,
      addresses: ips.map(({ address }) => address),
      routes,
    },
  }
}
