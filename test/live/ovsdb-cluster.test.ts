/** A RAFT cluster of three real servers: the leader only, a leader that dies, history that a client goes on from. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { OvsdbClient } from '#ovsdb/client.js'
import type { MonitorReply } from '#ovsdb/monitor.js'
import { noTransaction } from '#ovsdb/monitor.js'
import { startMonitor } from '#ovsdb/monitoring.js'
import * as op from '#ovsdb/operations.js'
import { item, itemsDatabase, itemsSchema, itemTables } from './support/items.js'
import { clientSettings, dialTo, openClient, openSession, stateOf } from './support/ovsdb-client.js'
import { type OvsdbServer, startCluster } from './support/ovsdb-server.js'

let servers: OvsdbServer[] = []

beforeAll(async () => {
  servers = await startCluster(3, itemsSchema)
})
afterAll(() => Promise.all(servers.map((server) => server.remove())))

const items = { database: itemsDatabase }

/** Servers sorted so that the present leader is first. */
const byRole = async (): Promise<{ leader: OvsdbServer; followers: OvsdbServer[] }> => {
  const leads = (server: OvsdbServer): boolean =>
    /Leader: self/.test(server.control('cluster/status', itemsDatabase))
  await expect.poll(() => servers.filter(leads).length, { timeout: 20_000 }).toBe(1)
  const leader = servers.find(leads)
  if (leader === undefined) throw new Error('the leader has just gone')
  return { leader, followers: servers.filter((server) => server !== leader) }
}

describe('a cluster', () => {
  it('finds the leader among its members, and says why the others do not do', async () => {
    const { leader, followers } = await byRole()
    const client = await openClient(
      servers.map((server) => dialTo(server.target)),
      itemTables,
      items,
    )
    expect(client.state).toMatchObject({ state: 'synced', peer: { peer: leader.target } })
    const [follower] = followers
    const misled = OvsdbClient.dial([dialTo(follower?.target ?? '')], clientSettings(itemTables, items))
    onTestFinished(() => misled.close())
    expect((await stateOf(misled, 'waiting')).error).toMatchObject({ code: 'not-leader' })
  })

  it('reads from a follower where the caller allows it', async () => {
    const { leader, followers } = await byRole()
    const writer = await openClient(leader.target, [], items)
    const reader = await openClient(followers[0]?.target ?? '', itemTables, { ...items, leaderOnly: false })
    await writer.transact([op.insert(item, { name: 'through the log' })])
    await expect.poll(() => reader.replica.table(item).one('name', 'through the log')).toBeDefined()
  })

  it('is sent only what came after the last transaction, by another member too', async () => {
    const { leader, followers } = await byRole()
    const writer = await openClient(leader.target, [], items)
    await writer.transact([op.insert(item, { name: 'early' })])
    const follow = async (server: OvsdbServer, lastTransaction = noTransaction): Promise<MonitorReply> => {
      const replies: MonitorReply[] = []
      const tables = { Item: { columns: ['name'] } }
      const request = { database: itemsDatabase, monitor: 'm', tables, lastTransaction }
      await startMonitor(await openSession(server.target), 'monitor_cond_since', request, (event) => {
        if (event.kind === 'reply') replies.push(event.reply)
      })
      return replies[0] ?? { since: false, tables: [] }
    }
    const first = await follow(leader)
    expect(first.since).toBe(false)
    await writer.transact([op.insert(item, { name: 'later' })])
    await expect
      .poll(async () => {
        const next = await follow(followers[0] ?? leader, first.lastTransaction)
        return [next.since, next.tables[0]?.rows.length]
      })
      .toEqual([true, 1])
  })

  it('moves on when the leader dies, loses nothing acknowledged and repeats no report', async () => {
    const { leader } = await byRole()
    const client = await openClient(
      servers.map((server) => dialTo(server.target)),
      itemTables,
      items,
    )
    await client.transact([op.insert(item, { name: 'acknowledged' })])
    await expect.poll(() => client.replica.table(item).one('name', 'acknowledged')).toBeDefined()
    const seen: string[] = []
    client.replica.onChange((changes) => seen.push(...changes.map(({ uuid }) => uuid)))
    const lost = stateOf(client, 'waiting')
    await leader.stop('SIGKILL')
    await lost
    await client.synced(AbortSignal.timeout(30_000))
    expect(client.replica.table(item).one('name', 'acknowledged')).toBeDefined()
    expect(seen).toEqual([])
    const [id] = await client.transact([op.insert(item, { name: 'after' })])
    await expect.poll(() => seen).toEqual([id])
    await leader.start()
  })

  it('leaves a leader that steps down', async () => {
    const { leader } = await byRole()
    const client = await openClient(
      servers.map((server) => dialTo(server.target)),
      itemTables,
      items,
    )
    const lost = stateOf(client, 'waiting')
    const others = servers.filter((server) => server !== leader)
    await Promise.all(others.map((server) => server.stop('SIGKILL')))
    const { error } = await lost
    expect(error).toMatchObject({ name: 'OvsdbError' })
    expect(['not-leader', 'unfit-server']).toContain('code' in error ? error.code : undefined)
    await Promise.all(others.map((server) => server.start()))
    await client.synced(AbortSignal.timeout(30_000))
  })
})
