/**
 * The daemon: builds every part from the settings, starts them in order, stops them in the opposite one. The only place where
 * the parts meet, and where the real clock, chance and logger come in.
 */

import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Logger as Pino, pino, stdSerializers } from 'pino'
import { createServer } from '#api/server.js'
import { parseTokens, type Tokens } from '#api/tokens.js'
import type { Config } from '#config'
import { systemClock } from '#link/clock.js'
import type { Credentials } from '#link/credentials.js'
import { dial } from '#link/dial.js'
import type { Dial } from '#link/link-driver.js'
import { secretRandom, systemRandom } from '#link/random.js'
import { parseDialTarget, parseListenTarget } from '#link/targets.js'
import { planPlane } from '#mapping/plan-plane.js'
import { errorText, FabricError } from '#model/error.js'
import type { Logger } from '#model/logger.js'
import type { SwitchDoor } from '#reconcile/switch-handle.js'
import { LocalServer } from '#store/local-server.js'
import { Northbound } from '#store/northbound.js'
import { gpeSettings } from '#switch/settings.js'
import { OvsSwitchDoor } from '#switch/switch-door.js'
import { Controller } from './fabric/controller.js'

const schemaFile = fileURLToPath(new URL('./store/heddle.ovsschema', import.meta.url))

/** V8's collector, which Node.js shows only on request. */
const collectGarbage = (): void => {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
}

/** How long the northbound database may take to answer at the start before the log says so. */
const patienceMs = 10_000

/** pino's methods belong to their object; a `Logger`'s may be passed around. */
const loose = (logger: Pino): Logger => ({
  debug: (fields, message) => logger.debug(fields, message),
  info: (fields, message) => logger.info(fields, message),
  warn: (fields, message) => logger.warn(fields, message),
  error: (fields, message) => logger.error(fields, message),
})

const createLogger = ({ log }: Config): Logger => {
  const pretty = log.pretty === 'always' || (log.pretty === 'auto' && process.stderr.isTTY)
  const options = { level: log.level, base: null, serializers: { err: stdSerializers.err } }
  if (!pretty) return loose(pino(options, pino.destination(2)))
  return loose(
    pino({
      ...options,
      transport: { target: 'pino-pretty', options: { destination: 2, ignore: 'pid,hostname' } },
    }),
  )
}

const readCredentials = async ({ tls }: Config): Promise<Credentials | undefined> => {
  const { privateKey, certificate, ca } = tls
  if (privateKey === undefined || certificate === undefined || ca === undefined) return undefined
  const [key, own, authority] = await Promise.all(
    [privateKey, certificate, ca].map((file) => readFile(file, 'utf8')),
  )
  return { key: key as string, certificate: own as string, ca: authority as string }
}

const readTokens = async ({ auth }: Config): Promise<Tokens | undefined> =>
  auth.tokenFile === undefined ? undefined : parseTokens(await readFile(auth.tokenFile, 'utf8'))

interface StorePlan {
  readonly dials: readonly Dial[]
  readonly place: string
  readonly local?: LocalServer
}

/** An existing database, or one of our own on a local file. */
const planStore = (
  { northbound }: Config,
  logger: Logger,
  credentials: Credentials | undefined,
): StorePlan => {
  if (northbound.target !== undefined) {
    const dials = northbound.target.split(',').map((text): Dial => {
      const target = parseDialTarget(text.trim(), { port: 6641 })
      return (signal) => dial(target, credentials === undefined ? {} : { credentials }, signal)
    })
    return { dials, place: northbound.target }
  }
  const local = new LocalServer({ file: northbound.file, schemaFile, clock: systemClock, logger })
  return { dials: [local.dial], place: northbound.file, local }
}

/** `HOST:PORT`, an IPv6 address in brackets. */
const hostAndPort = (text: string): { host: string; port: number } => {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) }
}

const doorFactory =
  (config: Config, logger: Logger, credentials: Credentials | undefined) =>
  (fabricId: string): SwitchDoor =>
    new OvsSwitchDoor({
      settings: {
        bridge: config.bridge,
        tunnelPort: config.tunnel.portName,
        tunnelUdpPort: config.tunnel.dstPort,
        ...gpeSettings(config),
        datapathType: config.datapathType,
        fabricId,
      },
      ovsdb: config.listen.ovsdb.map((text) => parseListenTarget(text, { port: 6640 })),
      openflow: config.listen.openflow.map((text) => parseListenTarget(text, { port: 6653 })),
      controllerTarget: config.openflow.controllerTarget,
      credentials,
      limits: {
        connectionsMax: config.limits.connections,
        strangersMax: config.limits.unidentifiedConnections,
        queueBytesMax: config.limits.queueBytes,
      },
      clock: systemClock,
      random: systemRandom,
      logger,
      messageBytesMax: config.limits.messageBytes,
    })

/** Something else at the same address is the commonest reason; the way out is a setting. */
const listenOnRest = async (server: ReturnType<typeof createServer>, address: string): Promise<void> => {
  try {
    await server.listen(hostAndPort(address))
  } catch (error) {
    throw new FabricError(
      'internal',
      `REST cannot listen on ${address}: ${errorText(error)}; change listen.rest`,
      { cause: error },
    )
  }
}

/** Whether others see the mapping system: the overlay networks of this fabric always use it. */
const isMappingShared = ({ lisp, mapping }: Config): boolean =>
  lisp.listen.length + mapping.resolvers.length + mapping.servers.length > 0

/** From here on memory counts more than the collector's time. */
const manyObjects = 5_000
/** So much that one change leaves behind is worth a collection of its own, once there is a pause. */
const manyChanges = 1_000
const pauseMs = 500

/**
 * A controller lives long and changes in bursts. Left alone, V8 lets the heap of a large fabric grow to several times what is
 * in use, and keeps what a burst took until the next one. So the heap of a large fabric grows in small steps, and is collected after
 * the load and after bursts.
 */
const keepHeapTight = (store: Northbound, objects: () => number, backlog: () => number): void => {
  let tight = false
  let cancel = (): void => {}
  const tighten = (): void => {
    if (tight || objects() <= manyObjects) return
    tight = true
    setFlagsFromString('--heap-growing-percent=25')
    // The flag counts from the next collection on.
    collectGarbage()
  }
  /** Once all switches have what the burst was about. */
  const settle = (): void => {
    if (backlog() > 0) cancel = systemClock.schedule(pauseMs, settle)
    else collectGarbage()
  }
  store.onChange((change) => {
    tighten()
    if (!tight || change.wires.length + change.endpoints.length < manyChanges) return
    cancel()
    cancel = systemClock.schedule(pauseMs, settle)
  })
  tighten()
}

/** A controller that runs. */
export interface RunningController {
  /** Where REST is, as a URL. */
  readonly url: string
  /** Stops everything in order; safe to call twice. */
  stop(): Promise<void>
}

/** Starts a controller; rejects with what is wrong and the way out, or with the reason of `signal` when that ends the start. */
export const startController = async (
  config: Config,
  logger: Logger = createLogger(config),
  signal?: AbortSignal,
): Promise<RunningController> => {
  const credentials = await readCredentials(config)
  const tokens = await readTokens(config)
  const makeMapping = await planPlane(config)
  const { dials, place, local } = planStore(config, logger, credentials)
  const store = new Northbound({
    dials,
    place,
    schemaFile,
    clock: systemClock,
    random: systemRandom,
    logger,
    onClosed: async (state) => {
      // A follower leaves the server to whoever leads.
      if (state !== 'standby') await local?.stop()
    },
    onCommitted: (outcome) => controller.metrics.committed(outcome),
  })
  const tell: Controller['tell'] = (event) => controller.tell(event)
  const mapping = makeMapping({ store, clock: systemClock, random: secretRandom, logger, tell })
  const controller = new Controller({
    store,
    openDoor: doorFactory(config, logger, credentials),
    clock: systemClock,
    logger,
    boot: systemClock.wallTime().toString(36),
    eventsKept: config.events.keep,
    underlayMtu: config.underlayMtu,
    vni: config.vni,
    ipam: config.ipam,
    defaultNetwork: config.overlay.defaultNetwork,
    mapping,
  })
  const server = createServer({
    fabric: controller.fabric,
    mappings: isMappingShared(config) ? mapping.mappings : undefined,
    networks: controller.networks,
    logger,
    clock: systemClock,
    random: systemRandom,
    tokens,
    bodyLimit: config.limits.bodyBytes,
    eventReadersMax: config.limits.eventListeners,
  })
  let stopping: Promise<void> | undefined
  const stopAll = async (): Promise<void> => {
    await server.close()
    await controller.stop()
    await mapping.stop()
    await store.close()
  }
  const stop = (): Promise<void> => {
    stopping ??= stopAll()
    return stopping
  }
  try {
    const late = systemClock.schedule(patienceMs, () =>
      logger.warn({ place }, 'still waiting for the northbound database'),
    )
    controller.start()
    await store.loaded(signal).finally(late)
    controller.load()
    mapping.start()
    keepHeapTight(
      store,
      () => controller.convergence.intent.size + controller.overlay.endpointCount,
      () => controller.fleet.backlog,
    )
    await listenOnRest(server, config.listen.rest)
    signal?.throwIfAborted()
  } catch (error) {
    await stop()
    throw error
  }
  const url = server.listeningOrigin
  logger.info(
    { rest: url, ovsdb: config.listen.ovsdb, openflow: config.listen.openflow, northbound: place },
    'Heddle is ready',
  )
  return { url, stop }
}

/** Runs a controller until SIGTERM or SIGINT, then stops it in order; also one that has not started all the way. */
export const runController = async (config: Config): Promise<void> => {
  const ending = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ending.abort())
  try {
    const running = await startController(config, createLogger(config), ending.signal)
    if (!ending.signal.aborted) await once(ending.signal, 'abort')
    await running.stop()
  } catch (error) {
    if (!ending.signal.aborted) throw error
  }
}
