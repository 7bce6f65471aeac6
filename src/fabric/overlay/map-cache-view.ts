/** A node's map-cache for people: its endpoints, the entries that traffic asked for, and how much each is used, as the flows count it. Pure. */
import type { CacheEntryView } from '#api/networks.js'
import type { CacheEntry } from '#compile/cache.js'
import { originOf, type Slot, slotOf } from '#compile/cookie.js'
import { tableNumbers } from '#compile/pipeline.js'
import { hostPrefix, type Ip, printIp } from '#model/cidr.js'
import type { Endpoint } from '#model/endpoint.js'
import type { InstalledFlow } from '#reconcile/switch-handle.js'
import { cacheSlot } from './map-cache.js'

type Use = Pick<CacheEntryView, 'packets' | 'idleSeconds'>

/** Flows by the origin that they are for. */
export type FlowsBySlot = ReadonlyMap<Slot, readonly InstalledFlow[]>

export const flowsBySlot = (flows: readonly InstalledFlow[]): FlowsBySlot => {
  const bySlot = new Map<Slot, InstalledFlow[]>()
  for (const flow of flows) {
    const origin = originOf(flow.cookie)
    if (origin === undefined) continue
    const slot = slotOf(origin)
    const there = bySlot.get(slot)
    if (there === undefined) bySlot.set(slot, [flow])
    else there.push(flow)
  }
  return bySlot
}

const useOf = (flows: readonly InstalledFlow[]): Use => {
  const idle = flows.flatMap(({ idleSeconds }) => idleSeconds ?? [])
  return {
    packets: flows.reduce((sum, { packets }) => sum + packets, 0n),
    ...(idle.length > 0 && { idleSeconds: Math.min(...idle) }),
  }
}

/** Every packet to an address of the node passes through one flow of `deliver`, wherever it comes from. */
const deliversTo =
  (ip: Ip) =>
  ({ table, match }: InstalledFlow): boolean =>
    table === tableNumbers.deliver && match.split(',').some((part) => part.endsWith(`=${printIp(ip)}`))

/** What an endpoint of the node is in its map-cache. */
export const localViews = (endpoint: Endpoint, flows: FlowsBySlot): readonly CacheEntryView[] => {
  const own = flows.get(slotOf({ kind: 'endpoint', serial: endpoint.serial })) ?? []
  return endpoint.addresses.map((ip) => ({
    network: endpoint.network,
    eid: hostPrefix(ip),
    node: endpoint.node,
    why: 'local',
    ...useOf(own.filter(deliversTo(ip))),
  }))
}

/** `proactive`: the entry is there without having been asked for. */
export const entryView = (
  entry: CacheEntry,
  network: string,
  proactive: boolean,
  flows: FlowsBySlot,
): CacheEntryView => ({
  network,
  eid: entry.eid,
  ...(entry.state !== 'negative' && { rloc: entry.rloc.text }),
  ...(entry.state !== 'negative' && entry.node !== undefined && { node: entry.node }),
  why: entry.state === 'remote' ? (proactive ? 'proactive' : 'resolved') : entry.state,
  ...useOf(flows.get(cacheSlot(entry)) ?? []),
})
