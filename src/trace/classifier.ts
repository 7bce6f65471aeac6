/**
 * A classifier: which of many matches takes a packet, the one of highest priority. Matches that look at the same bits share
 * a hash table, as in Open vSwitch's `lib/classifier`, so that a lookup costs what there are kinds of matches, not matches.
 */
import { type FieldName, fields } from '#openflow/fields.js'
import { type AnyMatch, canonicalMatch, type Match, maskedOf } from '#openflow/match.js'
import { type PacketState, presentField, readField } from './state.js'

interface Bits {
  readonly field: FieldName
  /** Undefined: all of them. */
  readonly mask: number | bigint | undefined
}

interface Entry<T> {
  readonly priority: number
  readonly value: T
}

/** All matches that look at the same bits. */
interface Subtable<T> {
  readonly bits: readonly Bits[]
  /** Highest priority first. */
  readonly entries: Map<string, Entry<T>[]>
  /** How many entries there are of each priority. */
  readonly priorities: Map<number, number>
  priorityMax: number
}

interface Taken {
  readonly signature: string
  readonly key: string
  readonly bits: readonly Bits[]
}

const taken = (match: Match): Taken => {
  let signature = ''
  let key = ''
  const bits: Bits[] = []
  for (const [name, constraint] of Object.entries(canonicalMatch(match) as AnyMatch)) {
    const field = fields[name as FieldName]
    const { value } = maskedOf(field, constraint)
    const mask = typeof constraint === 'object' ? constraint.mask : undefined
    bits.push({ field: field.name, mask })
    signature += mask === undefined ? `${field.index},` : `${field.index}/${mask.toString(16)},`
    key += `${value.toString(16)},`
  }
  return { signature, key, bits }
}

/** The packet's bits as the key of a subtable; undefined where it lacks a tunnel option that is asked for. */
const keyOf = (state: PacketState, bits: readonly Bits[]): string | undefined => {
  let key = ''
  for (const { field, mask } of bits) {
    const value = readField(state, field)
    if (fields[field].variable && !presentField(state, field)) return undefined
    key += `${masked(value, mask).toString(16)},`
  }
  return key
}

const masked = (value: number | bigint, mask: number | bigint | undefined): number | bigint => {
  if (mask === undefined) return value
  if (typeof value === 'number' && typeof mask === 'number') return (value & mask) >>> 0
  return BigInt(value) & BigInt(mask)
}

export class Classifier<T> {
  private readonly subtables = new Map<string, Subtable<T>>()
  /** By falling `priorityMax`; undefined after a change. */
  private order: readonly Subtable<T>[] | undefined

  /** Adds a value; the same match and priority may be there more than once. */
  add(match: Match, priority: number, value: T): void {
    const { signature, key, bits } = taken(match)
    let subtable = this.subtables.get(signature)
    if (subtable === undefined) {
      subtable = { bits, entries: new Map(), priorities: new Map(), priorityMax: -1 }
      this.subtables.set(signature, subtable)
      this.order = undefined
    }
    const entries = subtable.entries.get(key)
    const entry = { priority, value }
    if (entries === undefined) subtable.entries.set(key, [entry])
    else {
      entries.push(entry)
      entries.sort((a, b) => b.priority - a.priority)
    }
    subtable.priorities.set(priority, (subtable.priorities.get(priority) ?? 0) + 1)
    if (priority > subtable.priorityMax) {
      subtable.priorityMax = priority
      this.order = undefined
    }
  }

  /** Removes that value from where `add` put it. */
  remove(match: Match, priority: number, value: T): void {
    const { signature, key } = taken(match)
    const subtable = this.subtables.get(signature)
    const entries = subtable?.entries.get(key)
    const index = entries?.findIndex((entry) => entry.value === value) ?? -1
    if (subtable === undefined || entries === undefined || index < 0) return
    entries.splice(index, 1)
    if (entries.length === 0) subtable.entries.delete(key)
    const left = (subtable.priorities.get(priority) ?? 0) - 1
    if (left > 0) subtable.priorities.set(priority, left)
    else this.lose(signature, subtable, priority)
  }

  /** The value of the highest priority whose match takes the packet. */
  lookup(state: PacketState): T | undefined {
    let best: Entry<T> | undefined
    for (const subtable of this.ordered()) {
      if (best !== undefined && best.priority >= subtable.priorityMax) break
      const key = keyOf(state, subtable.bits)
      const first = key === undefined ? undefined : subtable.entries.get(key)?.[0]
      if (first !== undefined && (best === undefined || first.priority > best.priority)) best = first
    }
    return best?.value
  }

  /** Every value whose match takes the packet, highest priority first. */
  all(state: PacketState): readonly T[] {
    const found: Entry<T>[] = []
    for (const subtable of this.ordered()) {
      const key = keyOf(state, subtable.bits)
      found.push(...((key === undefined ? undefined : subtable.entries.get(key)) ?? []))
    }
    return found.sort((a, b) => b.priority - a.priority).map(({ value }) => value)
  }

  private lose(signature: string, subtable: Subtable<T>, priority: number): void {
    subtable.priorities.delete(priority)
    if (subtable.entries.size === 0) this.subtables.delete(signature)
    else if (priority === subtable.priorityMax) subtable.priorityMax = Math.max(...subtable.priorities.keys())
    this.order = undefined
  }

  private ordered(): readonly Subtable<T>[] {
    this.order ??= [...this.subtables.values()].sort((a, b) => b.priorityMax - a.priorityMax)
    return this.order
  }
}
