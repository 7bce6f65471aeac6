/** The fabric's own endpoints as EIDs: what it says in its own words, in those of the Map-Server. */

import type { IpAddress } from '#lisp/address.js'
import { type Eid, makeEid } from '#lisp/eid.js'
import type { Local } from '#lisp/map-server/owners.js'
import type { Locator } from '#lisp/records.js'
import type { Rloc } from '#model/address.js'
import { type Cidr, type Ip, widthOf } from '#model/cidr.js'
import type { LocalEid, LocalMappings, LocalNetwork } from '#model/local-mappings.js'
import type { MappingState } from './mapping-state.js'

const lengthOf = (ip: Ip | Cidr): number => ('length' in ip ? ip.length : widthOf(ip.family))

/** An address or prefix as an EID of an instance. */
export const eidOfIp = (iid: number, ip: Ip | Cidr): Eid => {
  const address: IpAddress =
    ip.family === 4 ? { family: 'ipv4', value: Number(ip.value) } : { family: 'ipv6', value: ip.value }
  return makeEid(iid, address, lengthOf(ip))
}

const eidOfLocal = (eid: LocalEid): Eid =>
  'ip' in eid ? eidOfIp(eid.vni, eid.ip) : makeEid(eid.vni, { family: 'mac', value: eid.mac })

const addressOf = (rloc: Rloc): IpAddress =>
  rloc.family === 4 ? { family: 'ipv4', value: rloc.value } : { family: 'ipv6', value: rloc.value }

/** RFC 9301, section 5.4: preferred, for all of the traffic, not for multicast. */
const locatorAt = (rloc: Rloc): Locator => ({
  priority: 1,
  weight: 100,
  multicastPriority: 255,
  multicastWeight: 0,
  flags: { reachable: true },
  rloc: addressOf(rloc),
})

export class OwnMappings implements LocalMappings {
  readonly #state: MappingState
  /** Owners are compared by identity. */
  readonly #nodes = new Map<string, Local>()

  constructor(state: MappingState) {
    this.#state = state
  }

  put(eid: LocalEid, node: string, rloc: Rloc): void {
    this.#state.putLocal({ eid: eidOfLocal(eid), locators: [locatorAt(rloc)], node: this.#nodeOf(node) })
  }

  remove(eid: LocalEid): void {
    this.#state.removeLocal(eidOfLocal(eid))
  }

  putNetwork(network: LocalNetwork): void {
    this.#state.putNetwork(network)
  }

  removeNetwork(name: string): void {
    this.#state.removeNetwork(name)
  }

  #nodeOf(name: string): Local {
    const known = this.#nodes.get(name)
    if (known !== undefined) return known
    const made: Local = { kind: 'local', name }
    this.#nodes.set(name, made)
    return made
  }
}
