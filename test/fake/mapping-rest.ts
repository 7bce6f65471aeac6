/** REST before the real mapping system: a Map-Server without sockets, a store in memory, a clock that the test moves, and a router. */
import { seededRandom } from '#link/random.js'
import type { IpAddress } from '#lisp/address.js'
import { parseEid, parseIp } from '#lisp/address-text.js'
import { makeKey, seal } from '#lisp/auth.js'
import { eidFields } from '#lisp/eid.js'
import { MappingHistory } from '#lisp/mapping-history.js'
import type { MappingRecord } from '#lisp/records.js'
import { LiveMappings } from '#mapping/live-mappings.js'
import { MappingState } from '#mapping/mapping-state.js'
import { siteOf } from '#mapping/site-values.js'
import { Term } from '#mapping/term.js'
import type { SiteSpec } from '#model/site.js'
import { keepingLogger } from './log.js'
import { MemoryStore } from './memory-store.js'
import { type Rest, startRest } from './rest.js'
import { VirtualClock } from './virtual-clock.js'

const ip = (text: string): IpAddress => {
  const address = parseIp(text)
  if (address === undefined) throw new Error(`${text} is no address`)
  return address
}

/** What a router registers. */
export interface Registering {
  readonly secret: string
  readonly keyId?: number
  readonly eid: string
  readonly rloc: string
  /** It does not ask the Map-Server to answer for it. */
  readonly answersItself?: boolean
}

const recordOf = ({ eid, rloc }: Registering): MappingRecord => ({
  ...eidFields(parseEid(eid)),
  ...{ ttl: 1440, action: 'no-action', authoritative: true, mapVersion: 0 },
  locators: [
    {
      ...{ priority: 1, weight: 100, multicastPriority: 255, multicastWeight: 0 },
      flags: { local: true, reachable: true },
      rloc: ip(rloc),
    },
  ],
})

export interface MappingRest extends Rest {
  readonly clock: VirtualClock
  readonly store: MemoryStore
  readonly state: MappingState
  /** Sends a Map-Register from the router's RLOC. */
  register(what: Registering): void
}

export interface MappingRestOptions {
  /** Sites of the configuration. */
  readonly configured?: Readonly<Record<string, SiteSpec>>
  /** As after a restart: nothing is denied for a registration period. */
  readonly quiet?: boolean
}

export const startMappingRest = ({
  configured = {},
  quiet = false,
}: MappingRestOptions = {}): MappingRest => {
  const clock = new VirtualClock()
  const store = new MemoryStore()
  const logger = keepingLogger()
  const history = new MappingHistory()
  const term = new Term({
    ...{ clock, random: seededRandom(1), logger, listen: [], rloc: ip('192.0.2.254'), server: {}, quiet },
    ...{ nonces: [], keepNonces: () => {} },
    onChange: (change) => {
      state.count(change)
      if (!state.beginning) history.note(change, clock.wallTime())
    },
  })
  const sites = Object.entries(configured).map(([name, spec]) => siteOf(name, spec, false))
  const now = (): number => clock.now()
  const state = new MappingState({ store, logger, now, configured: sites, strictNonces: false }, term)
  store.onChange((change) => state.follow(change))
  const mappings = new LiveMappings({ state, store, history, clock, strictNonces: false })
  let nonce = 0n
  const register = (what: Registering): void => {
    const key = makeKey(what.keyId ?? 0, what.secret)
    const flags = { proxyReply: what.answersItself !== true }
    const message = { type: 'map-register', flags, nonce: ++nonce, records: [recordOf(what)] } as const
    const data = seal(message, { key, keyId: key.keyId, algorithm: 'hmac-sha-256-128' })
    term.obey(term.server.receive(data, { address: ip(what.rloc), port: 4342 }, clock.now()))
  }
  return { ...startRest({ mappings, clock, logger }), log: logger, clock, store, state, register }
}
