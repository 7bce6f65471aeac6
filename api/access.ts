/** What happens to every request before and after its route: its id, its bearer, the log's line. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { FabricError } from '#model/error.js'
import type { Logger } from '#model/logger.js'
import { bearerOf, type Tokens } from './tokens.js'

const reading = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Names every request, asks it for a token when there are tokens, and logs it: a change with one line, reading for debugging. */
export const watchAccess = (app: FastifyInstance, logger: Logger, tokens: Tokens | undefined): void => {
  app.decorateRequest('by', 'anonymous')
  app.decorateRequest('failure', undefined)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    reply.header('x-content-type-options', 'nosniff')
    if (tokens === undefined || request.routeOptions.config.open === true) {
      done()
      return
    }
    const bearer = bearerOf(tokens, request.headers.authorization)
    if (bearer !== undefined) request.by = bearer
    done(bearer === undefined ? new FabricError('unauthorized', missing(request)) : undefined)
  })
  app.addHook('onResponse', (request, reply, done) => {
    logAnswer(logger, request, reply)
    done()
  })
}

const missing = (request: FastifyRequest): string =>
  request.headers.authorization === undefined
    ? 'send the header Authorization: Bearer TOKEN'
    : 'the token is not one of those that this controller knows'

const logAnswer = (log: Logger, request: FastifyRequest, reply: FastifyReply): void => {
  const { failure } = request
  const line = {
    requestId: request.id,
    by: request.by,
    method: request.method,
    url: request.url,
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime * 1000) / 1000,
    ...(failure === undefined ? {} : { code: failure.code, detail: failure.message }),
  }
  if (failure?.code === 'internal') log.error({ ...line, err: failure.details.cause }, 'request met a defect')
  else if (reply.statusCode >= 500) log.warn(line, 'request failed')
  else if (reading.has(request.method)) log.debug(line, 'request')
  else log.info(line, 'request')
}
