/**
 * Where EIDs are, out of the Map-Server of this controller and, where it has nothing, of the map-cache of what was asked elsewhere.
 * Watches outlive the Map-Server: when another one takes over, all are looked at again.
 */

import { printAddress } from '#lisp/address-text.js'
import { type Eid, eidOf } from '#lisp/eid.js'
import { EidMap } from '#lisp/mapping/eid-map.js'
import type { Resolved } from '#lisp/mapping-client.js'
import { ipAddressOf } from '#lisp/messages/map-request.js'
import type { Action, Locator } from '#lisp/records.js'
import type { Rloc } from '#model/address.js'
import type { Cidr, Ip } from '#model/cidr.js'
import type { Located, SpokenFor, Whereabouts } from '#model/whereabouts.js'
import type { MappingState } from './mapping-state.js'
import { eidOfIp } from './own-mappings.js'
import { cidrOfEid } from './spoken-prefixes.js'

type Changed = (now: Located | undefined) => void

interface Watch {
  readonly eid: Eid
  readonly listeners: Set<Changed>
}

/** RFC 9301, section 5.4: 255 is not for unicast packets. */
const unusable = 255

/** Addresses that packets can be sent to, the preferred ones first. */
const usable = (locators: readonly Locator[]): readonly Rloc[] =>
  locators
    .filter(({ priority, flags }) => priority !== unusable && flags.reachable === true)
    .toSorted((a, b) => a.priority - b.priority || b.weight - a.weight)
    .flatMap(({ rloc }): readonly Rloc[] => {
      const address = ipAddressOf(rloc)
      if (address === undefined) return []
      const text = printAddress(address)
      return address.family === 'ipv4'
        ? [{ family: 4, value: address.value, text }]
        : [{ family: 6, value: address.value, text }]
    })

/** Mappings share their locators, so what is read of them is shared too: every node that asks about an EID keeps it. */
const read = new WeakMap<readonly Locator[], readonly Rloc[]>()

const rlocsOf = (locators: readonly Locator[]): readonly Rloc[] => {
  const known = read.get(locators) ?? usable(locators)
  read.set(locators, known)
  return known
}

/** What is said of an EID-prefix. */
interface Said {
  readonly eid: Eid
  readonly locators: readonly Locator[]
  readonly action: Action
  readonly ttl: number
  readonly node?: string
}

const located = ({ eid, locators, action, ttl, node }: Said): Located | undefined => {
  const cidr = cidrOfEid(eid)
  if (cidr === undefined) return undefined
  return {
    vni: eid.iid,
    eid: cidr,
    rlocs: rlocsOf(locators),
    action,
    ttl,
    ...(node !== undefined && { node }),
  }
}

export class LiveWhereabouts implements Whereabouts, SpokenFor {
  readonly #state: MappingState
  readonly #watches = new EidMap<Watch>()

  constructor(state: MappingState) {
    this.#state = state
  }

  lookup(vni: number, ip: Ip): Located | undefined {
    return this.#lookup(eidOfIp(vni, ip))
  }

  resolve(vni: number, ip: Ip, answered: Changed): void {
    const eid = eidOfIp(vni, ip)
    const known = this.#lookup(eid)
    const { elsewhere, listening } = this.#state.term
    if (known !== undefined || elsewhere === undefined || !listening) answered(known)
    // What was said here meanwhile is worth more than the answer.
    else elsewhere.resolve(eid, (answer) => answered(this.#lookup(eid) ?? (answer && located(answer))))
  }

  watch(vni: number, ip: Ip, changed: Changed): () => void {
    const eid = eidOfIp(vni, ip)
    const watch = this.#watches.get(eid) ?? { eid, listeners: new Set() }
    if (watch.listeners.size === 0) {
      this.#watches.set(eid, watch)
      this.#state.term.elsewhere?.watch(eid)
    }
    watch.listeners.add(changed)
    changed(this.#lookup(eid))
    return () => this.#unwatch(watch, changed)
  }

  prefixes(vni: number): readonly Cidr[] {
    return this.#state.prefixes.of(vni)
  }

  watchPrefixes(changed: (vni: number) => void): () => void {
    return this.#state.prefixes.watch(changed)
  }

  /** Something has changed at an EID-prefix: whoever watches what lies in it is told. */
  changed(prefix: Eid): void {
    for (const watch of this.#watches.within(prefix, Number.POSITIVE_INFINITY)) this.#tell(watch)
  }

  /** Another Map-Server and other clients from now on. */
  begin(): void {
    const { elsewhere } = this.#state.term
    for (const [eid, watch] of [...this.#watches.entries()]) {
      elsewhere?.watch(eid)
      this.#tell(watch)
    }
  }

  #unwatch(watch: Watch, changed: Changed): void {
    if (!watch.listeners.delete(changed) || watch.listeners.size > 0) return
    this.#watches.delete(watch.eid)
    this.#state.term.elsewhere?.unwatch(watch.eid)
  }

  #tell({ eid, listeners }: Watch): void {
    const now = this.#lookup(eid)
    for (const changed of [...listeners]) changed(now)
  }

  /** What is said here; of what nobody has said here, what is cached of elsewhere; undefined when that has to be asked first. */
  #lookup(eid: Eid): Located | undefined {
    const { server, term } = this.#state
    const answer = server.resolver.answer(eid, false)
    if (answer.kind !== 'negative') {
      const { owner, locators, action, ttl } = answer.mapping
      const record = answer.kind === 'reply' ? answer.records[0] : undefined
      const part = record === undefined ? eid : (eidOf(record) ?? eid)
      const node = owner.kind === 'local' ? { node: owner.name } : {}
      return located({ eid: part, locators: locators.locators, action, ttl, ...node })
    }
    // After a restart its router may not have said yet that it has it.
    const routers = (server.sites.of(eid)?.site.keys.length ?? 0) > 0
    if (routers && term.quietMs > 0) return undefined
    if (term.elsewhere?.resolves !== true) {
      const { record } = answer
      return located({ ...record, eid: eidOf(record) ?? eid })
    }
    const cached: Resolved | undefined = term.elsewhere.client.lookup(eid)
    return cached === undefined || cached.action === 'send-map-request' ? undefined : located(cached)
  }
}
