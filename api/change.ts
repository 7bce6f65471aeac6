/** A change as the fabric wants it: who asks, how long they wait, and a signal that ends the waiting early. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '#link/clock.js'
import type { Request } from './fabric.js'

/** The fabric's view of a request; `waitMs` 0 where the route does not wait. */
export type ChangeOf = (request: FastifyRequest, reply: FastifyReply, waitMs: number) => Request

/** Waiting ends when its client has gone away, and when the server closes: it then answers with what there is. */
export const changes = (app: FastifyInstance, clock: Clock): ChangeOf => {
  const waiting = new Set<AbortController>()
  app.addHook('preClose', (done) => {
    for (const controller of waiting) controller.abort()
    done()
  })
  return (request, reply, waitMs) => {
    const provenance = { requestId: request.id, by: request.by, at: clock.wallTime() }
    if (waitMs === 0) return { provenance, waitMs }
    const controller = new AbortController()
    waiting.add(controller)
    reply.raw.once('close', () => {
      waiting.delete(controller)
      controller.abort()
    })
    return { provenance, waitMs, signal: controller.signal }
  }
}
