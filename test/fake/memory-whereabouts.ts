/** Where EIDs are, of the fabric's own endpoints alone: what it says of them, told at once to whoever watches. */
import type { Rloc } from '#model/address.js'
import { type Cidr, type Ip, printIp, widthOf } from '#model/cidr.js'
import type { LocalEid, LocalMappings } from '#model/local-mappings.js'
import type { Located, SpokenFor, Whereabouts } from '#model/whereabouts.js'

type Changed = (now: Located | undefined) => void

const keyOf = (vni: number, ip: Ip | Cidr): string => `${vni} ${printIp(ip)}`

export class MemoryWhereabouts implements LocalMappings, Whereabouts, SpokenFor {
  private readonly places = new Map<string, { readonly node: string; readonly rloc: Rloc }>()
  private readonly watches = new Map<string, { readonly ip: Ip; readonly listeners: Set<Changed> }>()

  put(eid: LocalEid, node: string, rloc: Rloc): void {
    if (!('ip' in eid)) return
    this.places.set(keyOf(eid.vni, eid.ip), { node, rloc })
    this.tell(eid.vni, eid.ip)
  }

  remove(eid: LocalEid): void {
    if (!('ip' in eid)) return
    this.places.delete(keyOf(eid.vni, eid.ip))
    this.tell(eid.vni, eid.ip)
  }

  putNetwork(): void {}

  removeNetwork(): void {}

  lookup(vni: number, ip: Ip): Located {
    const place = this.places.get(keyOf(vni, ip))
    return {
      vni,
      eid: { ...ip, length: widthOf(ip.family) },
      rlocs: place === undefined ? [] : [place.rloc],
      ...(place !== undefined && { node: place.node }),
      action: 'no-action',
      ttl: 1,
    }
  }

  prefixes(): readonly Cidr[] {
    return []
  }

  watchPrefixes(): () => void {
    return () => {}
  }

  resolve(vni: number, ip: Ip, answered: Changed): void {
    answered(this.lookup(vni, ip))
  }

  watch(vni: number, ip: Ip, changed: Changed): () => void {
    const key = keyOf(vni, ip)
    const watch = this.watches.get(key) ?? { ip, listeners: new Set() }
    this.watches.set(key, watch)
    watch.listeners.add(changed)
    changed(this.lookup(vni, ip))
    return () => {
      watch.listeners.delete(changed)
      if (watch.listeners.size === 0) this.watches.delete(key)
    }
  }

  private tell(vni: number, ip: Ip | Cidr): void {
    const watch = this.watches.get(keyOf(vni, ip))
    if (watch === undefined) return
    const now = this.lookup(vni, watch.ip)
    for (const changed of [...watch.listeners]) changed(now)
  }
}
