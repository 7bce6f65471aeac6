/** The flow tables of a simulated bridge, changed as OpenFlow 1.5, section 6.4, has it. Found by key and by packet. */

import { type FieldName, fields } from '#openflow/fields.js'
import type { Flow } from '#openflow/flow.js'
import { type AnyMatch, canonicalMatch, type Match, maskedOf } from '#openflow/match.js'
import { matchKey } from '#openflow/match-key.js'
import type { FlowMod } from '#openflow/messages/flows.js'
import type { PeerErrorName } from '#openflow/peer-errors.js'
import { FlowLookup } from '#trace/flow-lookup.js'
import type { PacketState } from '#trace/state.js'

export interface FlowEntry {
  flow: Flow
  readonly key: string
  packets: number
  bytes: number
  /** Milliseconds of the switch's clock: when it came, when it was changed last, when a packet passed it last. */
  readonly since: number
  modified: number
  used: number
}

/** Why a flow left. */
export type Removal = 'delete' | 'meter_delete' | 'idle_timeout' | 'hard_timeout'

export type FlowChange =
  | { readonly event: 'added' | 'modified'; readonly flow: Flow }
  | { readonly event: 'removed'; readonly flow: Flow; readonly reason: Removal }

/** What a change did, and how to take it back. */
export interface Applied {
  readonly changes: readonly FlowChange[]
  readonly undo: () => void
}

interface FlowTable {
  readonly entries: Map<string, FlowEntry>
  /** Made with the first packet: a bench without packets has none. */
  lookup: FlowLookup<FlowEntry> | undefined
}

const allTables = 0xff
const anyPort = 0xffff_ffff

const keyOf = ({ priority, match }: Pick<Flow, 'priority' | 'match'>): string =>
  `${priority} ${matchKey(match)}`

/** Whether every packet that `inner` takes is one that `outer` takes. */
export const covers = (outer: Match, inner: Match): boolean =>
  Object.entries(canonicalMatch(outer) as AnyMatch).every(([name, constraint]) => {
    const field = fields[name as FieldName]
    const there = (inner as AnyMatch)[name]
    if (there === undefined) return false
    const [a, b] = [maskedOf(field, constraint), maskedOf(field, there)]
    const mask = BigInt(a.mask)
    return (mask & ~BigInt(b.mask)) === 0n && (BigInt(b.value) & mask) === BigInt(a.value)
  })

/** Whether some packet is taken by both. */
export const overlap = (a: Match, b: Match): boolean =>
  Object.entries(a as AnyMatch).every(([name, constraint]) => {
    const field = fields[name as FieldName]
    const other = (b as AnyMatch)[name]
    if (other === undefined) return true
    const [x, y] = [maskedOf(field, constraint), maskedOf(field, other)]
    return ((BigInt(x.value) ^ BigInt(y.value)) & BigInt(x.mask) & BigInt(y.mask)) === 0n
  })

const cookieFits = (flow: Flow, { flow: { cookie }, cookieMask }: FlowMod): boolean =>
  ((flow.cookie ^ cookie) & cookieMask) === 0n

const outputsTo = ({ actions }: Flow, { outPort, outGroup }: FlowMod): boolean =>
  (outPort === anyPort || actions.some((one) => one.type === 'output' && one.port === outPort)) &&
  (outGroup === anyPort || actions.some((one) => one.type === 'group' && one.groupId === outGroup))

export class FlowTables {
  /** Flows that leave by themselves. */
  readonly mortal = new Set<FlowEntry>()
  private readonly tables = new Map<number, FlowTable>()

  constructor(
    private readonly now: () => number,
    private readonly onMortal: (entry: FlowEntry) => void = () => {},
  ) {}

  get size(): number {
    let size = 0
    for (const { entries } of this.tables.values()) size += entries.size
    return size
  }

  *all(): Iterable<FlowEntry> {
    for (const { entries } of this.tables.values()) yield* entries.values()
  }

  /** The numbers of the tables that have flows, and how many. */
  *sizes(): Iterable<readonly [number: number, size: number]> {
    for (const [number, { entries }] of this.tables) yield [number, entries.size]
  }

  find(number: number, state: PacketState): FlowEntry | undefined {
    const table = this.tables.get(number)
    if (table === undefined) return undefined
    if (table.lookup === undefined) {
      table.lookup = new FlowLookup()
      for (const entry of table.entries.values()) table.lookup.add(entry)
    }
    return table.lookup.find(state)
  }

  /** The entry of a flow that `find` gave out. */
  holding(flow: Flow): FlowEntry | undefined {
    return this.tables.get(flow.table)?.entries.get(keyOf(flow))
  }

  /** Carries a FLOW_MOD out, or says why not. */
  apply(mod: FlowMod): Applied | PeerErrorName {
    switch (mod.command) {
      case 'add':
        return this.add(mod)
      case 'modify':
      case 'modify_strict':
        return this.modify(mod)
      default:
        return this.remove([...this.selected(mod)])
    }
  }

  /** Removes flows for a reason of the switch's own. */
  remove(entries: readonly FlowEntry[], reason: Removal = 'delete'): Applied {
    for (const entry of entries) this.take(entry)
    return {
      changes: entries.map(({ flow }) => ({ event: 'removed', flow, reason })),
      undo: () => {
        for (const entry of entries) this.put(entry)
      },
    }
  }

  clear(): void {
    this.tables.clear()
    this.mortal.clear()
  }

  /** Flows that a change or a question is about. */
  *selected(mod: FlowMod): Iterable<FlowEntry> {
    const { flow, command } = mod
    if (flow.table === allTables) {
      for (const number of this.tables.keys())
        yield* this.selected({ ...mod, flow: { ...flow, table: number } })
      return
    }
    const entries = this.tables.get(flow.table)?.entries
    const strict = command.endsWith('_strict')
    const there = strict ? entries?.get(keyOf(flow)) : undefined
    for (const entry of strict ? (there === undefined ? [] : [there]) : (entries?.values() ?? [])) {
      const restricted = command.startsWith('delete') ? outputsTo(entry.flow, mod) : true
      if (cookieFits(entry.flow, mod) && restricted && (strict || covers(flow.match, entry.flow.match)))
        yield entry
    }
  }

  private add({ flow }: FlowMod): Applied | PeerErrorName {
    const key = keyOf(flow)
    const before = this.tables.get(flow.table)?.entries.get(key)
    if (before === undefined && flow.flags?.includes('check_overlap') && this.overlaps(flow))
      return 'OFPFMFC_OVERLAP'
    const keeps = before !== undefined && !flow.flags?.includes('reset_counts')
    const now = this.now()
    const entry: FlowEntry = {
      flow,
      key,
      packets: keeps ? before.packets : 0,
      bytes: keeps ? before.bytes : 0,
      since: now,
      modified: now,
      used: now,
    }
    if (before !== undefined) this.take(before)
    this.put(entry)
    return {
      changes: [{ event: before === undefined ? 'added' : 'modified', flow }],
      undo: () => {
        this.take(entry)
        if (before !== undefined) this.put(before)
      },
    }
  }

  private modify(mod: FlowMod): Applied {
    const found = [...this.selected(mod)].map((entry) => ({ entry, before: entry.flow }))
    for (const { entry, before } of found) {
      // A modification leaves cookie, timeouts and flags alone: section 6.4.
      this.replace(entry, { ...before, actions: mod.flow.actions })
    }
    return {
      changes: found.map(({ entry }) => ({ event: 'modified', flow: entry.flow })),
      undo: () => {
        for (const { entry, before } of found) this.replace(entry, before)
      },
    }
  }

  private replace(entry: FlowEntry, flow: Flow): void {
    this.take(entry)
    entry.flow = flow
    entry.modified = this.now()
    this.put(entry)
  }

  private overlaps(flow: Flow): boolean {
    const key = keyOf(flow)
    for (const other of this.tables.get(flow.table)?.entries.values() ?? [])
      if (other.flow.priority === flow.priority && other.key !== key && overlap(other.flow.match, flow.match))
        return true
    return false
  }

  private put(entry: FlowEntry): void {
    const { table: number } = entry.flow
    let table = this.tables.get(number)
    if (table === undefined) {
      table = { entries: new Map(), lookup: undefined }
      this.tables.set(number, table)
    }
    table.entries.set(entry.key, entry)
    table.lookup?.add(entry)
    const { idleTimeout = 0, hardTimeout = 0 } = entry.flow
    if (idleTimeout + hardTimeout === 0) return
    this.mortal.add(entry)
    this.onMortal(entry)
  }

  private take(entry: FlowEntry): void {
    const table = this.tables.get(entry.flow.table)
    table?.entries.delete(entry.key)
    table?.lookup?.remove(entry)
    this.mortal.delete(entry)
  }
}
