/** Networks, endpoints and nodes in few words. */
import { parseRloc } from '#model/address.js'
import { type Cidr, type Ip, parseCidr, parseIp } from '#model/cidr.js'
import type { Endpoint } from '#model/endpoint.js'
import type { NodeFacts } from '#model/facts.js'
import { derivedMac } from '#model/mac.js'
import type { Network } from '#model/network.js'
import { gpeOfport, tunnelOfport } from './overlay.js'

const provenance = { requestId: '', by: '', at: 0 }

const must = <T>(found: T | undefined, text: string): T => {
  if (found === undefined) throw new Error(`${text} is no address`)
  return found
}

export const ipOf = (text: string): Ip => must(parseIp(text), text)
export const cidrOf = (text: string): Cidr => must(parseCidr(text), text)

export const nodeFacts = (name: string, rloc: string, underlayMtu = 1500): NodeFacts => ({
  name,
  state: 'ready',
  tunnelOfport,
  gpeOfport,
  underlayMtu,
  rloc: must(parseRloc(rloc), rloc),
})

/** The gateway is the first address of each subnet. */
export const networkOf = (
  serial: number,
  subnets: readonly string[],
  rest: Partial<Network> = {},
): Network => ({
  name: `net${serial}`,
  serial,
  vni: 4000 + serial,
  subnets: subnets.map((text) => {
    const cidr = cidrOf(text)
    return { cidr, gateway: cidr.value + 1n, exclude: [] }
  }),
  resolution: 'on-demand',
  idleTimeoutSeconds: 300,
  routes: [],
  isolation: false,
  broadcast: false,
  provenance,
  ...rest,
})

export const endpointOf = (
  serial: number,
  network: Network,
  node: string,
  addresses: readonly string[],
  rest: Partial<Endpoint> = {},
): Endpoint => ({
  id: `e${serial}`,
  serial,
  network: network.name,
  node,
  interface: `if${serial}`,
  mac: derivedMac(addresses.map(ipOf)),
  addresses: addresses.map(ipOf),
  labels: {},
  provenance,
  ...rest,
})
