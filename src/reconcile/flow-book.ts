/**
 * The flow book: what one switch holds, as compactly as comparing needs it. It is filled by the switch's flow monitor and by
 * changes that the switch has confirmed, never by hope. Flows of ours are found by their origin's serial; flows of others
 * are only counted and listed.
 */
import { hash } from 'node:crypto'
import { type OriginKind, originOf } from '#compile/cookie.js'
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
  const body = plain ? actions : `${actions}|${extras.join()}`
  return body.length <= shortMax ? body : hash('sha1', body, 'base64')
}

const slot = (kind: OriginKind, serial: number): string | number =>
  kind === 'wire' ? serial : `${kind}${serial}`

/** A large fabric has many flows: what is held of one is a single text, cookie and body. */
const pack = ({ cookie, body }: Held): string => `${cookie.toString(16)} ${body}`

const unpack = (packed: string): Held => {
  const gap = packed.indexOf(' ')
  return { cookie: BigInt(`0x${packed.slice(0, gap)}`), body: packed.slice(gap + 1) }
}

export class FlowBook {
  private readonly held = new Map<FlowKey, string>()
  private readonly byOrigin = new Map<string | number, FlowKey[]>()
  private foreignCount = 0

  get size(): number {
    return this.held.size
  }

  /** Flows whose cookie is not ours. */
  get foreign(): number {
    return this.foreignCount
  }

  get(key: FlowKey): Held | undefined {
    const packed = this.held.get(key)
    return packed === undefined ? undefined : unpack(packed)
  }

  /** Whether the switch holds exactly this. */
  holds(key: FlowKey, held: Held): boolean {
    return this.held.get(key) === pack(held)
  }

  /** Keys of the flows of an origin; do not keep the array over a change. */
  keysOf(kind: OriginKind, serial: number): readonly FlowKey[] {
    return this.byOrigin.get(slot(kind, serial)) ?? []
  }

  /** The wires that have flows here. */
  wireSerials(): number[] {
    return [...this.byOrigin.keys()].filter((key): key is number => typeof key === 'number')
  }

  set(key: FlowKey, held: Held): void {
    const before = this.get(key)
    if (before?.cookie !== held.cookie) {
      if (before !== undefined) this.forget(key, before)
      const origin = originOf(held.cookie)
      if (origin === undefined) this.foreignCount++
      else this.addKey(slot(origin.kind, origin.serial), key)
    }
    this.held.set(key, pack(held))
  }

  delete(key: FlowKey): Held | undefined {
    const before = this.get(key)
    if (before !== undefined) {
      this.held.delete(key)
      this.forget(key, before)
    }
    return before
  }

  clear(): void {
    this.held.clear()
    this.byOrigin.clear()
    this.foreignCount = 0
  }

  /** An origin has few flows, and arrays that are made whole have no room to spare. */
  private addKey(at: string | number, key: FlowKey): void {
    const keys = this.byOrigin.get(at)
    this.byOrigin.set(at, keys === undefined ? [key] : [...keys, key])
  }

  private forget(key: FlowKey, held: Held): void {
    const origin = originOf(held.cookie)
    if (origin === undefined) {
      this.foreignCount--
      return
    }
    const at = slot(origin.kind, origin.serial)
    const keys = this.byOrigin.get(at)?.filter((other) => other !== key) ?? []
    if (keys.length === 0) this.byOrigin.delete(at)
    else this.byOrigin.set(at, keys)
  }
}
