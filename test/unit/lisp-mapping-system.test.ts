/** The mapping database beside a plain list of mappings: matches, holes, expiry, listing. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Eid, makeEid } from '#lisp/eid.js'
import { LispError } from '#lisp/errors.js'
import { type EidFamily, eidFamilies, familyOf, keyLength, sameEid } from '#lisp/mapping/eid-key.js'
import { locatorSet, noLocators } from '#lisp/mapping/locator-set.js'
import { type Mapping, type MappingContent, MappingSystem } from '#lisp/mapping-system.js'

interface Owner {
  readonly name: string
}

const tickMs = 250
const owners: readonly Owner[] = [{ name: 'a' }, { name: 'b' }]
const sets = [0x0a000001, 0x0a000002].map((value) =>
  locatorSet([
    {
      priority: 1,
      weight: 100,
      multicastPriority: 255,
      multicastWeight: 0,
      flags: { reachable: true },
      rloc: { family: 'ipv4', value },
    },
  ]),
)

const content = (owner = 0, set = 0): MappingContent<Owner> => ({
  locators: sets[set] ?? noLocators,
  owner: owners[owner] ?? { name: '?' },
  ttl: 1440,
  action: 'no-action',
  origin: 'registered',
  proxyReply: true,
  mapVersion: 0,
})

const ipv4 = (text: string, length = 32, iid = 0): Eid => {
  const value = text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  return makeEid(iid, { family: 'ipv4', value }, length)
}
const named = (value: string, iid = 0): Eid => makeEid(iid, { family: 'name', value })

/** An EID's bits as text, for the model. */
const bitsOf = ({ address, length }: Eid): string => {
  if (address.family === 'name') {
    return [...address.value].map((char) => char.charCodeAt(0).toString(2).padStart(8, '0')).join('')
  }
  if (!('value' in address) || typeof address.value === 'string') throw new Error(address.family)
  const width = address.family === 'ipv4' ? 32 : address.family === 'ipv6' ? 128 : 48
  return address.value.toString(2).padStart(width, '0').slice(0, length)
}

const covers = (wide: Eid, narrow: Eid): boolean =>
  wide.iid === narrow.iid &&
  familyOf(wide.address) === familyOf(narrow.address) &&
  bitsOf(narrow).startsWith(bitsOf(wide))

/** In the order of a listing. */
const rank = (eid: Eid): string => {
  const family = familyOf(eid.address)
  if (family === undefined) throw new Error('no family')
  return `${eidFamilies.indexOf(family)} ${String(eid.iid).padStart(8, '0')} ${bitsOf(eid)}`
}

interface Kept {
  readonly eid: Eid
  readonly content: MappingContent<Owner>
  readonly expires: number | undefined
}

class Model {
  all: Kept[] = []

  put(kept: Kept): Kept | undefined {
    const old = this.remove(kept.eid)
    this.all.push(kept)
    return old
  }

  remove(eid: Eid): Kept | undefined {
    const old = this.all.find((one) => sameEid(one.eid, eid))
    this.all = this.all.filter((one) => one !== old)
    return old
  }

  covering(eid: Eid): Eid[] {
    return this.all
      .map((one) => one.eid)
      .filter((one) => covers(one, eid))
      .sort((a, b) => keyLength(a) - keyLength(b))
  }

  sorted(): Eid[] {
    return this.all.map((one) => one.eid).sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
  }
}

const iid = fc.constantFrom(0, 7, 0xff_ffff)
/** Few bits, so that prefixes meet; some at the end of the address. */
const eids: fc.Arbitrary<Eid> = fc.oneof(
  fc
    .tuple(iid, fc.integer({ min: 0, max: 15 }), fc.constantFrom(0, 28), fc.integer({ min: 0, max: 32 }))
    .map(([i, low, shift, length]) => makeEid(i, { family: 'ipv4', value: low * 2 ** shift }, length)),
  fc
    .tuple(
      iid,
      fc.integer({ min: 0, max: 3 }),
      fc.constantFrom(0n, 63n, 126n),
      fc.integer({ min: 0, max: 128 }),
    )
    .map(([i, low, shift, length]) => makeEid(i, { family: 'ipv6', value: BigInt(low) << shift }, length)),
  fc
    .tuple(iid, fc.integer({ min: 0, max: 3 }), fc.constantFrom(0, 15, 46), fc.integer({ min: 1, max: 48 }))
    .map(([i, low, shift, length]) => makeEid(i, { family: 'mac', value: low * 2 ** shift }, length)),
  fc
    .tuple(iid, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 4 }))
    .map(([i, name]) => named(name, i)),
)

type Step =
  | {
      readonly do: 'put'
      readonly eid: Eid
      readonly owner: number
      readonly set: number
      readonly life?: number
    }
  | { readonly do: 'remove' | 'ask'; readonly eid: Eid }
  | { readonly do: 'wait'; readonly ms: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('put' as const), eid: eids, owner: fc.nat(1), set: fc.nat(1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      eid: eids,
      owner: fc.nat(1),
      set: fc.nat(1),
      life: fc.integer({ min: 0, max: 200_000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('remove' as const, 'ask' as const), eid: eids }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 100_000 }) }),
  },
)

class Run {
  now = 1_000
  readonly system = new MappingSystem<Owner>({ now: 1_000, tickMs })
  readonly model = new Model()

  play(one: Step): void {
    if (one.do === 'put') this.put(one.eid, content(one.owner, one.set), one.life)
    else if (one.do === 'remove') this.remove(one.eid)
    else if (one.do === 'wait') this.wait(one.ms)
    if (one.do !== 'wait') this.compare(one.eid)
    expect(this.system.size).toBe(this.model.all.length)
  }

  put(eid: Eid, what: MappingContent<Owner>, life?: number): void {
    const expires = life === undefined ? undefined : this.now + life
    const before = this.system.sequence
    const change = this.system.put(eid, what, this.now, expires)
    const old = this.model.put({ eid, content: what, expires })
    const same = old?.content.owner === what.owner && old.content.locators === what.locators
    expect(change.outcome).toBe(old === undefined ? 'added' : same ? 'refreshed' : 'changed')
    if (change.outcome === 'changed') expect(change.before).toMatchObject({ owner: old?.content.owner })
    expect(this.system.sequence - before).toBe(change.outcome === 'refreshed' ? 0 : 1)
  }

  remove(eid: Eid): void {
    const taken = this.system.remove(eid)
    const old = this.model.remove(eid)
    expect(taken?.owner).toBe(old?.content.owner)
  }

  wait(ms: number): void {
    this.now += ms
    expect(
      this.system.expire(this.now, 1_000, ({ eid }) => {
        const old = this.model.remove(eid)
        expect(old?.expires).toBeLessThanOrEqual(this.now)
        return undefined
      }),
    ).toBe(true)
    for (const { expires } of this.model.all) {
      if (expires !== undefined) expect(expires).toBeGreaterThan(this.now - tickMs)
    }
  }

  compare(eid: Eid): void {
    const covering = this.model.covering(eid)
    expect(this.system.covering(eid).map((one) => rank(one.eid))).toEqual(covering.map(rank))
    const best = covering.at(-1)
    const found = this.system.lookup(eid)
    expect(found && rank(found.eid)).toBe(best && rank(best))
    const exact = this.model.all.find((one) => sameEid(one.eid, eid))
    const got = this.system.get(eid)
    expect(got?.owner).toBe(exact?.content.owner)
    expect(got?.locators.key).toBe(exact?.content.locators.key)
    expect(this.system.within(eid, 2).map((one) => rank(one.eid))).toEqual(
      this.model
        .sorted()
        .filter((one) => covers(eid, one))
        .slice(0, 2)
        .map(rank),
    )
    this.compareHole(eid)
  }

  /** Exactly the shortest: free, and one bit (or character) less is not. */
  compareHole(eid: Eid): void {
    const hole = this.system.hole(eid)
    const isFree = (prefix: Eid): boolean => !this.model.all.some((one) => covers(prefix, one.eid))
    if (hole === undefined) {
      expect(isFree(eid)).toBe(false)
      return
    }
    expect(covers(hole, eid) && isFree(hole)).toBe(true)
    const shorter = parentOf(hole)
    if (shorter !== undefined) expect(isFree(shorter)).toBe(false)
  }
}

const parentOf = ({ iid: i, address, length }: Eid): Eid | undefined => {
  if (address.family === 'name')
    return address.value === '' ? undefined : named(address.value.slice(0, -1), i)
  return length === 0 ? undefined : makeEid(i, address, length - 1)
}

test('whatever is put, removed and expires, the database says what a list says', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (script) => {
      const run = new Run()
      for (const one of script) run.play(one)
      expect([...run.system.mappings({}, 3)].map((one) => rank(one.eid))).toEqual(
        run.model.sorted().map(rank),
      )
      for (const { eid } of run.model.all) run.system.remove(eid)
      expect(run.system.shared).toEqual({ locatorSets: 0, owners: 0 })
    }),
    { numRuns: 250 },
  )
})

test('a listing goes on while the database changes: what stays is listed once', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(eids, { maxLength: 30, selector: rank }),
      fc.array(fc.tuple(fc.boolean(), eids), { maxLength: 60 }),
      fc.integer({ min: 1, max: 5 }),
      (before, changes, pageSize) => {
        const system = new MappingSystem<Owner>({ now: 0 })
        for (const eid of before) system.put(eid, content(), 0)
        const touched = new Set<string>()
        const listed: string[] = []
        const remaining = [...changes]
        for (const { eid } of system.mappings({}, pageSize)) {
          listed.push(rank(eid))
          const next = remaining.pop()
          if (next === undefined) continue
          touched.add(rank(next[1]))
          if (next[0]) system.put(next[1], content(), 0)
          else system.remove(next[1])
        }
        expect(new Set(listed).size).toBe(listed.length)
        expect([...listed].sort()).toEqual(listed)
        for (const eid of before) if (!touched.has(rank(eid))) expect(listed).toContain(rank(eid))
      },
    ),
    { numRuns: 150 },
  )
})

describe('pages', () => {
  const system = new MappingSystem<Owner>({ now: 0 })
  const all = [
    ipv4('0.0.0.0', 0),
    ipv4('10.0.0.0', 8),
    ipv4('10.0.0.1'),
    ipv4('10.0.0.1', 32, 5),
    makeEid(5, { family: 'mac', value: 0x0200_0000_0001 }),
    named('printer', 5),
  ]
  for (const eid of all) system.put(eid, content(), 0)
  const list = (page: { family?: EidFamily; iid?: number; after?: Eid }, limit = 10): number[] =>
    system.page({ ...page, limit }).map(({ eid }) => all.findIndex((one) => sameEid(one, eid)))

  test('follow family, instance and prefix', () => {
    expect(list({})).toEqual([0, 1, 2, 3, 4, 5])
    expect(list({}, 2)).toEqual([0, 1])
    expect(list({ after: ipv4('10.0.0.0', 8) }, 2)).toEqual([2, 3])
    expect(list({ after: ipv4('10.0.0.1', 32, 5) })).toEqual([4, 5])
    expect(list({ after: ipv4('9.0.0.0', 8) }, 1)).toEqual([1])
  })

  test('are filtered', () => {
    expect(list({ iid: 5 })).toEqual([3, 4, 5])
    expect(list({ iid: 5, after: ipv4('10.0.0.1', 32, 5) })).toEqual([4, 5])
    expect(list({ family: 'name' })).toEqual([5])
    expect(list({ iid: 6 })).toEqual([])
  })
})

describe('names', () => {
  test('cover the names that begin with them', () => {
    const system = new MappingSystem<Owner>({ now: 0 })
    system.put(named('ietf'), content(), 0)
    expect(system.lookup(named('ietf.lisp'))?.eid).toEqual(named('ietf'))
    expect(system.lookup(named('iet'))).toBeUndefined()
    // 'i' has a name in it; 'in' has none.
    expect(system.hole(named('internet'))).toEqual(named('in'))
  })

  test('that are too long are refused', () => {
    const system = new MappingSystem<Owner>({ now: 0 })
    expect(() => system.put(named('x'.repeat(31)), content(), 0)).toThrow(LispError)
    expect(system.put(named('x'.repeat(30)), content(), 0).outcome).toBe('added')
  })
})

test('both forms of a MAC address are one EID', () => {
  const system = new MappingSystem<Owner>({ now: 0 })
  system.put(makeEid(9, { family: 'mac', value: 0x0200_0000_0001 }), content(), 0)
  expect(system.lookup(makeEid(9, { family: 'mac-802', value: 0x0200_0000_0001 }))?.owner).toBe(owners[0])
})

test('an instance id of over 24 bits and an EID without a longest match are refused', () => {
  const system = new MappingSystem<Owner>({ now: 0 })
  expect(() => system.put(ipv4('10.0.0.0', 8, 0x100_0000), content(), 0)).toThrow('over 24 bits')
  expect(() => system.lookup({ iid: 0, address: { family: 'none' }, length: 0 })).toThrow(LispError)
})

test('who renews a mapping that falls due keeps it without a gap', () => {
  const system = new MappingSystem<Owner>({ now: 0 })
  system.put(ipv4('10.0.0.1'), content(0), 0, 60_000)
  const renew = (mapping: Mapping<Owner>) =>
    mapping.owner === owners[0] ? { content: content(1), expires: 120_000 } : undefined
  system.expire(60_000, 10, renew)
  expect(system.get(ipv4('10.0.0.1'))).toMatchObject({ owner: owners[1], since: 0, refreshed: 60_000 })
  system.expire(120_000, 10, renew)
  expect(system.size).toBe(0)
})

test('a mapping that is put without a time stays', () => {
  const system = new MappingSystem<Owner>({ now: 0 })
  system.put(ipv4('10.0.0.1'), content(), 0, 60_000)
  system.put(ipv4('10.0.0.1'), content(), 1_000)
  system.expire(1e9, 10, () => undefined)
  expect(system.get(ipv4('10.0.0.1'))?.expires).toBeUndefined()
})

test('many that fall due together go in portions', () => {
  const system = new MappingSystem<Owner>({ now: 0 })
  for (let i = 0; i < 1_000; i++) system.put(makeEid(0, { family: 'ipv4', value: i }), content(), 0, 60_000)
  let portions = 1
  while (!system.expire(60_000, 300, () => undefined)) portions += 1
  expect(portions).toBe(4)
  expect(system.size).toBe(0)
})
