/** A change as the fabric wants it: who asks, how long they wait, and a signal that ends the waiting early. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '#link/clock.js'
import type { Request } from './fabric.js'
import type { InFlight } from './in-flight.js'

/** The fabric's view of a request; `waitMs` 0 where the route does not wait. */
export type ChangeOf = (request: FastifyRequest, reply: FastifyReply, waitMs: number) => Request

export const changes =
  (clock: Clock, inFlight: InFlight): ChangeOf =>
  (request, reply, waitMs) => {
    const provenance = { requestId: request.id, by: request.by, at: clock.wallTime() }
    return waitMs === 0 ? { provenance, waitMs } : { provenance, waitMs, signal: inFlight.signalOf(reply) }
  }
