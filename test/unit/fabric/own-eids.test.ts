/** What the mapping system is told of networks and endpoints: after any change the same as it would be told from the beginning. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRloc } from '#model/address.js'
import { printCidr, printIp } from '#model/cidr.js'
import type { Endpoint } from '#model/endpoint.js'
import type { NodeFacts } from '#model/facts.js'
import type { LocalEid, LocalMappings } from '#model/local-mappings.js'
import type { Network } from '#model/network.js'
import type { Changed } from '#store/store.js'
import { OverlayIntent } from '../../../src/fabric/overlay-intent.js'
import { OwnEids } from '../../../src/fabric/own-eids.js'
import { ip, network } from './ipam-world.js'

/** What has been told, as lines. */
class Told implements LocalMappings {
  readonly eids = new Map<string, string>()
  readonly networks = new Map<string, string>()

  put(eid: LocalEid, node: string, { text }: { readonly text: string }): void {
    this.eids.set(textOf(eid), `${node} ${text}`)
  }

  remove(eid: LocalEid): void {
    this.eids.delete(textOf(eid))
  }

  putNetwork({ name, vni, subnets }: Parameters<LocalMappings['putNetwork']>[0]): void {
    this.networks.set(name, `${vni} ${subnets.map(printCidr).join(' ')}`)
  }

  removeNetwork(name: string): void {
    this.networks.delete(name)
  }
}

const textOf = (eid: LocalEid): string => `${eid.vni} ${'ip' in eid ? printIp(eid.ip) : eid.mac}`

const endpoint = (
  id: string,
  serial: number,
  of: string,
  node: string,
  addresses: readonly string[],
): Endpoint => ({
  id,
  serial,
  network: of,
  node,
  interface: id,
  mac: serial,
  addresses: addresses.map(ip),
  labels: {},
  provenance: { requestId: 'r', by: 'test', at: 0 },
})

class World {
  readonly overlay = new OverlayIntent()
  readonly told = new Told()
  readonly rlocs = new Map<string, string>()
  readonly own = this.follower(this.told)

  follower(local: LocalMappings): OwnEids {
    return new OwnEids({ local, overlay: this.overlay, inventory: { node: (name) => this.facts(name) } })
  }

  facts(name: string): NodeFacts {
    const rloc = parseRloc(this.rlocs.get(name) ?? '')
    return { name, state: 'ready', underlayMtu: 1500, ...(rloc !== undefined && { rloc }) }
  }

  change(networks: readonly Changed<Network>[], endpoints: readonly Changed<Endpoint>[]): void {
    this.overlay.apply({ networks, endpoints })
    this.own.stored({ networks, endpoints })
  }

  node(name: string, rloc: string | undefined): void {
    if (rloc === undefined) this.rlocs.delete(name)
    else this.rlocs.set(name, rloc)
    this.own.nodeChanged(name)
  }

  /** What a mapping system that knew nothing would be told. */
  afresh(): Told {
    const told = new Told()
    this.follower(told).load()
    return told
  }
}

const red = (vni: number): Network => network('red', ['10.0.0.0/24'], { vni })

describe('the mapping system', () => {
  it('is told where each address of an endpoint is, and what networks there are', () => {
    const world = new World()
    world.node('n1', '192.0.2.1')
    const one = endpoint('a', 1, 'red', 'n1', ['10.0.0.2', '2001:db8::2'])
    world.change([{ new: red(7) }], [{ new: one }])
    expect([...world.told.eids]).toEqual([
      ['7 10.0.0.2', 'n1 192.0.2.1'],
      ['7 2001:db8::2', 'n1 192.0.2.1'],
    ])
    expect([...world.told.networks]).toEqual([['red', '7 10.0.0.0/24']])
    world.change([{ old: red(7) }], [{ old: one }])
    expect([world.told.eids.size, world.told.networks.size]).toEqual([0, 0])
  })

  it('is told of an endpoint as soon as its node has an address, and of each other one it gets', () => {
    const world = new World()
    world.change([{ new: red(7) }], [{ new: endpoint('a', 1, 'red', 'n1', ['10.0.0.2']) }])
    expect(world.told.eids.size).toBe(0)
    for (const rloc of ['192.0.2.1', '2001:db8::1']) {
      world.node('n1', rloc)
      expect([...world.told.eids.values()]).toEqual([`n1 ${rloc}`])
    }
    world.node('n1', undefined)
    expect(world.told.eids.size).toBe(0)
  })

  it('knows after any change what it would be told from the beginning', () => {
    const nodes = ['n1', 'n2'] as const
    const step = fc.oneof(
      fc.record({
        node: fc.constantFrom(...nodes),
        rloc: fc.option(fc.constantFrom('192.0.2.1', '192.0.2.2'), { nil: undefined }),
      }),
      fc.record({ vni: fc.option(fc.constantFrom(7, 8), { nil: undefined }) }),
      fc.record({
        id: fc.nat(3),
        at: fc.option(
          fc.record({ node: fc.constantFrom(...nodes), last: fc.uniqueArray(fc.nat(1), { maxLength: 2 }) }),
          { nil: undefined },
        ),
      }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const world = new World()
        for (const one of steps) {
          if ('rloc' in one) world.node(one.node, one.rloc)
          else if ('vni' in one) {
            const old = world.overlay.network('red')
            // A network goes with its endpoints.
            const gone =
              one.vni === undefined ? [...world.overlay.endpoints()].map((left) => ({ old: left })) : []
            if (old === undefined && one.vni === undefined) continue
            world.change([{ ...(old && { old }), ...(one.vni !== undefined && { new: red(one.vni) }) }], gone)
          } else {
            const id = `e${one.id}`
            const old = world.overlay.endpoint(id)
            // Each address has one owner, as leases have.
            const addresses = one.at?.last.map((last) => `10.0.${one.id}.${last + 1}`) ?? []
            const made = one.at && endpoint(id, one.id + 1, 'red', one.at.node, addresses)
            if (world.overlay.network('red') === undefined || (old ?? made) === undefined) continue
            world.change([], [{ ...(old && { old }), ...(made && { new: made }) }])
          }
          const fresh = world.afresh()
          expect(new Map([...world.told.eids].sort())).toEqual(new Map([...fresh.eids].sort()))
          expect(world.told.networks).toEqual(fresh.networks)
        }
      }),
      { numRuns: 200 },
    )
  })
})
