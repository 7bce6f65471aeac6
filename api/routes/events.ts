/** `/v1/events`: every change of state as server-sent events, resumed by the id of the last one that was read. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Clock } from '#link/clock.js'
import { FabricError } from '#model/error.js'
import type { FabricEvent as ModelEvent } from '#model/event.js'
import type { Logger } from '#model/logger.js'
import { EventStream, eventText } from '../event-stream.js'
import type { Fabric } from '../fabric.js'
import type { RestApp } from '../rest-app.js'

const fabricEvent = z
  .object({
    id: z.string(),
    at: z.iso.datetime(),
    type: z.string().describe('As the `event` line: `link-up`, `node-offline`, …'),
    object: z.string().describe('`link blue`, `node n1`'),
    message: z.string(),
    data: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'FabricEvent' })
export type FabricEvent = z.infer<typeof fabricEvent>

/** Ids of events are short; this only keeps nonsense out. */
const eventId = z.string().max(128)

export interface EventOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** Readers at once. */
  readonly readersMax: number
  /** Events that may wait for one reader. */
  readonly queueEventsMax: number
  readonly heartbeatMs: number
}

const head = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // nginx would keep events back
  'x-accel-buffering': 'no',
  connection: 'close',
}

const missing = eventText({
  event: 'reset',
  data: { message: 'Events are missing here: read the state again.' },
})

/**
 * Where a reader begins: how soon it may come back, whether it has missed something for good, and for a reader that is new
 * from where it may resume before it has read anything.
 */
const opening = (
  last: string | undefined,
  { reset, position }: { reset: boolean; position: string },
): string => {
  const place = last === undefined ? eventText({ id: position, event: 'position', data: {} }) : ''
  return `retry: 1000\n\n${reset ? missing : ''}${place}`
}

const eventOf = ({ id, at, type, object, message, data }: ModelEvent): FabricEvent => ({
  id,
  at: new Date(at).toISOString(),
  type,
  object,
  message,
  ...(data === undefined ? {} : { data }),
})

/** Adds the route of events. */
export const addEvents = (app: RestApp, fabric: Fabric, options: EventOptions): void => {
  const { clock, logger } = options
  const streams = new Set<EventStream>()
  app.addHook('preClose', (done) => {
    for (const stream of streams) stream.close()
    done()
  })
  app.get(
    '/v1/events',
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['events'],
        operationId: 'streamEvents',
        summary: 'Every change of state, as server-sent events',
        description:
          'The header Last-Event-ID (or `lastEventId`) resumes behind that event. An event `reset` comes first when events in between are gone: read the state again then. A reader that is new gets an event `position`, whose id it may resume from.',
        headers: z.looseObject({ 'last-event-id': eventId.optional() }),
        querystring: z.strictObject({ lastEventId: eventId.optional() }),
        response: { 200: { content: { 'text/event-stream': { schema: fabricEvent } } } },
      },
    },
    (request, reply) => {
      if (streams.size >= options.readersMax) {
        throw new FabricError('overloaded', `${options.readersMax} readers of events are there already`)
      }
      const last = request.headers['last-event-id'] ?? request.query.lastEventId
      stream(request, reply, last)
    },
  )

  const stream = (request: FastifyRequest, reply: FastifyReply, last: string | undefined): void => {
    const begun = clock.now()
    const events = new EventStream({
      ...options,
      response: reply.raw,
      onClose: (reason) => {
        subscription.stop()
        streams.delete(events)
        const ms = Math.round(clock.now() - begun)
        logger.info({ requestId: request.id, by: request.by, reason, ms }, 'event stream ended')
      },
    })
    const subscription = fabric.subscribe(last, (event) =>
      events.deliver({ id: event.id, event: event.type, data: eventOf(event) }),
    )
    reply.hijack()
    reply.raw.writeHead(200, { ...head, 'x-request-id': request.id })
    streams.add(events)
    events.open(opening(last, subscription))
  }
}
