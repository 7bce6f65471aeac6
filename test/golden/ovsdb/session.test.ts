/** Sessions against transcripts that a person can read: test/golden/ovsdb/session.txt. */
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Transport, TransportEvents } from '#link/transport.js'
import { OvsdbError } from '#ovsdb/errors.js'
import { printJson } from '#ovsdb/json.js'
import { Session } from '#ovsdb/session.js'
import { readGolden } from './golden.js'

const describeError = (error: unknown): string =>
  error instanceof OvsdbError ? `${error.code}: ${error.message}` : String(error)

/** One session, whose doings are written down. */
class Stage {
  readonly log: string[] = []
  readonly session: Session
  readonly #aborts: AbortController[] = []
  #events: TransportEvents | undefined
  #full = false

  constructor() {
    const transport: Transport = {
      peer: 'unix:peer',
      queuedBytes: 0,
      start: (events) => {
        this.#events = events
      },
      write: (data) => {
        this.log.push(`> ${Buffer.from(data)}`)
        return !this.#full
      },
      pause: () => undefined,
      resume: () => undefined,
      close: (error) => this.#events?.onClose(error),
    }
    this.session = new Session(transport, {
      outstandingMax: 3,
      onClose: (error) => this.log.push(error === undefined ? 'closed' : `closed ${describeError(error)}`),
    })
  }

  happen(line: string): void {
    const [word = '', first = '', ...rest] = line.split(' ')
    if (word === '<') this.#events?.onData(Buffer.from(line.slice(2)))
    else if (word === 'request') this.#request(first, JSON.parse(rest.join(' ')))
    else if (word === 'notify') this.session.notify(first, JSON.parse(rest.join(' ')))
    else if (word === 'subscribe') this.#subscribe(first, JSON.parse(rest.join(' ')))
    else if (word === 'unsubscribe') this.session.unsubscribe(first, JSON.parse(rest.join(' ')))
    else if (word === 'abort') this.#aborts[Number(first) - 1]?.abort()
    else if (line === 'the peer closes') this.#events?.onClose()
    else if (line === 'the peer is full') this.#full = true
    else if (line === 'we close') this.session.close(new OvsdbError('inactive', 'no answer to the probe'))
    else throw new Error(`the transcript says ${line}`)
  }

  #request(method: string, params: readonly []): void {
    const abort = new AbortController()
    const number = this.#aborts.push(abort)
    this.session.request(method, params, { signal: abort.signal }).then(
      (result) => this.log.push(`${number} resolved ${printJson(result)}`),
      (error: unknown) => this.log.push(`${number} rejected ${describeError(error)}`),
    )
  }

  #subscribe(method: string, subject: string): void {
    this.session.subscribe(method, subject, (params) => {
      this.log.push(`told ${method} ${printJson(params)}`)
      if (subject === 'bad') throw new OvsdbError('bad-value', 'the subscriber cannot go on')
    })
  }
}

/** Plays the lines at the margin and writes below each what followed. */
const replay = async (transcript: string): Promise<string> => {
  const lines: string[] = []
  let stage = new Stage()
  for (const line of transcript.split('\n').filter((text) => !text.startsWith('  '))) {
    lines.push(line)
    if (line === '') stage = new Stage()
    else if (!line.startsWith('#')) {
      stage.happen(line)
      await setImmediate()
      lines.push(...stage.log.splice(0).map((text) => `  ${text}`))
    }
  }
  return lines.join('\n')
}

test('sessions do what the transcripts say', async () => {
  const golden = readGolden('session.txt')
  expect(await replay(golden)).toBe(golden)
})
