/**
 * Requests under way: their waiting ends when their client leaves, and when the server closes. The server then closes as
 * soon as the last answer is out, whatever connections clients keep open for later.
 */
import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Clock } from '#link/clock.js'

export interface InFlight {
  /** Aborted when nobody waits for this answer any more, or nobody should. */
  signalOf(reply: FastifyReply): AbortSignal
}

/** Milliseconds that the answers under way have when the server closes. */
const graceMs = 5_000

export const trackInFlight = (app: FastifyInstance, clock: Clock): InFlight => {
  const answers = new Map<ServerResponse, AbortController | undefined>()
  let closing = false
  const closeIfDone = (): void => {
    if (closing && answers.size === 0) app.server.closeAllConnections()
  }
  app.addHook('onRequest', (_request, { raw }, done) => {
    answers.set(raw, undefined)
    raw.once('close', () => {
      answers.get(raw)?.abort()
      answers.delete(raw)
      closeIfDone()
    })
    done()
  })
  app.addHook('preClose', (done) => {
    closing = true
    for (const waiting of answers.values()) waiting?.abort()
    if (app.server.listening) {
      app.server.once(
        'close',
        clock.schedule(graceMs, () => app.server.closeAllConnections()),
      )
    }
    closeIfDone()
    done()
  })
  return {
    signalOf: ({ raw }) => {
      const controller = answers.get(raw) ?? new AbortController()
      answers.set(raw, controller)
      if (closing) controller.abort()
      return controller.signal
    },
  }
}
