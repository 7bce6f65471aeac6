/** A session may play the server as well: it answers the methods that it is given. */
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { TransportEvents } from '#link/transport.js'
import type { Json } from '#ovsdb/json.js'
import { Session } from '#ovsdb/session.js'

test('methods of ours answer the peer, and what they throw is the error', async () => {
  const sent: Json[] = []
  let events: TransportEvents | undefined
  const session = new Session(
    {
      peer: 'unix:peer',
      queuedBytes: 0,
      start: (given) => {
        events = given
      },
      write: (data) => sent.push(JSON.parse(Buffer.from(data).toString())) > 0,
      pause: () => undefined,
      resume: () => undefined,
      close: () => undefined,
    },
    {
      methods: {
        list_dbs: () => ['db'],
        fail: () => {
          throw new Error('not today')
        },
      },
    },
  )
  events?.onData(Buffer.from('{"method":"list_dbs","params":[],"id":1}{"method":"fail","params":[],"id":2}'))
  await setImmediate()
  expect(session.state).toBe('open')
  expect(sent).toHaveLength(2)
  expect(sent).toContainEqual({ result: ['db'], error: null, id: 1 })
  expect(sent).toContainEqual({ result: null, error: 'not today', id: 2 })
})
