/** What every northbound store promises of networks, endpoints, leases and blocks: run on the one in memory, a fake server and a real one. */
import { beforeAll, describe, expect, it } from 'vitest'
import { type Ip, parseCidr, parseIp } from '#model/cidr.js'
import type { NewEndpoint, NewNetwork, Store, StoreChange, StoredLease } from '#store/store.js'

const provenance = { requestId: 'r1', by: 'somebody', at: 1_700_000_000_000 }

export const ip = (text: string): Ip => {
  const parsed = parseIp(text)
  if (parsed === undefined) throw new TypeError(`${text} is no address`)
  return parsed
}

export const cidr = (text: string) => {
  const parsed = parseCidr(text)
  if (parsed === undefined) throw new TypeError(`${text} is no prefix`)
  return parsed
}

const newNetwork = (name: string, vni: number, more: Partial<NewNetwork> = {}): NewNetwork => ({
  name,
  vni,
  subnets: [{ cidr: cidr('10.0.0.0/24'), gateway: ip('10.0.0.1').value, exclude: [] }],
  resolution: 'on-demand',
  idleTimeoutSeconds: 300,
  routes: [],
  isolation: false,
  broadcast: false,
  provenance,
  ...more,
})

const newEndpoint = (id: string, last: number, more: Partial<NewEndpoint> = {}): NewEndpoint => ({
  id,
  network: 'red',
  node: 'n1',
  interface: `veth-${id}`,
  mac: 0x0a58_0a00_0000 + last,
  addresses: [ip(`10.0.0.${last}`)],
  labels: {},
  provenance,
  ...more,
})

const leaseOf = (id: string, last: number): StoredLease => ({
  network: 'red',
  address: ip(`10.0.0.${last}`),
  owner: id,
})

const wire = (name: string, vni: number, port: string) => ({
  name,
  vni,
  a: { node: 'n1', interface: port },
  b: { node: 'n2', interface: port },
  provenance,
})

/** `open` answers with an empty store that leads. The cases follow each other. */
export const overlayStoreCases = (open: () => Promise<Store>): void => {
  let store: Store
  const heard: StoreChange[] = []
  const only = <T>(values: Iterable<T>): T => {
    const [value, ...others] = values
    expect(others).toEqual([])
    if (value === undefined) throw new TypeError('there is none')
    return value
  }
  const refusal = (batch: Parameters<Store['commit']>[0]) => expect(store.commit(batch)).rejects

  beforeAll(async () => {
    store = await open()
    store.onChange((change) => heard.push(change))
  })

  describe('a network', () => {
    it('is read as it was written', async () => {
      const whole = newNetwork('red', 7, {
        subnets: [
          {
            cidr: cidr('2001:db8::/64'),
            gateway: ip('2001:db8::1').value,
            exclude: [cidr('2001:db8::8/125')],
          },
          { cidr: cidr('10.0.0.0/24'), gateway: ip('10.0.0.254').value, exclude: [] },
        ],
        mtu: 1400,
        resolution: 'proactive',
        routes: [
          { destination: cidr('0.0.0.0/0') },
          { destination: cidr('192.0.2.0/24'), gateway: ip('10.0.0.9').value },
        ],
        reservations: [{ address: ip('10.0.0.77'), endpoint: 'db' }],
        isolation: true,
      })
      await store.commit({ addNetwork: whole })
      const stored = only(store.networks())
      expect(stored).toEqual({ ...whole, serial: stored.serial })
      expect(heard.at(-1)?.networks).toEqual([{ new: stored }])
    })

    it('is replaced with its subnets', async () => {
      const stored = only(store.networks())
      const { mtu: _, reservations: __, ...plain } = { ...stored, ...newNetwork('red', 8) }
      await store.commit({ changeNetwork: plain })
      expect(only(store.networks())).toEqual(plain)
      expect(heard.at(-1)?.networks).toEqual([{ old: stored, new: plain }])
    })

    it('has a name and a VNI of its own, also among links', async () => {
      await refusal({ addNetwork: newNetwork('red', 9) }).toMatchObject({ code: 'name-taken' })
      await refusal({ addNetwork: newNetwork('blue', 8) }).toMatchObject({ code: 'vni-taken' })
      await refusal({ addWires: [wire('w', 8, 'p0')] }).toMatchObject({ code: 'vni-taken' })
      await store.commit({ addWires: [wire('w', 9, 'p0')] })
      await refusal({ addNetwork: newNetwork('blue', 9) }).toMatchObject({ code: 'vni-taken' })
      expect([...store.networks()].map(({ name }) => name)).toEqual(['red'])
    })
  })

  describe('an endpoint', () => {
    it('is read as it was written, with its lease and block', async () => {
      const whole = newEndpoint('e1', 5, {
        container: { id: 'c1', interface: 'eth0', namespace: 'default', pod: 'web-0' },
        labels: { app: 'web' },
      })
      const block = { network: 'red', cidr: cidr('10.0.0.0/28'), node: 'n1' }
      await store.commit({ addEndpoint: whole, putLeases: [leaseOf('e1', 5)], putBlocks: [block] })
      const stored = only(store.endpoints())
      expect(stored).toEqual({ ...whole, serial: stored.serial })
      expect(only(store.leases())).toEqual(leaseOf('e1', 5))
      expect(only(store.blocks())).toEqual(block)
      const change = heard.at(-1)
      expect(change?.endpoints).toEqual([{ new: stored }])
      expect(change?.leases).toEqual([{ new: leaseOf('e1', 5) }])
      expect(new Set([stored.serial, only(store.networks()).serial, only(store.wires()).serial]).size).toBe(3)
    })

    it.each([
      ['id', 'name-taken', newEndpoint('e1', 6, { interface: 'another' }), 6],
      ['MAC address', 'mac-taken', newEndpoint('e2', 6, { mac: 0x0a58_0a00_0005 }), 6],
      ['interface', 'interface-taken', newEndpoint('e2', 6, { interface: 'veth-e1' }), 6],
      ['interface that no link has', 'interface-taken', newEndpoint('e2', 6, { interface: 'p0' }), 6],
    ])('has an %s of its own', async (_, code, addEndpoint, last) => {
      await refusal({ addEndpoint, putLeases: [leaseOf(addEndpoint.id, last)] }).toMatchObject({ code })
      expect([...store.leases()]).toHaveLength(1)
    })

    it('keeps links from its interface', async () => {
      await refusal({ addWires: [wire('x', 10, 'veth-e1')] }).toMatchObject({ code: 'interface-taken' })
    })

    it('moves, and its address with it', async () => {
      const before = only(store.endpoints())
      const moved = { ...before, node: 'n2', interface: 'other' }
      await store.commit({ changeEndpoint: moved })
      expect(only(store.endpoints())).toEqual(moved)
      const claim = { addWires: [wire('left', 11, 'veth-e1')] }
      await store.commit(claim)
    })

    it('changes addresses in one transaction', async () => {
      const before = only(store.endpoints())
      const after = { ...before, addresses: [ip('10.0.0.6'), ip('10.0.0.7')] }
      const resting = { network: 'red', address: ip('10.0.0.5'), until: 1_700_000_060_000, lastOwner: 'e1' }
      await store.commit({
        changeEndpoint: after,
        putLeases: [leaseOf('e1', 6), leaseOf('e1', 7), resting],
      })
      expect(only(store.endpoints())).toEqual(after)
      expect(new Set(store.leases())).toEqual(new Set([leaseOf('e1', 6), leaseOf('e1', 7), resting]))
    })

    it('keeps its network from being deleted', async () => {
      const [removeNetwork] = store.networks()
      if (removeNetwork === undefined) throw new TypeError('there is no network')
      const leases = [...store.leases()]
      await refusal({ removeNetwork, dropBlocks: [...store.blocks()] }).toMatchObject({
        code: 'network-in-use',
      })
      expect([...store.leases()]).toEqual(leases)
    })

    it('goes, and its addresses rest; one that rests is given to another', async () => {
      const [removeEndpoint] = store.endpoints()
      if (removeEndpoint === undefined) throw new TypeError('there is no endpoint')
      const rest = (last: number): StoredLease => ({
        network: 'red',
        address: ip(`10.0.0.${last}`),
        until: 1_700_000_070_000,
        lastOwner: 'e1',
      })
      await store.commit({ removeEndpoint, putLeases: [rest(6), rest(7)] })
      expect([...store.endpoints()]).toEqual([])
      await store.commit({ addEndpoint: newEndpoint('e2', 6), putLeases: [leaseOf('e2', 6)] })
      expect([...store.leases()].filter(({ owner }) => owner !== undefined)).toEqual([leaseOf('e2', 6)])
    })
  })

  it('a network goes with all that it has', async () => {
    const [removeEndpoint] = store.endpoints()
    const [removeNetwork] = store.networks()
    if (removeEndpoint === undefined || removeNetwork === undefined) throw new TypeError('nothing is there')
    await store.commit({ removeEndpoint, dropLeases: [{ network: 'red', address: ip('10.0.0.6') }] })
    await store.commit({
      removeNetwork,
      dropLeases: [...store.leases()],
      dropBlocks: [...store.blocks()],
    })
    const left = [store.networks(), store.endpoints(), store.leases(), store.blocks()]
    expect(left.map((values) => [...values])).toEqual([[], [], [], []])
    await store.commit({ addNetwork: newNetwork('red', 8) })
  })
}
