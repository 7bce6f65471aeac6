/** Every failure leaves here as a problem document, whoever noticed it: a route, Fastify, or Node's HTTP parser. */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, errorText, FabricError } from '#model/error.js'
import { methodTable } from './method-table.js'
import { problemMediaType, problemOf } from './problem.js'

/** Fastify's own errors that have a code of ours. */
const codeOfFastify: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_NOT_FOUND: 'not-found',
}

/** Answers the failures of `app`: thrown errors, unknown paths, methods that a path does not have. */
export const answerFailures = (app: FastifyInstance): void => {
  const methods = methodTable(app)
  app.setErrorHandler((error, request, reply) => sendFailure(error, request, reply))
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.replace(/\?.*$/, '')
    const known = methods.allowed(path)
    // A route that has the method and still does not know the path: a file that is not there.
    const allowed = known.includes(request.method) ? [] : known
    if (allowed.length > 0) reply.header('allow', allowed.join(', '))
    const what = `${request.method} ${path.slice(0, 200)}`
    return sendFailure(
      allowed.length > 0
        ? new FabricError('method-not-allowed', `there is no ${what}; there is ${allowed.join(', ')}`)
        : new FabricError('not-found', `there is no ${what}`),
      request,
      reply,
    )
  })
}

/** Answers with the problem document of an error and leaves the failure for the log. */
export const sendFailure = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const failure = failureOf(error)
  request.failure = failure
  if (failure.code === 'unauthorized') reply.header('www-authenticate', 'Bearer realm="heddle"')
  if (failure.status === 503) reply.header('retry-after', '1')
  return (
    reply
      .code(failure.status)
      .header('x-request-id', request.id)
      .type(problemMediaType)
      // As bytes: Fastify would add a charset to text, which the media type does not have.
      .send(Buffer.from(JSON.stringify(problemOf(failure, request.id))))
  )
}

/** Anything that was thrown as an error of the table. What nobody foresaw is a defect of ours. */
export const failureOf = (error: unknown): FabricError => {
  if (error instanceof FabricError) return error
  if (error instanceof Error && 'statusCode' in error && 'code' in error) {
    const { code, statusCode, message } = error
    const known = codeOfFastify[String(code)]
    if (known !== undefined) return new FabricError(known, message, { cause: error })
    if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
      return new FabricError(statusCode === 404 ? 'not-found' : 'invalid-request', message, { cause: error })
    }
  }
  return new FabricError('internal', errorText(error), { cause: error })
}

/** What Node's HTTP parser says, in words for whoever sent it: [HTTP status, detail]. */
const parserFailures: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request did not arrive in time'],
  HPE_HEADER_OVERFLOW: [431, 'the header is too large'],
}

/** Answers what is not HTTP at all, and closes: nothing after it can be understood. */
export const answerParserFailure = (
  error: NodeJS.ErrnoException,
  socket: Socket,
  requestId: string,
): void => {
  if (socket.destroyed || error.code === 'ECONNRESET') return
  const [status, detail] = parserFailures[error.code ?? ''] ?? [400, 'this is not an HTTP request']
  const document = problemOf(new FabricError('invalid-request', detail), requestId)
  const body = JSON.stringify({ ...document, status })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `content-type: ${problemMediaType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'connection: close',
  ]
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroy()
}
