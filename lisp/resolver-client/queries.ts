/**
 * Questions on their way: one for each EID-prefix, however many want the answer. Each is sent again with longer and longer waits, to
 * one Map-Resolver after the other, and known by the nonces of its transmissions. RFC 9301, section 5.3.
 */
import type { Random } from '#link/random.js'
import { printEid } from '../address-text.js'
import type { Eid } from '../eid.js'
import { EidMap } from '../mapping/eid-map.js'
import { TimingWheel } from '../mapping/timing-wheel.js'
import { RecentMap } from '../recent-map.js'
import type { FailureReason, ResolverOutbox } from './effects.js'
import type { ResolverOptions } from './options.js'
import { type Attempt, join, purposeAt, type Query, type Wish } from './query.js'
import { type Asker, encodeRequest, type Purpose } from './requests.js'
import type { Resolvers } from './resolvers.js'

export interface QueriesParts {
  readonly now: number
  readonly options: ResolverOptions
  readonly random: Random
  readonly resolvers: Resolvers
  readonly asker: Asker
  /** The nonce of a transmission. */
  readonly nonceFor: (purpose: Purpose, now: number) => bigint
  /** Whether a question that comes to its turn has been answered meanwhile; then it is over. */
  readonly isAnswered: (query: Query, now: number, out: ResolverOutbox) => boolean
  /** Nobody can be asked, or has answered. */
  readonly lost: (query: Query, reason: FailureReason, now: number, out: ResolverOutbox) => void
}

/** Transmissions that are remembered after their question. */
const lateMax = 4_096
/** EID-prefixes whose last question is remembered, so that the next one is not too early. */
const pausesMax = 65_536
const perTickMax = 2_000

const nameOf = (eid: Eid, purpose: Purpose): string =>
  purpose === 'unsubscribe' ? `unsubscribe ${printEid(eid)}` : printEid(eid)

export class Queries {
  readonly #parts: QueriesParts
  readonly #byName = new Map<string, Query>()
  readonly #byId = new Map<number, Query>()
  readonly #byNonce = new Map<bigint, Attempt>()
  /** Those that wanted to subscribe and were answered otherwise: the confirmation may come yet. */
  readonly #late = new RecentMap<bigint, Attempt>(lateMax)
  /** Those that end subscriptions. */
  readonly #farewells = new EidMap<Query>()
  /** In the order in which they came. */
  readonly #waiting = new Set<Query>()
  readonly #free: number[] = []
  readonly #wheel: TimingWheel
  /** By name: not to be asked before; `silent` when nobody answered the last time. */
  readonly #pauses = new RecentMap<string, { readonly until: number; readonly silent: boolean }>(pausesMax)
  #asked = 0

  constructor(parts: QueriesParts) {
    this.#parts = parts
    this.#wheel = new TimingWheel({ tickMs: 50, now: parts.now })
  }

  get size(): number {
    return this.#byId.size
  }

  get inFlight(): number {
    return this.#asked
  }

  /** The transmission with this nonce, of a question that waits for its answer. */
  attempt(nonce: bigint): Attempt | undefined {
    return this.#byNonce.get(nonce)
  }

  /** The transmission with this nonce, which asked to subscribe, of a question that is over. */
  lateAttempt(nonce: bigint): Attempt | undefined {
    return this.#late.get(nonce)
  }

  /** The ends of subscriptions that cover an EID, as far as they are on their way. */
  farewells(eid: Eid): readonly Query[] {
    return this.#farewells.covering(eid)
  }

  /** Whether nobody answered the last question, a moment ago. */
  isSilent(eid: Eid, now: number): boolean {
    const pause = this.#pauses.get(printEid(eid))
    return pause?.silent === true && pause.until > now
  }

  /** Asks, or joins the question that is on its way; false when there is no room. */
  ask(eid: Eid, wish: Wish, now: number, out: ResolverOutbox): boolean {
    const name = nameOf(eid, wish.purpose)
    const known = this.#byName.get(name)
    if (known !== undefined) {
      join(known, wish)
      return true
    }
    const { inFlightMax, waitingMax } = this.#parts.options
    if (this.size >= inFlightMax + waitingMax) return false
    this.#begin(this.#add(name, eid, wish), now, out)
    return true
  }

  /** Ends a question, and gives its place to another. */
  end(query: Query, now: number, out: ResolverOutbox): void {
    this.#drop(query)
    this.#admit(now, out)
  }

  #drop(query: Query): void {
    if (this.#byId.get(query.id) !== query) return
    this.#byId.delete(query.id)
    this.#byName.delete(query.name)
    if (query.purpose === 'unsubscribe') this.#farewells.delete(query.eid)
    this.#free.push(query.id)
    this.#waiting.delete(query)
    this.#wheel.cancel(query.id)
    for (const attempt of query.attempts) this.#retire(attempt)
    query.told = false
    query.again = false
    if (query.state === 'asked') this.#asked -= 1
  }

  /** Forgets all questions. */
  clear(): void {
    for (const query of [...this.#byId.values()]) this.#drop(query)
  }

  /** No question for the EID-prefix for so long. */
  pause(name: string, until: number, silent = false): void {
    this.#pauses.set(name, { until, silent })
  }

  /** Sends at once, out of turn: for a question whose subscription has been refused. */
  retry(query: Query, now: number, out: ResolverOutbox): void {
    this.#transmit(query, now, out)
  }

  tick(now: number, out: ResolverOutbox): void {
    this.#wheel.advance(now, perTickMax, (id) => {
      const query = this.#byId.get(id)
      if (query === undefined) return
      if (query.state === 'asked') this.#transmit(query, now, out)
      else this.#begin(query, now, out)
    })
    this.#admit(now, out)
  }

  #add(name: string, eid: Eid, wish: Wish): Query {
    const id = this.#free.pop() ?? this.size + 1
    const { purpose, told = false, anew = false, smrInvoked = false } = wish
    const query: Query = {
      id,
      name,
      eid,
      state: 'waiting',
      purpose,
      told,
      anew,
      smrInvoked,
      again: false,
      ...(wish.first && { first: wish.first }),
      attempts: [],
    }
    this.#byId.set(id, query)
    this.#byName.set(name, query)
    if (purpose === 'unsubscribe') this.#farewells.set(eid, query)
    return query
  }

  #retire(attempt: Attempt): void {
    this.#byNonce.delete(attempt.nonce)
    if (attempt.purpose === 'subscribe') this.#late.set(attempt.nonce, attempt)
  }

  #begin(query: Query, now: number, out: ResolverOutbox): void {
    const until = this.#pauses.get(query.name)?.until ?? now
    if (until > now) {
      query.state = 'resting'
      this.#wheel.schedule(query.id, until)
    } else {
      query.state = 'waiting'
      this.#waiting.add(query)
      this.#admit(now, out)
    }
  }

  /** Sends what waits, as far as there is room. */
  #admit(now: number, out: ResolverOutbox): void {
    for (const query of this.#waiting) {
      if (this.#asked >= this.#parts.options.inFlightMax) return
      this.#waiting.delete(query)
      if (!query.anew && this.#parts.isAnswered(query, now, out)) {
        this.#drop(query)
        continue
      }
      query.state = 'asked'
      this.#asked += 1
      const { spacingMs, solicitedMs } = this.#parts.options
      this.pause(query.name, now + (query.smrInvoked ? solicitedMs : spacingMs))
      this.#transmit(query, now, out)
    }
  }

  #transmit(query: Query, now: number, out: ResolverOutbox): void {
    const { options, random, resolvers, asker, nonceFor } = this.#parts
    if (query.attempts.length >= options.attemptsMax) {
      this.#lose(query, 'silent', now, out)
      return
    }
    const resolver = resolvers.at(query.attempts.length)
    const purpose = purposeAt(query, resolver, options.attemptsMax, now)
    const nonce = nonceFor(purpose, now)
    const to = query.attempts.length === 0 && query.first ? query.first : resolver?.endpoint
    const data = to && encodeRequest({ ...query, purpose, nonce }, asker, to)
    if (resolver === undefined || to === undefined || data === undefined) {
      this.#lose(query, 'no-resolver', now, out)
      return
    }
    const attempt: Attempt = { query, nonce, purpose, resolver, at: now }
    const wait = Math.min(options.retryMs * 2 ** query.attempts.length, options.retryMsMax)
    query.attempts.push(attempt)
    this.#byNonce.set(nonce, attempt)
    // Between 90 and 110 %, so that what was asked at once is not asked again at once.
    this.#wheel.schedule(query.id, now + wait * (0.9 + 0.2 * random()))
    out.push({ do: 'send', to, data })
  }

  #lose(query: Query, reason: FailureReason, now: number, out: ResolverOutbox): void {
    this.pause(query.name, now + this.#parts.options.restMs, true)
    this.#parts.lost(query, reason, now, out)
    this.#drop(query)
  }
}
