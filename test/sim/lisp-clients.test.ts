/**
 * Clients of a mapping system against real Map-Servers on a network that loses, doubles and reorders: routers register, move and take
 * back EIDs, others watch them, a server starts again with nothing. When the network is well again, every server has what the routers
 * have, and every watcher knows what the servers know. One seed replays a run.
 */
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '#link/random.js'
import { parseEid, printAddress, printEid } from '#lisp/address-text.js'
import { makeKey, type Proof } from '#lisp/auth.js'
import type { Eid } from '#lisp/eid.js'
import { makeSite } from '#lisp/map-server/sites.js'
import { MapServer } from '#lisp/map-server.js'
import { type ClientEffect, MappingClient } from '#lisp/mapping-client.js'
import type { Locator } from '#lisp/records.js'
import { calm, DatagramNetwork } from '../fake/datagram-network.js'
import { ip, locatorOf } from '../fake/lisp-script-words.js'

const servers = ['192.0.2.1', '192.0.2.2']
const routers = ['198.51.100.1', '198.51.100.2']
const watchers = ['203.0.113.1', '203.0.113.2']
const storm = { loss: 0.2, doubling: 0.1, delayMsMax: 700 }
const key = makeKey(1, 'secret')
const proof: Proof = { key, keyId: 1, algorithm: 'hmac-sha-256-128' }
const eids = ['[5]10.1.1.0/24', '[5]10.1.1.7/32', '[5]10.1.1.8/32', '[5]10.1.2.9/32', '[5]10.1.3.0/28'].map(
  parseEid,
)
const asked = ['[5]10.1.1.7', '[5]10.1.1.8', '[5]10.1.1.99', '[5]10.1.2.9', '[5]10.1.3.1', '[5]10.1.4.4'].map(
  parseEid,
)

/** A client, and the map-cache as its effects tell it. */
class Router {
  readonly client: MappingClient
  readonly told = new Map<string, string>()
  readonly watched = new Set<Eid>()
  readonly own = new Set<Eid>()
  /** EIDs that were asked for and have not been answered. */
  readonly awaited = new Set<string>()

  constructor(
    readonly address: string,
    net: DatagramNetwork,
    random: Random,
    options: { readonly subscribes: boolean; readonly registers: boolean },
  ) {
    const at = (text: string) => ({ address: ip(text), port: 4342 })
    this.client = new MappingClient({
      now: net.now,
      wallTime: 1_800_000_000_000 + net.now,
      random,
      rlocs: [ip(address)],
      identity: { xtrId: BigInt(ip(address).value), siteId: 5n },
      resolving: {
        resolvers: servers.map(at),
        subscriberKeys: options.subscribes ? [key] : [],
        options: { restMs: 5_000, unsubscribableMs: 20_000 },
      },
      registering: {
        servers: options.registers
          ? servers.map((text) => ({
              name: text,
              endpoint: at(text),
              proof,
              proxyReply: true,
              merge: false,
              wantNotify: true,
            }))
          : [],
      },
    })
    net.add(address, this.client, (effect) => this.#hear(effect as ClientEffect))
  }

  #hear(effect: ClientEffect): void {
    if (effect.do === 'answered' || effect.do === 'failed') this.awaited.delete(printEid(effect.asked))
    if (effect.do !== 'changed') return
    const name = printEid(effect.eid)
    if (effect.after === undefined) this.told.delete(name)
    else this.told.set(name, placeOf(effect.after.locators))
  }
}

const placeOf = (locators: readonly Locator[]): string =>
  locators.length === 0 ? 'nowhere' : locators.map(({ rloc }) => printAddress(rloc)).join(' ')

class World {
  readonly random: Random
  readonly net: DatagramNetwork
  readonly routers: readonly Router[]
  readonly watchers: readonly Router[]
  readonly running = new Map<string, MapServer>()

  constructor(
    seed: number,
    readonly ttl: number,
    subscribes: boolean,
  ) {
    this.random = seededRandom(seed)
    this.net = new DatagramNetwork(this.random)
    for (const address of servers) this.startServer(address)
    const { net, random } = this
    this.routers = routers.map((address) => new Router(address, net, random, { subscribes, registers: true }))
    this.watchers = watchers.map(
      (address) => new Router(address, net, random, { subscribes, registers: false }),
    )
  }

  startServer(address: string): void {
    const server = new MapServer({
      now: this.net.now,
      random: this.random,
      rloc: ip(address),
      quiet: this.net.now > 0,
    })
    const prefixes = [{ eid: parseEid('[5]10.1.0.0/16'), acceptMoreSpecifics: true }]
    server.putSite(makeSite({ name: 'a', prefixes, keys: [key], siteIds: [5n] }), this.net.now)
    this.running.set(address, server)
    this.net.add(address, server)
  }

  pick<T>(list: readonly T[]): T {
    const one = list[Math.floor(this.random() * list.length)]
    if (one === undefined) throw new Error('nothing to pick from')
    return one
  }

  /** One change of what is wanted. An EID is at one router at a time. */
  strike(): void {
    const { net } = this
    const eid = this.pick(eids)
    const router = this.pick(this.routers)
    const watcher = this.pick(this.watchers)
    const what = this.pick(asked)
    const strikes: (() => void)[] = [
      () => {
        for (const other of this.routers)
          if (other !== router && other.own.delete(eid)) other.client.deregister(eid)
        router.own.add(eid)
        router.client.register({
          eid,
          ttl: this.ttl,
          locators: [locatorOf(`${router.address}/${this.pick([1, 2, 3])}`)],
        })
      },
      () => {
        if (router.own.delete(eid)) router.client.deregister(eid)
      },
      () => {
        if (!watcher.watched.has(what)) watcher.awaited.add(printEid(what))
        watcher.watched.add(what)
        net.obey(watcher.address, watcher.client.watch(what, net.now))
      },
      () => {
        watcher.watched.delete(what)
        net.obey(watcher.address, watcher.client.unwatch(what, net.now))
      },
      () => {
        watcher.awaited.add(printEid(what))
        net.obey(watcher.address, watcher.client.resolve(what, net.now))
      },
    ]
    this.pick(strikes)()
  }

  /** Where the routers say that an EID is. */
  truth(eid: Eid): string {
    const [server] = this.running.values()
    const mapping = server?.system.lookup(eid)
    return mapping === undefined ? 'nowhere' : placeOf(mapping.locators.locators)
  }
}

const registered = (server: MapServer): readonly string[] =>
  [...server.system.mappings()]
    .map(({ eid, locators }) => `${printEid(eid)} ${placeOf(locators.locators)}`)
    .sort()

const wanted = (all: readonly Router[]): readonly string[] =>
  all.flatMap(({ own, address }) => [...own].map((eid) => `${printEid(eid)} ${address}`)).sort()

interface Story {
  readonly subscribes: boolean
  /** Minutes. */
  readonly ttl: number
  /** A server starts again with nothing. */
  readonly restarts: boolean
  /** How long until all is well again. */
  readonly settleMs: number
}

/** Three periods in which a registration that nobody takes back expires, and a TTL more. */
const short = { ttl: 2, restarts: true, settleMs: 320_000 }
/** TTLs are no help: what is not told is not known. A notice is sent for 99 s, a registration lasts 180 s. */
const long = { ttl: 600, restarts: false, settleMs: 300_000 }

const play = (seed: number, { subscribes, ttl, restarts, settleMs }: Story): World => {
  const world = new World(seed, ttl, subscribes)
  world.net.weather = storm
  for (let step = 0; step < 60; step++) {
    world.strike()
    world.net.pass(world.pick([50, 200, 1_000, 3_000]))
    if (step === 40 && restarts) world.startServer(world.pick(servers))
  }
  world.net.weather = calm
  world.net.pass(settleMs)
  return world
}

describe.each([
  { how: 'with Pub/Sub', story: { subscribes: true, ...long } },
  { how: 'with Pub/Sub, a server restarted', story: { subscribes: true, ...short } },
  { how: 'without Pub/Sub, a server restarted', story: { subscribes: false, ...short } },
])('after a storm, $how', ({ story }) => {
  test.each([1, 72, 104, 153, 251])('all agree (seed %i)', (seed) => {
    const world = play(seed, story)
    for (const server of world.running.values()) {
      expect(registered(server)).toEqual(wanted(world.routers))
    }
    for (const { client, watched, told, awaited } of world.watchers) {
      expect([...awaited]).toEqual([])
      for (const eid of watched) {
        const known = client.lookup(eid)
        expect(known && placeOf(known.locators), printEid(eid)).toBe(world.truth(eid))
      }
      const cached = [...client.resolver.cache.entries()]
      const shown = cached.map(({ eid, locators }) => [printEid(eid), placeOf(locators)])
      expect([...told].sort()).toEqual(shown.sort())
    }
    for (const { client, own } of world.routers) {
      const state = own.size > 0 ? 'registered' : 'unknown'
      expect([...client.states.values()]).toEqual([state, state])
    }
  })
})

test('an orderly end leaves nothing behind', () => {
  const world = play(7, { subscribes: true, ...short })
  const { net } = world
  for (const { address, client } of [...world.routers, ...world.watchers])
    net.obey(address, client.end(net.now))
  net.pass(3_000)
  for (const { client } of [...world.routers, ...world.watchers]) expect(client.settled).toBe(true)
  for (const server of world.running.values()) expect(registered(server)).toEqual([])
  // Who has left does not acknowledge what was on its way: the servers give up after a while; then what is for 15 minutes ends.
  net.pass(1_020_000)
  for (const server of world.running.values()) {
    expect(server.notices.size).toBe(0)
    expect(server.subscriptions.book.size).toBe(0)
  }
})

test('a seed replays a run', () => {
  const [first, second] = [11, 11].map((seed) => play(seed, { subscribes: true, ...short }))
  expect(first?.net.delivered).toBe(second?.net.delivered)
  const [heard, again] = [first, second].map((world) => world?.watchers.map(({ told }) => [...told]))
  expect(heard).toEqual(again)
})
