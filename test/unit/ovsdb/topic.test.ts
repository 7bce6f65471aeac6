/** Monitors and locks tell their news in the order of the wire, although replies are promises and notifications are not. */
import { describe, expect, test } from 'vitest'
import type { Transport, TransportEvents } from '#link/transport.js'
import type { Json } from '#ovsdb/json.js'
import { lock, unlock } from '#ovsdb/locks.js'
import type { MonitorRequest } from '#ovsdb/monitor.js'
import { cancelMonitor, changeConditions, startMonitor } from '#ovsdb/monitoring.js'
import { Session } from '#ovsdb/session.js'
import { Topic } from '#ovsdb/topic.js'

/** A session whose peer is the test. */
const stage = (): {
  session: Session
  sent: Json[]
  receive(...messages: Json[]): void
  errors: unknown[]
} => {
  let events: TransportEvents | undefined
  const sent: Json[] = []
  const errors: unknown[] = []
  const transport: Transport = {
    peer: 'unix:peer',
    queuedBytes: 0,
    start: (given) => {
      events = given
    },
    write: (data) => sent.push(JSON.parse(Buffer.from(data).toString())) > 0,
    pause: () => undefined,
    resume: () => undefined,
    close: (error) => events?.onClose(error),
  }
  const session = new Session(transport, { onClose: (error) => errors.push(error) })
  const receive = (...messages: Json[]): void =>
    events?.onData(Buffer.from(messages.map((m) => JSON.stringify(m)).join('')))
  return { session, sent, receive, errors }
}

const id = '0e5d2b1c-8a7f-4c39-9d1e-2f6b3a4c5d6e'
const request: MonitorRequest = { database: 'db', monitor: 'm', tables: { Port: { columns: ['name'] } } }
const added = { Port: { [id]: { insert: { name: 'x' } } } }

describe('a monitor', () => {
  test('tells its reply before the update that follows in the same chunk', async () => {
    const { session, sent, receive } = stage()
    const told: string[] = []
    const started = startMonitor(session, 'monitor_cond', request, (event) => told.push(event.kind))
    receive(
      { id: 1, result: {}, error: null },
      { method: 'update2', params: ['m', added], id: null },
      { method: 'update2', params: ['m', added], id: null },
      { method: 'monitor_canceled', params: ['m'], id: null },
    )
    expect(told).toEqual([])
    await started
    expect(told).toEqual(['reply', 'update', 'update', 'canceled'])
    expect(sent).toEqual([
      { method: 'monitor_cond', params: ['db', 'm', { Port: [{ columns: ['name'] }] }], id: 1 },
    ])
  })

  test('tells nothing after it was canceled, and nothing when it was refused', async () => {
    const { session, receive, sent } = stage()
    const told: unknown[] = []
    const started = startMonitor(session, 'monitor_cond', request, (event) => told.push(event))
    receive({ id: 1, result: null, error: { error: 'unknown method' } })
    await expect(started).rejects.toMatchObject({ code: 'unknown-method' })
    receive({ method: 'update2', params: ['m', added], id: null })
    const again = startMonitor(session, 'monitor', request, (event) => told.push(event))
    receive({ id: 2, result: {}, error: null })
    await again
    expect(told).toHaveLength(1)
    const canceled = cancelMonitor(session, 'm')
    receive({ method: 'update', params: ['m', {}], id: null }, { id: 3, result: {}, error: null })
    await canceled
    expect(told).toHaveLength(1)
    expect(sent.at(-1)).toEqual({ method: 'monitor_cancel', params: ['m'], id: 3 })
  })

  test('whose update is malformed ends the session', async () => {
    const { session, receive, errors } = stage()
    const started = startMonitor(session, 'monitor_cond', request, () => undefined)
    receive({ id: 1, result: {}, error: null })
    await started
    receive({ method: 'update2', params: ['m', []], id: null })
    expect(session.state).toBe('closed')
    expect(errors).toEqual([expect.objectContaining({ code: 'malformed-message' })])
  })

  test('changes its conditions under its own name', async () => {
    const { session, receive, sent } = stage()
    const changed = changeConditions(session, 'm', { Port: [['name', '==', 'x']] })
    receive({ id: 1, result: {}, error: null })
    await changed
    const where = { Port: [{ where: [['name', '==', 'x']] }] }
    expect(sent).toEqual([{ method: 'monitor_cond_change', params: ['m', 'm', where], id: 1 }])
  })
})

describe('a lock', () => {
  test('that is granted right behind the reply ends up granted', async () => {
    const { session, sent, receive } = stage()
    const states: string[] = []
    const asked = lock(session, 'l', (state) => states.push(state))
    receive({ id: 1, result: { locked: false }, error: null }, { method: 'locked', params: ['l'], id: null })
    await asked
    expect(states).toEqual(['waiting', 'locked'])
    receive({ method: 'stolen', params: ['l'], id: null }, { method: 'locked', params: ['other'], id: null })
    expect(states).toEqual(['waiting', 'locked', 'stolen'])
    const given = unlock(session, 'l')
    receive({ method: 'locked', params: ['l'], id: null }, { id: 2, result: {}, error: null })
    await given
    expect(states).toHaveLength(3)
    expect(sent).toEqual([
      { method: 'lock', params: ['l'], id: 1 },
      { method: 'unlock', params: ['l'], id: 2 },
    ])
  })

  test('whose reply is no reply is refused', async () => {
    const { session, receive } = stage()
    const asked = lock(session, 'l', () => undefined)
    receive({ id: 1, result: {}, error: null })
    await expect(asked).rejects.toMatchObject({ code: 'malformed-message' })
  })
})

describe('a topic', () => {
  test('holds no more than a thousand events', () => {
    const topic = new Topic<number>(() => undefined)
    for (let event = 0; event < 1000; event += 1) topic.deliver(event)
    expect(() => topic.deliver(1000)).toThrow(expect.objectContaining({ code: 'malformed-message' }))
  })
})
