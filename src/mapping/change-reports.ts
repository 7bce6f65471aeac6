/**
 * What is told of changes of mappings: so many a second one by one, the rest as a number. A router that registers a million EIDs
 * fills neither the journal of events nor the log; the history of each EID has them all, as long as there is room.
 */
import type { Clock } from '#link/clock.js'
import { printAddress, printEid } from '#lisp/address-text.js'
import type { MappingChange } from '#lisp/map-server/effects.js'
import { type Owner, printOwner } from '#lisp/map-server/owners.js'
import type { Mapping } from '#lisp/mapping-system.js'
import type { FabricEventType } from '#model/event.js'

/** An event of the fabric before it has a number. */
export interface Report {
  readonly type: FabricEventType
  readonly object: string
  readonly message: string
  readonly data?: Readonly<Record<string, unknown>>
}

export interface ChangeReportsOptions {
  readonly clock: Clock
  readonly tell: (report: Report) => void
  /** Changes that are told one by one, in a second. */
  readonly perSecondMax?: number
}

const windowMs = 1_000
/** Locators that a message names. */
const shownMax = 4

export class ChangeReports {
  readonly #options: ChangeReportsOptions
  /** Told, and not told, in this second. */
  #told = 0
  #untold = 0
  #cancel: (() => void) | undefined

  constructor(options: ChangeReportsOptions) {
    this.#options = options
  }

  /** Tells of a change, or counts it. What the fabric itself said of its own endpoints is no news. */
  note(change: MappingChange): void {
    const report = reportOf(change)
    if (report === undefined) return
    const { clock, tell, perSecondMax = 20 } = this.#options
    this.#cancel ??= clock.schedule(windowMs, () => this.#next())
    if (this.#told >= perSecondMax) {
      this.#untold += 1
      return
    }
    this.#told += 1
    tell(report)
  }

  /** Tells what is still to be told. */
  stop(): void {
    this.#cancel?.()
    this.#next()
  }

  #next(): void {
    const count = this.#untold
    this.#cancel = undefined
    this.#told = 0
    this.#untold = 0
    if (count === 0) return
    const message = `${count} more changes of mappings; GET /v1/mappings has them, and the history of each`
    this.#options.tell({ type: 'mappings-changed', object: 'mappings', message, data: { count } })
  }
}

/** The events there are, and how a message says them. */
const verbs = {
  'mapping-registered': 'was registered',
  'mapping-created': 'was put',
  'mapping-changed': 'changed',
  'mapping-moved': 'moved',
  'mapping-withdrawn': 'was withdrawn',
  'mapping-expired': 'was not refreshed in time',
  'mapping-deleted': 'was taken out',
} as const satisfies Partial<Record<FabricEventType, string>>

type Cause = MappingChange['cause']

const typeOf = ({ before, after, cause }: MappingChange): keyof typeof verbs => {
  if (before === undefined) return cause === 'configured' ? 'mapping-created' : 'mapping-registered'
  if (after !== undefined) return cause === 'moved' ? 'mapping-moved' : 'mapping-changed'
  const went: Partial<Record<Cause, keyof typeof verbs>> = {
    configured: 'mapping-deleted',
    expired: 'mapping-expired',
  }
  return went[cause] ?? 'mapping-withdrawn'
}

const whereIs = ({ locators: { locators }, action, owner }: Mapping<Owner>): string => {
  const rlocs = locators.slice(0, shownMax).map(({ rloc }) => printAddress(rloc))
  const more = locators.length > shownMax ? ` and ${locators.length - shownMax} more` : ''
  const where = rlocs.length === 0 ? action : `${rlocs.join(', ')}${more}`
  return `${where} (${printOwner(owner)})`
}

const reportOf = (change: MappingChange): Report | undefined => {
  const { eid, before, after, cause } = change
  const isOurs = (one: Mapping<Owner> | undefined): boolean => one === undefined || one.origin === 'local'
  if (isOurs(before) && isOurs(after)) return undefined
  const type = typeOf(change)
  const from = before === undefined ? '' : ` from ${whereIs(before)}`
  const to = after === undefined ? '' : ` to ${whereIs(after)}`
  const name = printEid(eid)
  return {
    type,
    object: `mapping ${name}`,
    message: `${name} ${verbs[type]}:${from}${to}`,
    data: { iid: eid.iid, cause },
  }
}
