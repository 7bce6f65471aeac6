/**
 * The cable between a container and its node as `ip` commands: pure, so that what the plugin does to a node can be read and
 * tested without one. Names are checked before they come here: in a batch, blanks and quotes would be something else.
 */
import { CniError } from './error.js'
import { isIpv6 } from './ip-text.js'
import type { ResultRoute } from './result.js'

export interface Cable {
  /** The host's end. */
  readonly host: string
  readonly hostMac: string
  /** The container's end, and the path of the namespace it is in. */
  readonly interfaceName: string
  readonly netns: string
  /** Bytes. */
  readonly mtu: number
  /** Says whose the host's end is. */
  readonly alias: string
}

/** What the container's end is given. */
export interface Equipment {
  readonly mac?: string
  readonly mtu: number
  /** With prefix length. */
  readonly addresses: readonly string[]
  readonly routes: readonly ResultRoute[]
}

/** What `ip -batch` takes as one word: no blank, quote, comment or escape. @throws CniError `invalid-environment` */
export const checkWord = (variable: string, word: string): void => {
  if (/^[^\s'"#\\]+$/.test(word)) return
  throw new CniError('invalid-environment', `${variable} has a blank, a quote, # or a backslash`, {
    details: word,
  })
}

/** In the node's namespace: both ends. The host's end says nothing on its own account: no link-local address, no answers to ARP. */
export const cableLines = ({ host, hostMac, interfaceName, netns, mtu, alias }: Cable): string[] => [
  `link add name ${host} mtu ${mtu} address ${hostMac} type veth peer name ${interfaceName} mtu ${mtu} netns ${netns}`,
  `link set dev ${host} alias ${alias} addrgenmode none arp off`,
  `link set dev ${host} up`,
]

const routeLine = (interfaceName: string, route: ResultRoute): string =>
  [
    `route replace ${route.dst}`,
    ...(route.gw === undefined ? [] : [`via ${route.gw}`]),
    `dev ${interfaceName}`,
    ...(route.priority === undefined ? [] : [`metric ${route.priority}`]),
    ...(route.table === undefined ? [] : [`table ${route.table}`]),
    ...(route.scope === undefined ? [] : [`scope ${route.scope}`]),
    ...(route.mtu === undefined ? [] : [`mtu ${route.mtu}`]),
    ...(route.advmss === undefined ? [] : [`advmss ${route.advmss}`]),
    ...(route.gw === undefined ? [] : ['onlink']),
  ].join(' ')

/** In the container's namespace. Done twice it does no harm. */
export const containerLines = (
  interfaceName: string,
  { mac, mtu, addresses, routes }: Equipment,
): string[] => [
  'link set dev lo up',
  `link set dev ${interfaceName}${mac === undefined ? '' : ` address ${mac}`} mtu ${mtu} up`,
  ...addresses.map(
    // Nobody else has the address: there is no need to ask around for it first.
    (address) => `addr replace ${address} dev ${interfaceName}${isIpv6(address) ? ' nodad' : ''}`,
  ),
  ...routes.map((route) => routeLine(interfaceName, route)),
]

/** Whether anything of IPv6 is given: namespaces of container runtimes may have it turned off. */
export const needsIpv6 = ({ addresses, routes }: Equipment): boolean =>
  addresses.some(isIpv6) || routes.some(({ dst }) => isIpv6(dst))
