/**
 * Whatever sites and mappings there are: an answer for a prefix is true of every EID in it. That is what map-caches build on, and
 * what de-aggregation, holes and more specific prefixes have to keep.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Eid, eidOf, makeEid } from '#lisp/eid.js'
import { type Answer, MapResolver } from '#lisp/map-resolver.js'
import { type Owner, operator } from '#lisp/map-server/owners.js'
import { makeSite, Sites } from '#lisp/map-server/sites.js'
import { sameEid } from '#lisp/mapping/eid-key.js'
import { locatorSet } from '#lisp/mapping/locator-set.js'
import { MappingSystem } from '#lisp/mapping-system.js'
import type { MappingRecord } from '#lisp/records.js'

/** All EIDs of interest lie in the 32 addresses from 10.0.0.0 on, so that every one of them can be asked for. */
const base = 0x0a00_0000
const hosts = 32

const prefix = fc
  .tuple(fc.nat(hosts - 1), fc.integer({ min: 25, max: 32 }))
  .map(([host, length]) => makeEid(0, { family: 'ipv4', value: base + host }, length))

const host = (number: number): Eid => makeEid(0, { family: 'ipv4', value: base + number })

const place = (value: number) =>
  locatorSet([
    {
      priority: 1,
      weight: 1,
      multicastPriority: 255,
      multicastWeight: 0,
      flags: { reachable: true },
      rloc: { family: 'ipv4', value },
    },
  ])

const world = (sitePrefixes: readonly (readonly [Eid, number])[], mapped: readonly Eid[]): MapResolver => {
  const sites = new Sites()
  for (const name of [0, 1, 2]) {
    const prefixes = sitePrefixes
      .filter(([, of]) => of === name)
      .map(([eid]) => ({ eid, acceptMoreSpecifics: true }))
    sites.put(makeSite({ name: String(name), prefixes, keys: [] }))
  }
  const system = new MappingSystem<Owner>({ now: 0 })
  for (const [index, eid] of mapped.entries()) {
    const content = { owner: operator, ttl: 10 + index, action: 'no-action', origin: 'static' } as const
    system.put(eid, { ...content, locators: place(index), proxyReply: true, mapVersion: 0 }, 0)
  }
  return new MapResolver(system, sites)
}

const recordsOf = (answer: Answer): readonly MappingRecord[] =>
  answer.kind === 'reply' ? answer.records : answer.kind === 'negative' ? [answer.record] : []

const covers = (wide: Eid, narrow: Eid): boolean =>
  narrow.length >= wide.length && sameEid(makeEid(0, narrow.address, wide.length), wide)

/** What a map-cache with these records does with an EID: the locators of the longest match, or what to do without. */
const cached = (records: readonly MappingRecord[], eid: Eid): string | undefined => {
  const matches = records
    .flatMap((record) => {
      const of = eidOf(record)
      return of !== undefined && covers(of, eid) ? [{ record, length: of.length }] : []
    })
    .sort((a, b) => b.length - a.length)
  const best = matches[0]?.record
  return best === undefined ? undefined : JSON.stringify([best.locators, best.action])
}

test('an answer for a prefix is true of every EID in it', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(prefix, fc.nat(2)), { maxLength: 6, selector: ([eid]) => JSON.stringify(eid) }),
      fc.uniqueArray(prefix, { maxLength: 24, selector: (eid) => JSON.stringify(eid) }),
      (sitePrefixes, mapped) => {
        const resolver = world(sitePrefixes, mapped)
        const answers = Array.from({ length: hosts }, (_, number) =>
          recordsOf(resolver.answer(host(number), false)),
        )
        for (const [asked, records] of answers.entries()) {
          expect(cached(records, host(asked))).toBeDefined()
          for (let other = 0; other < hosts; other++) {
            const said = cached(records, host(other))
            if (said !== undefined) expect(said).toBe(cached(answers[other] ?? [], host(other)))
          }
        }
      },
    ),
    { numRuns: 100 },
  )
})
