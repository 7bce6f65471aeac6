/** Flows of one table, found by packet: the classifier, and conjunctive matches on top (ovs-fields(7), "Conjunctive Match Fields"). */
import type { Flow } from '#openflow/flow.js'
import { Classifier } from './classifier.js'
import { type PacketState, writeField } from './state.js'

const clausesOf = ({ actions }: Flow) => actions.flatMap((one) => (one.type === 'conjunction' ? [one] : []))

/** `E` carries a flow and whatever its owner keeps with it: counters, times. */
export class FlowLookup<E extends { readonly flow: Flow }> {
  private readonly hard = new Classifier<E>()
  /** Flows that are clauses of conjunctions. */
  private readonly soft = new Classifier<E>()
  private softCount = 0

  add(entry: E): void {
    this.classifierOf(entry, 1).add(entry.flow.match, entry.flow.priority, entry)
  }

  remove(entry: E): void {
    this.classifierOf(entry, -1).remove(entry.flow.match, entry.flow.priority, entry)
  }

  find(state: PacketState): E | undefined {
    const hard = this.hard.lookup(state)
    if (this.softCount === 0) return hard
    return this.conjunctive(state, hard?.flow.priority ?? -1) ?? hard
  }

  private classifierOf({ flow }: E, change: 1 | -1): Classifier<E> {
    if (clausesOf(flow).length === 0) return this.hard
    this.softCount += change
    return this.soft
  }

  /** The flow of a conjunction of which every clause holds at one priority above `floor`. */
  private conjunctive(state: PacketState, floor: number): E | undefined {
    const byPriority = new Map<number, Map<number, Set<number>>>()
    for (const { flow } of this.soft.all(state)) {
      if (flow.priority <= floor) continue
      const held = byPriority.get(flow.priority) ?? new Map<number, Set<number>>()
      byPriority.set(flow.priority, held)
      for (const { id, clause, clauses } of clausesOf(flow)) {
        const met = (held.get(id) ?? new Set()).add(clause)
        held.set(id, met)
        const found = met.size === clauses ? this.hard.lookup(writeField(state, 'conj_id', id)) : undefined
        if (found !== undefined) return found
      }
    }
    return undefined
  }
}
