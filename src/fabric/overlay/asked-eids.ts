/** The EIDs that nodes have asked about, by every key that `resolution.ts` needs, so that nothing scans them all. Values and indexes only. */
import type { Slot } from '#compile/cookie.js'
import { type Ip, printIp } from '#model/cidr.js'
import type { PacketIn } from '#reconcile/switch-handle.js'
import { type CacheKey, cacheSlot } from './map-cache.js'

/** An EID that a node has asked about, for as long as the answer is in its map-cache. */
export interface Asked {
  readonly node: string
  readonly vni: number
  readonly ip: Ip
  /** Packets to it, in the order in which they came. */
  readonly waiting: PacketIn[]
  state: 'asking' | 'answered'
  /** The entry that the answer is; while asking, the one that it will be where nobody says otherwise. */
  key: CacheKey | undefined
  /** Before this time of the clock no packet gets through. */
  readyAt: number
  /** When its flows were last found to be on the switch. */
  settledAt: number
  /** Ends the watch of where it is. */
  stop: () => void
  /** Ends the timer that lets packets go, or that ends the wait. */
  cancelRelease: (() => void) | undefined
  cancelPatience: (() => void) | undefined
}

const textOf = (vni: number, ip: Ip): string => `${vni} ${printIp(ip)}`

const sameKey = (a: CacheKey | undefined, b: CacheKey | undefined): boolean =>
  a?.vni === b?.vni &&
  a?.eid.value === b?.eid.value &&
  a?.eid.length === b?.eid.length &&
  a?.eid.family === b?.eid.family

export class AskedEids {
  private readonly byNode = new Map<string, Map<string, Asked>>()
  /** By node and slot: what waits for the flows of the slot. Mostly one. */
  private readonly bySlot = new Map<string, Map<Slot, readonly Asked[]>>()
  private total = 0

  get size(): number {
    return this.total
  }

  count(node: string): number {
    return this.byNode.get(node)?.size ?? 0
  }

  get(node: string, vni: number, ip: Ip): Asked | undefined {
    return this.byNode.get(node)?.get(textOf(vni, ip))
  }

  has(asked: Asked): boolean {
    return this.get(asked.node, asked.vni, asked.ip) === asked
  }

  of(node: string): readonly Asked[] {
    return [...(this.byNode.get(node)?.values() ?? [])]
  }

  at(node: string, slot: Slot): readonly Asked[] {
    return this.bySlot.get(node)?.get(slot) ?? []
  }

  add(asked: Asked): void {
    const { node, vni, ip } = asked
    const there = this.byNode.get(node)
    if (there === undefined) this.byNode.set(node, new Map([[textOf(vni, ip), asked]]))
    else there.set(textOf(vni, ip), asked)
    this.total++
  }

  remove(asked: Asked): void {
    const { node, vni, ip } = asked
    this.leave(asked)
    const there = this.byNode.get(node)
    if (there?.delete(textOf(vni, ip))) this.total--
    if (there?.size === 0) this.byNode.delete(node)
  }

  /** `key` is the entry from now on. */
  join(asked: Asked, key: CacheKey): void {
    if (sameKey(asked.key, key)) return
    this.leave(asked)
    asked.key = key
    const slot = cacheSlot(key)
    const slots = this.bySlot.get(asked.node) ?? new Map<Slot, readonly Asked[]>()
    const others = slots.get(slot)
    slots.set(slot, others === undefined ? [asked] : [...others, asked])
    this.bySlot.set(asked.node, slots)
  }

  /** Whether another EID than `asked` has this entry too: they lie in one prefix. */
  isShared(asked: Asked, key: CacheKey): boolean {
    return this.at(asked.node, cacheSlot(key)).some((other) => other !== asked && sameKey(other.key, key))
  }

  private leave(asked: Asked): void {
    if (asked.key === undefined) return
    const slot = cacheSlot(asked.key)
    const slots = this.bySlot.get(asked.node)
    const others = (slots?.get(slot) ?? []).filter((other) => other !== asked)
    if (others.length > 0) slots?.set(slot, others)
    else slots?.delete(slot)
    if (slots?.size === 0) this.bySlot.delete(asked.node)
    asked.key = undefined
  }
}
