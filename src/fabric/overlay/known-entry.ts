/** What is known of an EID as the entry of a node's map-cache. Pure. */
import type { CacheEntry } from '#compile/cache.js'
import { hostPrefix, type Ip } from '#model/cidr.js'
import type { Located } from '#model/whereabouts.js'

/** Seconds for which nobody is said to have an EID, without asking again. */
const negativeSeconds = 5
/** Seconds for which packets are sent on that still arrive where an EID was. */
export const forwardSeconds = 15

export const negativeEntry = ({ vni, ip }: { readonly vni: number; readonly ip: Ip }): CacheEntry => ({
  state: 'negative',
  vni,
  eid: hostPrefix(ip),
  holdSeconds: negativeSeconds,
})

export interface EntryTerms {
  readonly node: string
  readonly vni: number
  readonly ip: Ip
  /** The node's tunnel address family. */
  readonly family: 4 | 6 | undefined
  readonly idleTimeoutSeconds: number
}

/** Undefined where the node has the EID itself: its endpoint's flows are the entry. */
export const entryFor = (now: Located, terms: EntryTerms): CacheEntry | undefined => {
  const { node, vni, ip, family, idleTimeoutSeconds } = terms
  if (now.node === node) return undefined
  const rloc = now.rlocs.find((one) => one.family === family)
  if (rloc === undefined) return negativeEntry({ vni, ip })
  return {
    state: 'remote',
    vni,
    // Endpoints of nodes come and go one by one; of a router's site the whole prefix is there.
    eid: now.node === undefined ? now.eid : hostPrefix(ip),
    rloc,
    ...(now.node !== undefined && { node: now.node }),
    encapsulation: now.node === undefined ? 'gpe' : 'vxlan',
    idleTimeoutSeconds,
  }
}

export const withForward = (entry: CacheEntry): CacheEntry =>
  entry.state === 'remote' ? { ...entry, state: 'moved', forwardSeconds } : entry

export const withoutForward = (entry: CacheEntry): CacheEntry => {
  if (entry.state !== 'moved') return entry
  const { forwardSeconds: _, ...rest } = entry
  return { ...rest, state: 'remote' }
}
