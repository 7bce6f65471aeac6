/** A real switch behind its handle: packets that wait and go on, packets of our own, flows that expire, ports that it makes itself. */
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { cookieOf, type Origin } from '#compile/cookie.js'
import type { PortWish } from '#compile/desired.js'
import type { LabHost } from '#lab/host.js'
import { printMac } from '#model/mac.js'
import { controller, output, resubmit, setField } from '#openflow/actions.js'
import type { Flow } from '#openflow/flow.js'
import { planSwitch, type SwitchPlan } from '#reconcile/plan.js'
import type { PacketIn } from '#reconcile/switch-handle.js'
import { hexBytes, ipv4 } from '../fake/frames.js'
import { gpe, OneSwitch } from './support/one-switch.js'

let one: OneSwitch
let [h1, h2]: LabHost[] = []

const endpoint: Origin = { kind: 'endpoint', serial: 1 }
const cache: Origin = { kind: 'cache', serial: 0xab_cdef_0123 }
const nodeMac = 0x0a58_0a00_00fe
const userdata = Uint8Array.of(7, 8)

const devices = (): string[] => [h1, h2].flatMap((host) => host?.device('eth0') ?? [])
const ofportOf = (name: string): number =>
  one.handle.port(name)?.ofport ?? expect.fail(`${name} has no ofport`)

/** A port that is wanted, or one that nobody wants any more. */
const want = (name: string, wish: Partial<PortWish> = {}) => ({ name, wish: { name, ...wish } })
const leave = (name: string) => ({ name, wish: undefined })

const apply = async (plan: SwitchPlan): Promise<void> => {
  expect(await one.handle.apply(plan)).toEqual({ state: 'done' })
}

const hold = (origin: Origin, flows: readonly Omit<Flow, 'cookie'>[]): Promise<void> => {
  const cookie = cookieOf(origin)
  const desired = { ports: [], flows: flows.map((flow) => ({ ...flow, cookie })), meters: [], holds: [] }
  return apply(planSwitch([{ origin, desired }], [], one.handle))
}

beforeAll(async () => {
  one = await OneSwitch.start('swpackets')
  ;[h1, h2] = await one.lab.addHosts(
    [1, 2].map((number) => ({
      name: `h${number}`,
      node: one.node.name,
      interfaces: [{ name: 'eth0', mac: `02:00:00:00:00:0${number}`, addresses: [`10.0.0.${number}/24`] }],
    })),
  )
  await apply(
    planSwitch(
      [],
      devices().map((name) => want(name)),
      one.handle,
    ),
  )
  await vi.waitFor(() => devices().map((name) => ofportOf(name)))
})
afterAll(() => one?.stop())

beforeEach(async () => {
  one.onPacket = () => {}
  await hold(endpoint, [])
  await hold(cache, [])
  for (const list of [one.packets, one.drift, one.expired]) list.length = 0
})

/** Table 1 pauses what it does not know; whoever comes back looks table 1 up again. */
const pausing = (): Omit<Flow, 'cookie'>[] => [
  { table: 0, priority: 1, match: {}, actions: [setField('reg5', 0x55), resubmit(1)] },
  { table: 1, priority: 0, match: {}, actions: [controller({ pause: true, userdata }), resubmit(1)] },
]

const forward = (from: number, timeouts: Partial<Flow> = {}): Omit<Flow, 'cookie'> => ({
  table: 1,
  priority: 10,
  match: { in_port: from, reg5: 0x55 },
  actions: [
    output(
      devices()
        .map(ofportOf)
        .find((ofport) => ofport !== from) ?? 0,
    ),
  ],
  ...timeouts,
})

it('has the first packet wait, and go on when its flow is there', async () => {
  await hold(endpoint, pausing())
  const forwards = devices().map((name) => forward(ofportOf(name)))
  const resumed: PacketIn[] = []
  one.onPacket = (packet) => {
    void hold(cache, forwards).then(() => {
      resumed.push(packet)
      one.handle.resume(packet)
      // What was resumed is not sent twice.
      one.handle.resume(packet)
    })
  }
  const before = one.handle.packets
  const { received, resumed: resumedBefore } = { ...before }
  const ping = await h1?.exec(['ping', '-c', '3', '-i', '0.2', '-W', '2', '10.0.0.2'])
  expect(ping?.stdout).toContain('3 packets transmitted, 3 received')
  expect(ping?.stdout).not.toContain('duplicates')
  expect(one.packets.length).toBeGreaterThan(0)
  for (const packet of one.packets) {
    expect(packet).toMatchObject({ userdata, metadata: { reg5: 0x55, in_port: packet.inPort } })
    expect(devices().map(ofportOf)).toContain(packet.inPort)
    expect(packet.continuation).toBeDefined()
  }
  expect(one.handle.packets).toMatchObject({
    received: received + one.packets.length,
    resumed: resumedBefore + resumed.length,
    refused: 0,
  })
})

it('tells expired flows from those that somebody took away', async () => {
  const port = ofportOf(devices()[0] ?? '')
  await hold(cache, [forward(port, { hardTimeout: 1 }), { ...forward(port), priority: 11, idleTimeout: 1 }])
  await hold(endpoint, [forward(7)])
  await one.node.ofctl('del-flows', 'br-int', 'table=1,in_port=7')
  await vi.waitFor(() => expect(one.expired).toEqual([cache, cache]), { timeout: 10_000 })
  expect(one.drift).toMatchObject([{ type: 'removed', cookie: cookieOf(endpoint) }])
  expect(one.handle.book.size).toBe(0)
})

it('sends a frame of ours out of a port', async () => {
  const device = devices()[0] ?? ''
  const ofport = ofportOf(device)
  await hold(endpoint, [{ table: 0, priority: 5, match: { in_port: ofport }, actions: [controller()] }])
  // An echo request in the name of h2; its answer would go to h2's address, which h1 has to know.
  await h1?.exec(['ip', 'neigh', 'replace', '10.0.0.2', 'lladdr', '02:00:00:00:00:02', 'dev', 'eth0'])
  const request = ipv4(hexBytes('0800f7fd0001 0001'), {
    source: '10.0.0.2',
    destination: '10.0.0.1',
    protocol: 1,
  })
  const frame = Uint8Array.from([...hexBytes('020000000001 020000000002 0800'), ...request])
  one.handle.packetOut(frame, [output(ofport)])
  const reply = () => one.packets.find(({ data }) => data[34] === 0 && data[23] === 1)
  await vi.waitFor(() => expect(reply()).toBeDefined(), { timeout: 5_000 })
  const { continuation, inPort, data } = reply() ?? expect.fail()
  expect({ continuation, inPort }).toEqual({ inPort: ofport })
  expect(Buffer.from(data.subarray(0, 14)).toString('hex')).toBe('0200000000020200000000010800')
})

it('hears of packets whose time is over', async () => {
  const [from = 0, to = 0] = devices().map(ofportOf)
  const actions = [{ type: 'dec_ttl' } as const, output(to)]
  await hold(endpoint, [{ table: 0, priority: 5, match: { in_port: from, eth_type: 0x0800 }, actions }])
  // The flow carries no ARP, and the kernel may have forgotten what it learnt before.
  await h1?.exec(['ip', 'neigh', 'replace', '10.0.0.2', 'lladdr', '02:00:00:00:00:02', 'dev', 'eth0'])
  await h1?.exec(['ping', '-c', '1', '-t', '1', '-W', '1', '10.0.0.2'])
  await vi.waitFor(() => expect(one.packets).toMatchObject([{ inPort: from, userdata: new Uint8Array() }]))
})

it('has a port for LISP routers', async () => {
  expect(one.handle.facts.gpeOfport).toBeGreaterThan(0)
  expect(one.handle.facts.gpeOfport).not.toBe(one.handle.facts.tunnelOfport)
  const options = await one.node.vsctl('get', 'Interface', 'heddle-gpe', 'options', 'ofport', 'error')
  expect(options).toMatch(/dst_port="4790", exts=gpe.*packet_type=legacy_l3/)
  expect(options).toMatch(new RegExp(`^${one.handle.facts.gpeOfport}$`, 'm'))
  expect([...one.handle.ourPorts()].map(({ name }) => name).sort()).toEqual(devices().sort())
})

it('makes a device itself, with the address that is wanted, and takes it away again', async () => {
  await apply(planSwitch([], [want('heddle0', { internalMac: nodeMac, mtu: 1400 })], one.handle))
  const link = async () => (await one.node.exec(['ip', '-o', 'link', 'show', 'heddle0'])).stdout
  await vi.waitFor(
    () => expect(one.handle.port('heddle0')).toMatchObject({ ours: true, linkDown: true }),
    5_000,
  )
  expect(await link()).toContain(`link/ether ${printMac(nodeMac)}`)
  expect(await link()).toContain('mtu 1400')
  expect(planSwitch([], [want('heddle0', { internalMac: nodeMac, mtu: 1400 })], one.handle).addPorts).toEqual(
    [],
  )
  await apply(planSwitch([], [want('heddle0', { internalMac: nodeMac + 1, mtu: 1400 })], one.handle))
  await vi.waitFor(async () => expect(await link()).toContain(printMac(nodeMac + 1)), { timeout: 5_000 })
  await apply(planSwitch([], [leave('heddle0')], one.handle))
  await vi.waitFor(async () => expect(await link()).toBe(''), { timeout: 5_000 })
})

it('opens the device of a container that went and came back under its name', async () => {
  const plugIn = async (): Promise<void> => {
    await one.node.exec(['ip', 'link', 'add', 'pod0', 'type', 'veth', 'peer', 'name', 'pod0-far'])
    for (const end of ['pod0', 'pod0-far']) await one.node.exec(['ip', 'link', 'set', end, 'up'])
  }
  const wish = want('pod0', { mtu: 1400 })
  const compare = () => apply(planSwitch([], [wish], one.handle))
  await plugIn()
  await compare()
  await vi.waitFor(() => expect(one.handle.port('pod0')).toMatchObject({ linkDown: false, mtu: 1400 }))
  await one.node.exec(['ip', 'link', 'del', 'pod0'])
  await plugIn()
  // The kernel datapath closes the port by itself.
  const goesStale = one.handle.facts.datapathType === 'netdev'
  if (goesStale) await vi.waitFor(() => expect(one.handle.port('pod0')?.stale).toBe(true))
  await vi.waitFor(
    async () => {
      await compare()
      const { ofport, stale, linkDown, mtu } = one.handle.port('pod0') ?? {}
      expect({ isOpen: (ofport ?? 0) > 0, stale, linkDown, mtu }).toEqual({
        isOpen: true,
        stale: undefined,
        linkDown: false,
        mtu: 1400,
      })
    },
    { timeout: 10_000 },
  )
  // As when its endpoint is deleted after the device: the row goes, whatever is left of it.
  await one.node.exec(['ip', 'link', 'del', 'pod0'])
  await apply(planSwitch([], [leave('pod0')], one.handle))
  await vi.waitFor(async () => expect(await one.node.vsctl('list-ports', 'br-int')).not.toContain('pod0'))
})

it('takes the port for LISP routers away and puts it back beside traffic that does not notice', async () => {
  const [a = 0, b = 0] = devices().map(ofportOf)
  const straight = (from: number, to: number) => ({
    table: 0,
    priority: 5,
    match: { in_port: from },
    actions: [output(to)],
  })
  await hold(endpoint, [straight(a, b), straight(b, a)])
  const ping = h1?.exec(['ping', '-c', '300', '-i', '0.01', '-W', '1', '10.0.0.2'])
  await one.reopen({})
  await vi.waitFor(async () =>
    expect(await one.node.vsctl('list-ports', 'br-int')).not.toContain('heddle-gpe'),
  )
  expect(one.handle.facts.gpeOfport).toBeUndefined()
  await one.reopen({ gpe })
  await vi.waitFor(() => expect(one.handle.facts.gpeOfport).toBeGreaterThan(0), { timeout: 5_000 })
  expect((await ping)?.stdout).toContain('300 packets transmitted, 300 received')
  expect(devices().map(ofportOf)).toEqual([a, b])
  expect(one.drift).toEqual([])
})
