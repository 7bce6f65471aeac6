/** Events without end: a stream that broke is opened again behind the last event that came, after a pause that grows. */
import { type Clock, sleep } from '#link/clock.js'
import type { Random } from '#link/random.js'
import { ApiError } from './api-error.js'
import type { Client, EventOptions, StreamedEvent } from './client.js'

export interface FollowOptions extends EventOptions {
  readonly clock: Clock
  readonly random: Random
}

/** Milliseconds before the first attempt to come back, and at most. */
const pauseMs = { first: 200, max: 5_000 }

/** Never ends by itself; rejects when it is aborted, or when the controller refuses. */
export async function* followEvents(
  client: Client,
  { clock, random, ...options }: FollowOptions,
): AsyncGenerator<Exclude<StreamedEvent, { kind: 'position' }>, never> {
  let lastEventId = options.lastEventId
  for (let failures = 0; ; failures++) {
    try {
      for await (const streamed of client.events({ ...options, lastEventId })) {
        failures = 0
        if (streamed.kind === 'position') {
          lastEventId = streamed.id
          continue
        }
        if (streamed.kind === 'event') lastEventId = streamed.event.id
        yield streamed
      }
    } catch (error) {
      if (!mayPass(error)) throw error
    }
    const pause = Math.min(pauseMs.max, pauseMs.first * 2 ** failures)
    await sleep(clock, pause * (0.5 + random() / 2), options.signal)
  }
}

/** Whether the same request may be answered later. */
const mayPass = (error: unknown): boolean =>
  error instanceof ApiError && (error.code === 'unreachable' || error.status === 503)
