/** The client's life with a scripted server, over transports in memory and a clock that the test moves. */
import { describe, expect, it } from 'vitest'
import { Gate } from '#link/gate.js'
import { type MemoryPair, memoryPair } from '#link/memory.js'
import { seededRandom } from '#link/random.js'
import { type ClientOptions, OvsdbClient } from '#ovsdb/client.js'
import { string } from '#ovsdb/columns.js'
import type { Json } from '#ovsdb/json.js'
import { comment } from '#ovsdb/operations.js'
import { type Method, Session } from '#ovsdb/session.js'
import { table } from '#ovsdb/tables.js'
import { VirtualClock } from '../../fake/virtual-clock.js'

const port = table('Port', { name: string })
const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const schema = { name: 'Test', tables: { Port: { columns: { name: { type: 'string' } } } } }
const unknown: Method = () => {
  throw new Error('unknown method')
}
const never: Method = () => new Promise<Json>(() => {})

/** A server from before Open vSwitch 2.6, which knows RFC 7047 and no more. */
const rfc7047: Readonly<Record<string, Method>> = {
  get_schema: ([name]) => {
    if (name === 'Test') return schema
    throw new Error('unknown database')
  },
  set_db_change_aware: unknown,
  monitor_cond_since: unknown,
  monitor_cond: unknown,
  monitor: () => ({ Port: { [id(1)]: { new: { name: 'p1' } } } }),
}

/** A client that dials a server with these methods; each connection's far end is kept. */
const dialled = (
  methods: Readonly<Record<string, Method>>,
  clock = new VirtualClock(),
  options: Pick<ClientOptions, 'gate'> = {},
) => {
  const random = seededRandom(1)
  const links: { readonly pair: MemoryPair; readonly server: Session }[] = []
  const states: string[] = []
  const dial = async () => {
    const pair = memoryPair({ clock, delayMs: 1 })
    links.push({ pair, server: new Session(pair.ends[1], { methods }) })
    return pair.ends[0]
  }
  const client = OvsdbClient.dial([dial], { clock, random, database: 'Test', tables: [port], ...options })
  client.onState((state) =>
    states.push(`${clock.now()} ${state.state}${'error' in state ? `: ${state.error?.message}` : ''}`),
  )
  return { clock, client, links, states, last: () => links.at(-1) }
}

describe('client', () => {
  it('makes do with a server that knows RFC 7047 alone', async () => {
    const { clock, client, last } = dialled(rfc7047)
    await clock.run(50)
    expect(client.state).toMatchObject({ state: 'synced', method: 'monitor' })
    last()?.server.notify('update', ['Test', { Port: { [id(2)]: { new: { name: 'p2' } } } }])
    await clock.run(5)
    expect([...client.replica.table(port).rows()].map(({ name }) => name)).toEqual(['p1', 'p2'])
    client.close()
    await clock.run(5)
    expect(clock.pending).toBe(0)
  })

  it('falls back to monitor_cond where there is no monitor_cond_since', async () => {
    const asked: Json[] = []
    const methods = {
      ...rfc7047,
      monitor_cond: (params: readonly Json[]) => {
        asked.push([...params])
        return { Port: { [id(1)]: { initial: {} } } }
      },
    }
    const { clock, client, last } = dialled(methods)
    await clock.run(50)
    expect(client.state).toMatchObject({ state: 'synced', method: 'monitor_cond' })
    expect(asked).toEqual([['Test', 'Test', { Port: [{ columns: ['name'] }] }]])
    last()?.server.notify('update2', ['Test', { Port: { [id(1)]: { modify: { name: 'p1' } } } }])
    await clock.run(5)
    expect(client.replica.table(port).one('name', 'p1')).toEqual({ _uuid: id(1), name: 'p1' })
    client.close()
  })

  it('keeps the order of the wire when news follow the reply at once', async () => {
    const methods = {
      ...rfc7047,
      monitor: () => {
        queueMicrotask(() =>
          last()?.server.notify('update', ['Test', { Port: { [id(1)]: { old: { name: 'p1' } } } }]),
        )
        return { Port: { [id(1)]: { new: { name: 'p1' } } } }
      },
    }
    const { clock, client, last } = dialled(methods)
    await clock.run(50)
    expect(client.state.state).toBe('synced')
    expect(client.replica.table(port).size).toBe(0)
    client.close()
  })

  it('drops a server whose news do not fit, and loads everything again', async () => {
    const { clock, client, links, states } = dialled(rfc7047)
    await clock.run(50)
    links[0]?.server.notify('update', ['Test', { Port: { [id(1)]: { old: {}, new: { name: 7 } } } }])
    await clock.run(1_000)
    expect(states.filter((state) => state.includes('waiting'))).toEqual([
      expect.stringMatching(/waiting: .*Port.name: 7 is no string/),
    ])
    expect(links).toHaveLength(2)
    expect(client.state.state).toBe('synced')
    expect(client.replica.table(port).one('name', 'p1')).toBeDefined()
    client.close()
  })

  it('sends no probe while it waits for the first dump, and gives up after a minute of silence', async () => {
    let echoes = 0
    const echo: Method = (params) => {
      echoes += 1
      return [...params]
    }
    const { clock, client, states } = dialled({ ...rfc7047, monitor: never, echo })
    await clock.run(59_000)
    expect(client.state.state).toBe('loading')
    expect(echoes).toBe(0)
    await clock.run(1_500)
    expect(states.at(-1)).toMatch(/waiting: silence during the initial load/)
    client.close()
  })

  it('loads only when the gate lets it, and leaves the gate when it is gone', async () => {
    const clock = new VirtualClock()
    const gate = new Gate(1)
    const stuck = dialled({ ...rfc7047, monitor: never }, clock, { gate })
    await clock.run(50)
    const next = dialled(rfc7047, clock, { gate })
    await clock.run(50)
    expect([next.client.state.state, gate.inside, gate.waiting]).toEqual(['loading', 1, 1])
    stuck.client.close()
    await clock.run(50)
    expect([next.client.state.state, gate.inside, gate.waiting]).toEqual(['synced', 0, 0])
    next.client.close()
  })

  it('notices a cable that was cut, rejects what was under way, and comes back', async () => {
    const { clock, client, links, states } = dialled({ ...rfc7047, transact: never })
    await clock.run(50)
    const lost = client.transact([comment('x')]).then(
      () => 'answered',
      (error) => error.code,
    )
    links[0]?.pair.cut()
    await clock.run(11_500)
    expect(await lost).toBe('outcome-unknown')
    expect(states.filter((state) => state.includes('waiting'))).toEqual([
      expect.stringContaining('no answer to a probe'),
    ])
    expect(client.state.state).toBe('synced')
    client.close()
  })

  it('rejects what waits for it when it is closed', async () => {
    const { clock, client } = dialled({ get_schema: never })
    const waiting = client.synced().catch((error) => error.code)
    await clock.run(5)
    client.close()
    expect(await waiting).toBe('closed')
    expect(await client.synced().catch((error) => error.code)).toBe('closed')
    await expect(client.transact([comment('x')])).rejects.toMatchObject({ code: 'closed' })
  })

  it('over an accepted connection, ends with it', async () => {
    const clock = new VirtualClock()
    const { ends } = memoryPair({ clock })
    const server = new Session(ends[1], { methods: rfc7047 })
    const client = OvsdbClient.accept(ends[0], {
      clock,
      random: seededRandom(1),
      database: 'Test',
      tables: [port],
    })
    await clock.run(50)
    expect(client.state.state).toBe('synced')
    server.close()
    await clock.run(50)
    expect(client.state).toMatchObject({
      state: 'closed',
      error: { message: 'the peer closed the connection' },
    })
    expect(client.replica.state).toBe('stale')
    expect(clock.pending).toBe(0)
  })

  it('over an accepted connection, gives a silent peer ten seconds', async () => {
    const clock = new VirtualClock()
    const { ends } = memoryPair({ clock })
    ends[1].start({ onData: () => {}, onClose: () => {} })
    const client = OvsdbClient.accept(ends[0], {
      clock,
      random: seededRandom(1),
      database: 'Test',
      tables: [port],
    })
    await clock.run(10_500)
    expect(client.state).toMatchObject({ state: 'closed', error: { code: 'timeout' } })
  })
})
