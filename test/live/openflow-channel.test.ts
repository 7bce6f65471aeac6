/** A channel to a real switch: handshake, requests, bundles of many flows, and who is to blame when one fails. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { gotoTable, output, reservedPorts } from '#openflow/actions.js'
import type { OpenFlowError } from '#openflow/errors.js'
import type { Flow } from '#openflow/flow.js'
import { flowFilter, flowModOf } from '#openflow/messages/flows.js'
import { bridge, type LiveSwitch, startSwitch } from './support/openflow-switch.js'

let live: LiveSwitch
beforeAll(async () => {
  live = await startSwitch('ofchan')
})
afterAll(() => live?.stop())

const flowTo = (index: number): Flow => ({
  table: 0,
  priority: 100,
  match: { tun_id: BigInt(index), in_port: 1 },
  cookie: BigInt(index),
  actions: [output(2)],
})
const add = (flow: Flow) => flowModOf('add', flow)
const everything = { table: 255, priority: 0, match: {}, cookie: 0n, actions: [] }

const dump = async () => (await live.channel.request({ type: 'flow_desc_request', ...flowFilter() })).items
afterEach(() => live.channel.bundle([flowModOf('delete', everything)]))

const failureOf = (promise: Promise<unknown>): Promise<OpenFlowError> =>
  promise.then(
    () => expect.fail('it succeeded'),
    (error: OpenFlowError) => error,
  )

/** Refused when it is read: no flow leads back to its own table. */
const impossible: Flow = { ...flowTo(1), actions: [gotoTable(0)] }
/** Refused when it is carried out, not when it is read. */
const overlapping: Flow = { ...flowTo(1), match: {}, flags: ['check_overlap'] }

describe('requests', () => {
  it('know the switch by its datapath id', async () => {
    const id = (await live.node.vsctl('get', 'Bridge', bridge, 'datapath_id')).trim().replaceAll('"', '')
    expect(live.channel.datapathId.toString(16).padStart(16, '0')).toBe(id)
    expect(live.channel.features.capabilities).toContain('flow_stats')
  })

  it('ask for description, configuration, ports and tables', async () => {
    const { manufacturer } = await live.channel.request({ type: 'desc_request' })
    expect(manufacturer).toBe('Nicira, Inc.')
    const ports = await live.channel.request({ type: 'port_desc_request', portNo: reservedPorts.any })
    expect(ports.items.map(({ name }) => name)).toEqual([bridge])
    const counted = await live.channel.request({ type: 'port_stats_request', portNo: reservedPorts.any })
    expect(counted.items.map(({ portNo }) => portNo)).toEqual([reservedPorts.local])
    const tables = await live.channel.request({ type: 'table_stats_request' })
    expect(tables.items).toHaveLength(254)
    const described = await live.channel.request({ type: 'table_desc_request' })
    expect(described.items).toHaveLength(254)
    const features = await live.channel.request({ type: 'table_features_request', items: [] })
    expect(features.items).toHaveLength(254)
    expect((await live.channel.request({ type: 'get_config_request' })).missSendLength).toBe(128)
  })

  it('take the role of the primary controller, once for each election', async () => {
    const ask = (generationId: bigint) =>
      live.channel.request({ type: 'role_request', role: 'primary', shortId: 0xffff, generationId })
    expect((await ask(5n)).role).toBe('primary')
    const error = await failureOf(ask(4n))
    expect(error).toMatchObject({ code: 'rejected', peer: { name: 'OFPRRFC_STALE' } })
  })

  it('read back which asynchronous messages they asked for', async () => {
    live.channel.send({ type: 'set_async', properties: [{ type: 'packet_in_primary', mask: 0b11 }] })
    const { properties } = await live.channel.request({ type: 'get_async_request' })
    expect(properties).toContainEqual({ type: 'packet_in_primary', mask: 0b11 })
  })

  it('report what the switch does not know', async () => {
    const error = await failureOf(live.channel.request({ type: 'controller_status_request' }))
    expect(error).toMatchObject({ code: 'rejected', peer: { name: 'OFPBRC_BAD_STAT' } })
  })
})

describe('bundles', () => {
  it('add 10,000 flows that a list then has, and remove them', async () => {
    const flows = Array.from({ length: 10_000 }, (_, index) => flowTo(index))
    await live.channel.bundle(flows.map(add))
    const found = await dump()
    expect(found).toHaveLength(10_000)
    const byCookie = new Map(found.map(({ flow }) => [flow.cookie, flow]))
    for (const flow of flows) expect(byCookie.get(flow.cookie)).toEqual(flow)
    const counted = await live.channel.request({ type: 'aggregate_request', ...flowFilter() })
    expect(counted.stats.flowCount).toBe(10_000)
  })

  it('are named the message that cannot be read, and change nothing', async () => {
    const error = await failureOf(live.channel.bundle([add(flowTo(1)), add(flowTo(2)), add(impossible)]))
    expect(error).toMatchObject({ code: 'rejected', index: 2, peer: { name: 'OFPBIC_BAD_TABLE_ID' } })
    expect(await dump()).toEqual([])
  })

  it('are named the message that cannot be carried out, and change nothing', async () => {
    const error = await failureOf(
      live.channel.bundle([add(flowTo(1)), add(flowTo(2)), add(overlapping), add(flowTo(3))]),
    )
    expect(error).toMatchObject({ code: 'rejected', index: 2, peer: { name: 'OFPFMFC_OVERLAP' } })
    expect(await dump()).toEqual([])
  })

  it('committed at once leave out what cannot be read, and say which', async () => {
    const mods = [add(flowTo(1)), add(impossible), add(flowTo(2))]
    const error = await failureOf(live.channel.bundle(mods, { commit: 'at-once' }))
    expect(error).toMatchObject({ code: 'partly-rejected', index: 1, peer: { name: 'OFPBIC_BAD_TABLE_ID' } })
    expect(await dump()).toHaveLength(2)
  })

  it('committed at once change nothing where a message cannot be carried out', async () => {
    const mods = [add(flowTo(1)), add(overlapping)]
    const error = await failureOf(live.channel.bundle(mods, { commit: 'at-once' }))
    expect(error).toMatchObject({ code: 'rejected', index: 1, peer: { name: 'OFPFMFC_OVERLAP' } })
    expect(await dump()).toEqual([])
    await live.channel.bundle([add(flowTo(3))], { commit: 'at-once' })
    expect(await dump()).toHaveLength(1)
  })

  it('go on after one has failed, and side by side', async () => {
    const outcomes = await Promise.allSettled([
      live.channel.bundle([add(flowTo(1))]),
      live.channel.bundle([add(impossible)]),
      live.channel.bundle([add(flowTo(2)), add(flowTo(3))]),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await dump()).toHaveLength(3)
  })

  it('have no room for a message that does not fit, and say which', async () => {
    const error = await failureOf(
      live.channel.bundle([add(flowTo(1)), add({ ...flowTo(2), priority: 70_000 })]),
    )
    expect(error).toMatchObject({ code: 'unencodable', index: 1 })
    expect(await dump()).toEqual([])
  })

  it('may be empty', () => expect(live.channel.bundle([])).resolves.toBeUndefined())
})

describe('batches', () => {
  it('carry out what can be, and name the first that cannot', async () => {
    const error = await failureOf(live.channel.batch([add(flowTo(1)), add(impossible), add(flowTo(2))]))
    expect(error).toMatchObject({ code: 'rejected', index: 1, peer: { name: 'OFPBIC_BAD_TABLE_ID' } })
    expect(await dump()).toHaveLength(2)
    await expect(live.channel.batch([add(flowTo(3))])).resolves.toBeUndefined()
  })

  it('and single messages whose refusal nobody waits for', async () => {
    live.events.length = 0
    live.channel.send(add(impossible))
    await live.channel.barrier()
    expect(live.events).toMatchObject([{ type: 'error', error: { name: 'OFPBIC_BAD_TABLE_ID' } }])
  })
})
