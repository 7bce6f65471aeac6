/** REST, version 1: a Fastify server whose routes translate between JSON and the fabric. It is put together here and nowhere else. */
import Fastify, { type FastifyInstance, LogController } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Clock } from '#link/clock.js'
import type { Random } from '#link/random.js'
import { FabricError } from '#model/error.js'
import type { Logger } from '#model/logger.js'
import { watchAccess } from './access.js'
import { changes } from './change.js'
import type { Fabric } from './fabric.js'
import { answerFailures, answerParserFailure, sendFailure } from './failures.js'
import { fastifyLogger } from './fastify-logger.js'
import { trackInFlight } from './in-flight.js'
import { acceptJson } from './json-body.js'
import type { Mappings } from './mappings.js'
import type { Networks } from './networks.js'
import { noMappings } from './no-mappings.js'
import { describeApi } from './openapi.js'
import { requestIdOf } from './request-id.js'
import type { RestApp } from './rest-app.js'
import { addEndpoints } from './routes/endpoints.js'
import { addEvents } from './routes/events.js'
import { addLeases } from './routes/leases.js'
import { addLinks } from './routes/links.js'
import { addMappings } from './routes/mappings.js'
import { addNetworks } from './routes/networks.js'
import { addNodes } from './routes/nodes.js'
import { addOperations } from './routes/operations.js'
import { addSites } from './routes/sites.js'
import { addTopologies } from './routes/topologies.js'
import type { Tokens } from './tokens.js'
import { compileValidator } from './validation.js'

export interface ServerOptions {
  readonly fabric: Fabric
  /** Absent where the controller runs no mapping system: its routes say so. */
  readonly mappings?: Mappings | undefined
  /** Absent: there are no routes of overlay networks. */
  readonly networks?: Networks | undefined
  readonly logger: Logger
  readonly clock: Clock
  readonly random: Random
  /** Who may do anything at all; absent: everybody. */
  readonly tokens?: Tokens | undefined
  /** Bytes that the body of a topology may have; other bodies have at most 64 KiB. */
  readonly bodyLimit?: number | undefined
  /** Connections at once; more are closed at once. */
  readonly connectionsMax?: number | undefined
  /** Readers of the event stream at once. */
  readonly eventReadersMax?: number | undefined
  /** Events that may wait for one reader. */
  readonly eventQueueMax?: number | undefined
  readonly eventHeartbeatMs?: number | undefined
  /** Milliseconds in which a request must have arrived whole. */
  readonly requestTimeoutMs?: number | undefined
}

const kib = 1024
const smallBodyLimit = 64 * kib

/** Milliseconds without a byte on a connection: longer than the longest wait of a request. */
const silenceMaxMs = 120_000

/** The server, not listening yet: `await server.listen({ host, port })`. `server.close()` ends event streams and waits, then connections. */
export const createServer = (options: ServerOptions): FastifyInstance => {
  const {
    fabric,
    mappings = noMappings,
    networks,
    logger,
    clock,
    tokens,
    bodyLimit = 16 * kib * kib,
  } = options
  const app = createApp(options)
  app.server.maxConnections = options.connectionsMax ?? 1024
  app.setValidatorCompiler(compileValidator)
  // The schemas type what the routes answer; checking it again would cost more than everything else here.
  app.setSerializerCompiler(() => JSON.stringify)
  acceptJson(app)
  watchAccess(app, logger, tokens)
  answerFailures(app)
  const changeOf = changes(clock, trackInFlight(app, clock))
  describeApi(app, tokens !== undefined)
  app.register(async (routes: RestApp) => {
    addLinks(routes, fabric, changeOf)
    addTopologies(routes, fabric, changeOf, bodyLimit)
    addNodes(routes, fabric, changeOf)
    addSites(routes, mappings, changeOf)
    addMappings(routes, mappings, changeOf)
    if (networks !== undefined) {
      addNetworks(routes, networks, changeOf)
      addEndpoints(routes, networks, changeOf)
      addLeases(routes, networks)
    }
    addOperations(routes, fabric)
    addEvents(routes, fabric, {
      clock,
      logger,
      readersMax: options.eventReadersMax ?? 256,
      queueEventsMax: options.eventQueueMax ?? 4096,
      heartbeatMs: options.eventHeartbeatMs ?? 15_000,
    })
  })
  return app
}

const createApp = ({ logger, random, requestTimeoutMs = 30_000 }: ServerOptions): RestApp => {
  const loggerInstance = fastifyLogger(logger)
  return Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: () => loggerInstance,
    genReqId: (request) => requestIdOf(request.headers['x-request-id'], random),
    bodyLimit: smallBodyLimit,
    connectionTimeout: silenceMaxMs,
    requestTimeout: requestTimeoutMs,
    http: {
      headersTimeout: Math.min(15_000, requestTimeoutMs),
      connectionsCheckingInterval: Math.max(100, Math.min(5_000, requestTimeoutMs)),
    },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: (error, request, reply) => {
      sendFailure(new FabricError('invalid-request', error.message, { cause: error }), request, reply)
    },
    clientErrorHandler: (error, socket) => {
      const id = requestIdOf(undefined, random)
      logger.debug({ requestId: id, code: error.code, peer: socket.remoteAddress }, 'not an HTTP request')
      answerParserFailure(error, socket, id)
    },
  }).withTypeProvider<ZodTypeProvider>()
}
