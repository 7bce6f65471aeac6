/** REST before a fabric in memory: two ready nodes, `n1` and `n2`, and a clock that the test moves. */
import type { FastifyInstance } from 'fastify'
import { createServer, type ServerOptions } from '#api/server.js'
import type { Clock } from '#link/clock.js'
import { seededRandom } from '#link/random.js'
import { FakeFabric } from './fabric.js'
import { type NetworksStage, stageNetworks } from './live-networks.js'
import { keepingLogger } from './log.js'
import { VirtualClock } from './virtual-clock.js'

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  /** The body as JSON; undefined where there is none. */
  readonly body: unknown
}

export interface Rest {
  readonly app: FastifyInstance
  readonly fabric: FakeFabric
  /** The real ones, on a store in memory. */
  readonly overlay: NetworksStage
  readonly log: ReturnType<typeof keepingLogger>
  call(method: Method, url: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
}

const json = (text: string): unknown => (/^[[{]/.test(text) ? JSON.parse(text) : undefined)

/** A string is sent as it is, anything else as JSON. */
export const startRest = (options: Partial<ServerOptions> & { readonly eventsKept?: number } = {}): Rest => {
  const clock: Clock = options.clock ?? new VirtualClock()
  const fabric = new FakeFabric({ clock, ...(options.eventsKept && { eventsKept: options.eventsKept }) })
  const overlay = stageNetworks(clock)
  const log = keepingLogger()
  fabric.setNode('n1', 'ready')
  fabric.setNode('n2', 'ready')
  const app = createServer({
    fabric,
    networks: overlay.networks,
    logger: log,
    clock,
    random: seededRandom(1),
    ...options,
  })
  const call: Rest['call'] = async (method, url, body, headers = {}) => {
    const response = await app.inject({
      method,
      url,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
      body: json(response.body),
    }
  }
  return { app, fabric, overlay, log, call }
}

/** A link between n1 and n2 whose interfaces are named after it. */
export const linkSpec = (name: string, more: Readonly<Record<string, unknown>> = {}) => ({
  name,
  a: { node: 'n1', interface: `${name}-a` },
  b: { node: 'n2', interface: `${name}-b` },
  ...more,
})
