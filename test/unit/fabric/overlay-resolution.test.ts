/** Misses resolved: what waits, what is asked, what goes on when, with a clock that stands still and a mapping system that the test speaks for. */
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Slot } from '#compile/cookie.js'
import { parseRloc } from '#model/address.js'
import { type Ip, printIp } from '#model/cidr.js'
import type { Located } from '#model/whereabouts.js'
import type { PacketIn } from '#reconcile/switch-handle.js'
import { cacheSlot, MapCache } from '../../../src/fabric/overlay/map-cache.js'
import { patienceMs, Resolution, waitingMax } from '../../../src/fabric/overlay/resolution.js'
import { cidrOf, ipOf } from '../../fake/overlay-objects.js'
import { VirtualClock } from '../../fake/virtual-clock.js'

const vni = 100
const rlocs: Readonly<Record<string, string>> = { n1: '10.0.0.1', n2: '10.0.0.2', n3: '10.0.0.3' }
const rlocOf = (node: string) => parseRloc(rlocs[node] ?? '') ?? expect.fail(node)

/** What a mapping system says: an address is at a node, at nobody's, or in a site's prefix. */
const at = (address: string, node: string): Located => ({
  vni,
  eid: cidrOf(`${address}/32`),
  rlocs: [rlocOf(node)],
  node,
  action: 'no-action',
  ttl: 1,
})
const nobody = (address: string): Located => ({ ...at(address, 'n1'), rlocs: [], node: '' })
const site = (prefix: string, rloc: string): Located => ({
  vni,
  eid: cidrOf(prefix),
  rlocs: [parseRloc(rloc) ?? expect.fail(rloc)],
  action: 'no-action',
  ttl: 1,
})

class World {
  readonly clock = new VirtualClock()
  readonly cache = new MapCache()
  readonly watches = new Map<string, (now: Located | undefined) => void>()
  /** Questions so far. */
  asked: string[] = []
  readonly known = new Map<string, Located>()
  readonly marks: string[] = []
  readonly resumed: string[] = []
  readonly unconfirmed = new Set<Slot>()
  readonly here = new Set<string>()
  readonly ended: string[] = []
  takesPart = true
  greetMs = 0
  readonly greeted: string[] = []
  readonly resolution = new Resolution({
    clock: this.clock,
    cache: this.cache,
    whereabouts: {
      lookup: (_, ip) => this.known.get(printIp(ip)),
      resolve: () => {},
      watch: (_, ip, changed) => {
        const text = printIp(ip)
        this.asked.push(text)
        this.watches.set(text, changed)
        changed(this.known.get(text))
        return () => this.watches.delete(text)
      },
    },
    mark: (node, slot) => this.marks.push(`${node} ${slot}`),
    confirmed: (_, slot) => !this.unconfirmed.has(slot),
    isHere: (_, __, ip) => this.here.has(printIp(ip)),
    resume: (_, packet) => this.resumed.push(Buffer.from(packet.data).toString()),
    familyOf: () => 4,
    idleTimeoutSeconds: () => 300,
    takesPart: () => this.takesPart,
    forwardsEnded: (node) => this.ended.push(node),
    greet: (_, { text }) => {
      this.greeted.push(text)
      return this.greetMs
    },
  })

  say(address: string, now: Located | undefined): void {
    if (now === undefined) this.known.delete(address)
    else this.known.set(address, now)
    this.watches.get(address)?.(now)
  }

  miss(address: string, name: string, node = 'n1'): void {
    this.resolution.miss(node, vni, ipOf(address), packet(name))
  }

  /** The switch confirms what it was asked for. */
  settle(address: string, node = 'n1'): void {
    this.unconfirmed.delete(slotOf(address))
    this.resolution.settled(node, slotOf(address))
  }

  entry(address: string, node = 'n1') {
    return this.cache.get(node, { vni, eid: cidrOf(address.includes('/') ? address : `${address}/32`) })
  }
}

const slotOf = (address: string): Slot =>
  cacheSlot({ vni, eid: cidrOf(address.includes('/') ? address : `${address}/32`) })

const packet = (name: string): PacketIn => ({
  inPort: 3,
  userdata: new Uint8Array(),
  metadata: {},
  data: new Uint8Array(Buffer.from(name)),
  continuation: {},
})

const x = '10.9.0.5'
let world: World

beforeEach(() => {
  world = new World()
})

describe('a burst to an unknown EID', () => {
  it('asks once, waits for the answer and for the switch, and goes on in its order', () => {
    world.unconfirmed.add(slotOf(x))
    for (const name of ['1', '2', '3']) world.miss(x, name)
    expect([world.asked, world.resumed, world.resolution.waiting]).toEqual([[x], [], 3])
    world.say(x, at(x, 'n2'))
    expect(world.entry(x)).toMatchObject({ state: 'remote', node: 'n2', idleTimeoutSeconds: 300 })
    expect([world.marks.includes(`n1 ${slotOf(x)}`), world.resumed]).toEqual([true, []])
    world.miss(x, '4')
    world.settle(x)
    expect([world.resumed, world.resolution.waiting, world.clock.pending]).toEqual([
      ['1', '2', '3', '4'],
      0,
      0,
    ])
    world.miss(x, '5')
    expect([world.resumed.at(-1), world.asked]).toEqual(['5', [x]])
  })

  it('waits until its RLOC was greeted; packets that come meanwhile do not overtake', async () => {
    world.greetMs = 5
    world.known.set(x, at(x, 'n2'))
    world.miss(x, '1')
    world.greetMs = 0
    await world.clock.run(3)
    world.miss(x, '2')
    expect([world.resumed, world.greeted]).toEqual([[], ['10.0.0.2']])
    await world.clock.run(2)
    expect(world.resumed).toEqual(['1', '2'])
  })

  it('is kept within bounds, and what is over them is counted', () => {
    for (let at = 0; at < waitingMax + 3; at++) world.miss(x, String(at))
    expect([world.resolution.waiting, world.resolution.dropped]).toEqual([waitingMax, 3])
    for (let at = 0; at < 5_000; at++) world.miss(`10.9.${1 + (at >> 8)}.${at & 255}`, 'more')
    expect(world.resolution.waiting).toBe(4_096)
    world.resolution.forgetPackets('n1')
    expect(world.resolution.waiting).toBe(0)
  })

  it('of whom nobody says anything goes on after a while, to be told that nobody has it', async () => {
    world.miss(x, '1')
    await world.clock.run(patienceMs - 1)
    expect(world.resumed).toEqual([])
    await world.clock.run(1)
    expect(world.entry(x)).toMatchObject({ state: 'negative' })
    world.settle(x)
    expect(world.resumed).toEqual(['1'])
  })

  it('goes on as well where the switch does not take the entry', async () => {
    world.unconfirmed.add(slotOf(x))
    world.known.set(x, at(x, 'n2'))
    world.miss(x, '1')
    await world.clock.run(patienceMs)
    expect([world.resumed, world.clock.pending]).toEqual([['1'], 0])
  })

  it('to an endpoint of the node itself waits for that endpoint, and leaves nothing behind', () => {
    world.known.set(x, at(x, 'n1'))
    world.miss(x, '1')
    expect([world.resumed, world.resolution.size]).toEqual([[], 1])
    world.here.add(x)
    world.resolution.arrived('n1', vni, ipOf(x))
    expect([world.resumed, world.resolution.size, world.watches.size, world.clock.pending]).toEqual([
      ['1'],
      0,
      0,
      0,
    ])
  })
})

it('packets that are to be expected find their entry, and are resolved once', () => {
  world.known.set(x, at(x, 'n2'))
  world.resolution.expect('n1', vni, ipOf(x))
  expect(world.entry(x)).toMatchObject({ state: 'remote', node: 'n2' })
  world.miss(x, '1')
  expect([world.asked, world.resumed]).toEqual([[x], ['1']])
})

describe('an entry', () => {
  it('follows its EID, from one node to another, to nobody, and here', async () => {
    world.known.set(x, at(x, 'n2'))
    world.miss(x, '1')
    world.say(x, at(x, 'n3'))
    expect(world.entry(x)).toMatchObject({ state: 'remote', node: 'n3', rloc: { text: '10.0.0.3' } })
    world.say(x, undefined)
    expect(world.entry(x)).toMatchObject({ node: 'n3' })
    world.say(x, nobody(x))
    expect(world.entry(x)).toMatchObject({ state: 'negative' })
    world.say(x, at(x, 'n1'))
    await world.clock.run(0)
    expect([world.entry(x), world.resolution.size, world.watches.size]).toEqual([undefined, 0, 0])
  })

  it('is asked about anew once it has left the switch', () => {
    world.known.set(x, at(x, 'n2'))
    world.miss(x, '1')
    world.settle(x)
    world.resolution.expired('n1', slotOf(x), false)
    expect([world.entry(x), world.watches.size, world.resolution.size]).toEqual([undefined, 0, 0])
    world.miss(x, '2')
    expect([world.asked, world.resumed]).toEqual([
      [x, x],
      ['1', '2'],
    ])
  })

  it('that is missed long after it was there has left: its packet waits for that news, and is not refused', async () => {
    world.known.set(x, at(x, 'n2'))
    world.miss(x, '1')
    world.settle(x)
    await world.clock.run(10_000)
    world.miss(x, '2')
    expect(world.resumed).toEqual(['1'])
    world.resolution.expired('n1', slotOf(x), false)
    expect([world.resumed, world.asked]).toEqual([
      ['1', '2'],
      [x, x],
    ])
  })

  it('of a site is there for all of its prefix, and stays while another EID uses it', () => {
    const [a, b] = ['10.1.0.1', '10.1.0.2']
    for (const one of [a, b]) {
      world.known.set(one, site('10.1.0.0/16', '192.0.2.7'))
      world.miss(one, one)
    }
    expect(world.entry('10.1.0.0/16')).toMatchObject({ encapsulation: 'gpe', rloc: { text: '192.0.2.7' } })
    world.say(a, site('10.1.0.0/24', '192.0.2.8'))
    expect(world.entry('10.1.0.0/16')).toMatchObject({ rloc: { text: '192.0.2.7' } })
    world.say(b, site('10.1.0.0/24', '192.0.2.8'))
    expect(world.entry('10.1.0.0/16')).toBeUndefined()
    expect(world.entry('10.1.0.0/24')).toMatchObject({ rloc: { text: '192.0.2.8' } })
  })

  it('that the switch has from before is taken over: it stays as it is until something is known', () => {
    world.resolution.adopt('n1', vni, ipOf(x))
    expect(world.resolution.isOpen('n1', slotOf(x))).toBe(true)
    world.say(x, at(x, 'n2'))
    expect(world.resolution.isOpen('n1', slotOf(x))).toBe(false)
    expect(world.entry(x)).toMatchObject({ node: 'n2' })
  })

  it('that is taken over is not said to be nobody’s for want of an answer', async () => {
    world.resolution.adopt('n1', vni, ipOf(x))
    await world.clock.run(10 * patienceMs)
    expect([world.resolution.isOpen('n1', slotOf(x)), world.entry(x)]).toEqual([true, undefined])
  })
})

describe('an EID that has moved away', () => {
  beforeEach(() => {
    world.known.set(x, at(x, 'n2'))
    world.resolution.moved('n1', vni, ipOf(x))
  })

  it('is sent on for a while, whatever else times out, and then is an EID like the others', () => {
    expect(world.entry(x)).toMatchObject({ state: 'moved', forwardSeconds: 15 })
    world.resolution.expired('n1', slotOf(x), false)
    expect(world.entry(x)).toMatchObject({ state: 'moved' })
    world.say(x, at(x, 'n3'))
    expect(world.entry(x)).toMatchObject({ state: 'moved', node: 'n3' })
    world.resolution.expired('n1', slotOf(x), true)
    expect(world.entry(x)).toMatchObject({ state: 'remote', node: 'n3' })
    expect(world.ended).toEqual(['n1'])
  })

  it('is sent on from a node that has nothing else of the network, and forgotten after that', () => {
    world.takesPart = false
    world.resolution.forgetNetwork('n1', vni)
    expect([world.entry(x)?.state, world.cache.sendsOn('n1', vni)]).toEqual(['moved', true])
    world.resolution.expired('n1', slotOf(x), true)
    expect([world.entry(x), world.cache.sendsOn('n1', vni), world.ended, world.watches.size]).toEqual([
      undefined,
      false,
      ['n1'],
      0,
    ])
  })

  it('comes back and is here', async () => {
    world.say(x, at(x, 'n1'))
    await world.clock.run(0)
    expect([world.entry(x), world.ended, world.resolution.size]).toEqual([undefined, ['n1'], 0])
  })
})

it('entries whose origins are one number go together and come back by themselves', () => {
  const [a, b] = colliding()
  for (const one of [a, b]) {
    world.known.set(one, at(one, 'n2'))
    world.miss(one, one)
  }
  expect(slotOf(a)).toBe(slotOf(b))
  expect(world.cache.at('n1', slotOf(a))).toHaveLength(2)
  world.resolution.expired('n1', slotOf(a), false)
  expect(world.cache.at('n1', slotOf(a))).toEqual([])
  world.miss(b, 'again')
  expect([world.resumed.at(-1), world.cache.at('n1', slotOf(a))]).toMatchObject(['again', [{ node: 'n2' }]])
})

/** Two addresses whose entries share an origin: among enough of them there are some. */
const colliding = (): readonly [string, string] => {
  const seen = new Map<number, string>()
  for (let at = 0; at < 2 ** 24; at++) {
    const ip: Ip = { family: 4, value: BigInt(0x0a000000 + at) }
    const slot = cacheSlot({ vni, eid: { ...ip, length: 32 } })
    const before = seen.get(slot)
    if (before !== undefined) return [before, printIp(ip)]
    seen.set(slot, printIp(ip))
  }
  return expect.fail('no two share an origin')
}

/** What may happen to three EIDs at two nodes. */
const addresses = ['10.9.0.1', '10.9.0.2', '10.9.0.3']
const event = fc.record({
  kind: fc.constantFrom('miss', 'say', 'settle', 'expire', 'forward', 'moved', 'adopt', 'forget', 'wait'),
  address: fc.constantFrom(...addresses),
  node: fc.constantFrom('n1', 'n2'),
  place: fc.constantFrom('n1', 'n2', 'n3', 'nobody', 'unknown'),
})

it('whatever happens, every packet goes on once and in its order, or its node is gone, and nothing is left over', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 40 }), async (events) => {
      const one = new World()
      const sent = new Map<string, number>()
      for (const { kind, address, node, place } of events) {
        const { resolution } = one
        if (kind === 'miss') {
          const key = `${node} ${address}`
          const count = (sent.get(key) ?? 0) + 1
          sent.set(key, count)
          one.miss(address, `${key} ${count}`, node)
        }
        if (kind === 'say')
          one.say(
            address,
            place === 'unknown' ? undefined : place === 'nobody' ? nobody(address) : at(address, place),
          )
        if (kind === 'settle') one.settle(address, node)
        if (kind === 'expire' || kind === 'forward')
          resolution.expired(node, slotOf(address), kind === 'forward')
        if (kind === 'moved') resolution.moved(node, vni, ipOf(address))
        if (kind === 'adopt') resolution.adopt(node, vni, ipOf(address))
        if (kind === 'forget') resolution.forgetNetwork(node, vni)
        if (kind === 'wait') await one.clock.run(50)
        else await one.clock.run(0)
      }
      await one.clock.run(2 * patienceMs)
      expect([one.resolution.waiting, one.clock.pending]).toEqual([0, 0])
      const forgets = events.some(({ kind }) => kind === 'forget')
      for (const [key, count] of sent) {
        const went = one.resumed
          .filter((name) => name.startsWith(`${key} `))
          .map((name) => Number(name.split(' ')[2]))
        expect(went).toEqual([...new Set(went)].toSorted((a, b) => a - b))
        if (!forgets) expect(went).toHaveLength(count)
      }
      for (const node of ['n1', 'n2']) one.resolution.forgetNode(node)
      expect([one.resolution.size, one.watches.size]).toEqual([0, 0])
    }),
    { numRuns: 150 },
  )
})
