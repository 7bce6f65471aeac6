/** Ports of the integration bridge: rows of the database and states of the OpenFlow ports in one value. */
import type { Port } from '#model/node.js'
import type { InstalledPort } from './of-ports.js'
import type { SwitchSettings } from './settings.js'
import { type InterfaceRow, ids, type PortRow } from './tables.js'

const stateOf = (row: InterfaceRow): Pick<Port, 'ofport' | 'error'> => {
  if (row.ofport !== null && row.ofport > 0) return { ofport: row.ofport }
  if (row.error !== null) return { error: row.error }
  return row.ofport === -1 ? { error: 'the switch could not add it' } : {}
}

const internalMac = ({ type, mac }: InterfaceRow): string | undefined =>
  type === 'internal' && mac !== null ? mac : undefined

/** Ports that the node itself needs are no ends of a wire, and no wire's end takes them away. */
export const reserved = (name: string, { bridge, tunnelPort, gpe }: SwitchSettings): Port | undefined => {
  if (name === tunnelPort || name === gpe?.port)
    return { name, ours: false, error: "it is the node's own tunnel port" }
  return name === bridge ? { name, ours: false, error: 'it is the bridge itself' } : undefined
}

/** A port whose device has to be opened anew, or is on its way out for that. */
export const stalePort = (name: string, ours: boolean, fault: string): Port => ({
  name,
  ours,
  stale: true,
  error: ours ? fault : `${fault}; take the port off the bridge and put it back`,
})

/**
 * A port of our bridge. When the switch has started again the number in its database may be another port's by now: what the
 * channel says of that one is not this one's, and nothing may be done to it until both agree.
 */
export const portValue = (row: PortRow, device: InterfaceRow, open: InstalledPort | undefined): Port => {
  const agrees = open === undefined || open.name === row.name
  const asked = internalMac(device)
  return {
    name: row.name,
    ours: row.external_ids.has(ids.owner),
    ...(agrees && stateOf(device)),
    ...(device.mac_in_use !== null && { mac: device.mac_in_use }),
    ...(device.mtu !== null && { mtu: device.mtu }),
    ...(device.mtu_request !== null && { mtuRequest: device.mtu_request }),
    ...(asked !== undefined && { internalMac: asked }),
    ...(agrees && open !== undefined && { linkDown: open.linkDown, held: open.held }),
  }
}

/** A port that another bridge has: it can be looked at, not used. */
export const elsewhere = (name: string, bridge: string): Port => ({
  name,
  ours: false,
  error: `it is a port of bridge ${bridge}; remove it there`,
})

/**
 * What of a port matters to the wires on it; ports of which it is the same need not be told apart. One that the switch has not
 * opened on both sides, in its database and for OpenFlow, is as good as none.
 */
const mattering = (port: Port | undefined): string => {
  if (port === undefined) return ''
  const { ofport, error, stale, ours, linkDown, held, mtu, mtuRequest, internalMac: mac } = port
  if (error === undefined && stale !== true && (ofport === undefined || linkDown === undefined)) return ''
  return `${ofport} ${linkDown} ${held} ${ours} ${mtu} ${mtuRequest} ${mac} ${stale} ${error}`
}

/** Ports by name, made when they are asked for and kept until something about them changes. */
export class PortCache {
  private readonly ports = new Map<string, Port>()

  constructor(private readonly make: (name: string) => Port | undefined) {}

  get(name: string): Port | undefined {
    const there = this.ports.get(name)
    if (there !== undefined) return there
    const port = this.make(name)
    if (port !== undefined) this.ports.set(name, port)
    return port
  }

  /** Something about a port changed; true when it is something that matters. */
  refresh(name: string): boolean {
    const before = this.ports.get(name)
    this.ports.delete(name)
    const after = this.get(name)
    return after === undefined ? before !== undefined : mattering(before) !== mattering(after)
  }

  clear(): void {
    this.ports.clear()
  }
}
