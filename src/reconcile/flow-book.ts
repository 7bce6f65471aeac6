/**
 * The flow book: what one switch holds, as compactly as comparing needs it. It is filled by the switch's flow monitor and by
 * changes that the switch has confirmed, never by hope. Flows of ours are found by their origin's serial; flows of others
 * are only counted and listed.
 */
import { hash } from 'node:crypto'
import { cookieOf, type Origin, originAt, originOf, type Slot, slotOf } from '#compile/cookie.js'
import type { Action } from '#openflow/actions.js'
import type { Flow } from '#openflow/flow.js'
import { actionsKey } from '#openflow/instructions.js'
import type { Match } from '#openflow/match.js'
import { matchFromKey, matchKey } from '#openflow/match-key.js'

/** Identifies a flow within a switch: table, priority and canonical match in one string. */
export type FlowKey = string

/** Everything of a flow that a controller can set, apart from its key. */
export interface Held {
  readonly cookie: bigint
  /** Stands for actions, timeouts and flags: equal where they are, different where they differ. */
  readonly body: string
}

export const flowKey = (flow: Pick<Flow, 'table' | 'priority' | 'match'>): FlowKey =>
  `${String.fromCharCode(flow.table, flow.priority >> 8, flow.priority & 0xff)}${matchKey(flow.match)}`

export const keyParts = (key: FlowKey): { table: number; priority: number; match: Match } => ({
  table: key.charCodeAt(0),
  priority: (key.charCodeAt(1) << 8) | key.charCodeAt(2),
  match: matchFromKey(key.slice(3)),
})

/** Bodies are only compared, and there are many: the long ones are kept as a digest. */
const shortMax = 28

/**
 * The actions that wires consist of in words, since encoding them would be most of what comparing costs; undefined where there
 * are others. Reading a switch's flows gives them in one spelling.
 */
const brief = (actions: readonly Action[]): string | undefined => {
  let words = '#'
  for (const action of actions) {
    if (action.type === 'output') words += `o${action.port},${action.maxLen};`
    else if (action.type === 'meter') words += `m${action.meterId};`
    else if (action.type === 'set_field' && action.mask === undefined)
      words += `${action.field}=${action.value.toString(36)};`
    else return undefined
  }
  return words
}

export const flowBody = (flow: Flow): string => {
  const extras = [flow.idleTimeout ?? 0, flow.hardTimeout ?? 0, flow.importance ?? 0, ...(flow.flags ?? [])]
  const plain = extras.length === 3 && extras.every((extra) => extra === 0)
  const actions = brief(flow.actions) ?? actionsKey(flow.actions)
  const body = actions.length <= shortMax ? actions : hash('sha1', actions, 'base64')
  return plain ? body : `t${extras.join()}|${body}`
}

/** Time-outs, importance and flags of a body. Encoded actions begin with a zero, words with a `#`, and a digest has no bar. */
const extrasOf = (body: string): string =>
  body.startsWith('t') ? (/^[^|]*(?=\|)/.exec(body)?.[0] ?? '') : ''

/** Whether a modification makes one body of the other: it leaves time-outs, importance and flags as they are (OpenFlow 1.5, section 6.4). */
export const differInActions = (a: string, b: string): boolean => extrasOf(a) === extrasOf(b)

export class FlowBook {
  /** Which origin each flow of ours is for. */
  private readonly owners = new Map<FlowKey, Slot>()
  /** Key, body, key, body of the flows of each origin: a large fabric has many, and one array is the least that can be kept. */
  private readonly flows = new Map<Slot, readonly string[]>()
  private readonly foreigners = new Map<FlowKey, Held>()

  get size(): number {
    return this.owners.size + this.foreigners.size
  }

  /** Flows whose cookie is not ours. */
  get foreign(): number {
    return this.foreigners.size
  }

  get(key: FlowKey): Held | undefined {
    const slot = this.owners.get(key)
    if (slot === undefined) return this.foreigners.get(key)
    return { cookie: cookieOf(originAt(slot)), body: this.bodyOf(slot, key) }
  }

  /** Whether the switch holds exactly this for an origin. */
  holds(key: FlowKey, origin: Origin, body: string): boolean {
    const slot = this.owners.get(key)
    return slot === slotOf(origin) && this.bodyOf(slot, key) === body
  }

  /** Keys of the flows of an origin. */
  keysOf(slot: Slot): readonly FlowKey[] {
    return this.flows.get(slot)?.filter((_, index) => index % 2 === 0) ?? []
  }

  /** The origins that have flows here. */
  slots(): Iterable<Slot> {
    return this.flows.keys()
  }

  set(key: FlowKey, held: Held): void {
    const before = this.owners.get(key)
    const origin = originOf(held.cookie)
    const slot = origin && slotOf(origin)
    if (before !== undefined && before !== slot) this.forget(key, before)
    if (slot === undefined) {
      this.foreigners.set(key, held)
      return
    }
    this.foreigners.delete(key)
    const others = before === slot ? this.without(slot, key) : this.flows.get(slot)
    this.owners.set(key, slot)
    // Arrays that are made whole have no room to spare.
    this.flows.set(slot, others === undefined ? [key, held.body] : [...others, key, held.body])
  }

  delete(key: FlowKey): Held | undefined {
    const before = this.get(key)
    const slot = this.owners.get(key)
    if (slot === undefined) this.foreigners.delete(key)
    else this.forget(key, slot)
    return before
  }

  clear(): void {
    this.owners.clear()
    this.flows.clear()
    this.foreigners.clear()
  }

  private bodyOf(slot: Slot, key: FlowKey): string {
    const flows = this.flows.get(slot) ?? []
    for (let at = 0; at < flows.length; at += 2) if (flows[at] === key) return flows[at + 1] ?? ''
    return ''
  }

  private forget(key: FlowKey, slot: Slot): void {
    this.owners.delete(key)
    const others = this.without(slot, key)
    if (others.length === 0) this.flows.delete(slot)
    else this.flows.set(slot, others)
  }

  /** Keys and bodies of an origin but one. */
  private without(slot: Slot, key: FlowKey): readonly string[] {
    const flows = this.flows.get(slot) ?? []
    const at = flows.indexOf(key)
    return at < 0 ? flows : flows.toSpliced(at, 2)
  }
}
