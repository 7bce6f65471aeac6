/** The controller as the commands see it: the client's calls with deadlines, and its errors in the words and numbers of CNI. */
import {
  ApiError,
  type ApiErrorCode,
  Client,
  type Endpoint,
  type EndpointBody,
  type Link,
  type Network,
  type Node,
} from '#api/client.js'
import { CniError, type CniErrorCode } from './error.js'

/** What a refusal of the controller is to the runtime; `refused` where nothing is said. */
const meanings: Readonly<Partial<Record<ApiErrorCode, CniErrorCode>>> = {
  unreachable: 'try-later',
  'unexpected-answer': 'try-later',
  overloaded: 'try-later',
  'not-leader': 'try-later',
  'store-unavailable': 'try-later',
  'outcome-unknown': 'try-later',
  'node-offline': 'try-later',
  conflict: 'try-later',
  internal: 'try-later',
  'address-quarantined': 'try-later',
  unauthorized: 'token-refused',
  'network-unknown': 'invalid-config',
  'not-found': 'invalid-config',
  'invalid-request': 'invalid-config',
  'address-outside': 'invalid-config',
  'address-unusable': 'invalid-config',
  'mtu-too-large': 'invalid-config',
  'mtu-too-small': 'invalid-config',
  'subnet-exhausted': 'addresses-exhausted',
  'interface-taken': 'taken',
  'address-taken': 'taken',
  'mac-taken': 'taken',
  'name-taken': 'taken',
}

/** An error of a call as the runtime is told of it. */
export const refusalOf = (error: unknown): unknown => {
  if (error instanceof ApiError) {
    const owner = error.owner === undefined ? '' : ` (${error.owner})`
    return new CniError(meanings[error.code] ?? 'refused', `controller: ${error.message}${owner}`, {
      details: error.requestId === undefined ? error.code : `${error.code}, request ${error.requestId}`,
      cause: error,
    })
  }
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError'))
    return new CniError('try-later', 'the controller did not answer in time', { cause: error })
  return error
}

/** A signal that aborts after so many milliseconds. */
export type Deadline = (ms: number) => AbortSignal

export interface ControllerOptions {
  readonly url: string
  readonly token?: string
  readonly timeoutMs: number
  readonly fetch: typeof fetch
  readonly deadline: Deadline
}

/** How much longer than the controller's own waiting its answer may take. */
const answerSlackMs = 5000
/** How long a DEL waits: the runtime waits for it, and the deletion is kept when the time is over. */
const deletionMsMax = 5000
const pageSize = 1000

export class Controller {
  readonly #client: Client
  readonly #options: ControllerOptions

  /** @throws CniError `invalid-config` */
  constructor(options: ControllerOptions) {
    this.#options = options
    try {
      this.#client = new Client({ baseUrl: options.url, token: options.token, fetch: options.fetch })
    } catch (cause) {
      throw new CniError('invalid-config', `controller: "${options.url}" is not a URL`, { cause })
    }
  }

  /** The node of a name. @throws CniError `node-not-joined`; `try-later` while its switch is not connected */
  async node(name: string): Promise<Node> {
    const node = await this.#call((signal) => this.#client.node(name, { signal })).catch((error: unknown) => {
      if (isAbsence(error))
        throw new CniError('node-not-joined', `no node called ${name} has joined the controller`, {
          details:
            'ovs-vsctl set-manager joins it; external_ids:system-id is its name, unless "node" is configured',
          cause: error,
        })
      throw error
    })
    if (node.state === 'offline')
      throw new CniError('try-later', `the switch of node ${name} is not connected to the controller`)
    return node
  }

  async link(name: string): Promise<Link> {
    return this.#call((signal) => this.#client.link(name, { signal }))
  }

  /** Every network. */
  async networks(): Promise<readonly Network[]> {
    return (await this.#call((signal) => this.#client.overlay.networks({}, { signal }))).networks
  }

  /** Stores an endpoint, and does not wait for the switch. */
  async putEndpoint(id: string, body: EndpointBody): Promise<Endpoint> {
    return this.#call((signal) => this.#client.overlay.putEndpoint(id, body, { signal, wait: 0 }))
  }

  /** The endpoint once its own switch has confirmed it. @throws CniError `try-later` when that takes too long */
  async whenUp(id: string): Promise<Endpoint> {
    const { timeoutMs } = this.#options
    const endpoint = await this.#call(
      (signal) => this.#client.overlay.endpoint(id, { signal, wait: `${timeoutMs}ms` }),
      timeoutMs + answerSlackMs,
    )
    if (endpoint.status.state === 'up') return endpoint
    const [reason] = endpoint.status.reasons
    throw new CniError('try-later', 'the switch has not confirmed the endpoint', {
      details: reason === undefined ? '' : `${reason.code}: ${reason.message}`,
    })
  }

  /** Undefined where there is none. */
  async endpoint(id: string): Promise<Endpoint | undefined> {
    return this.#call((signal) => this.#client.overlay.endpoint(id, { signal })).catch((error: unknown) => {
      if (isAbsence(error)) return undefined
      throw error
    })
  }

  /** Every endpoint of a node. */
  async endpointsOf(node: string): Promise<readonly Endpoint[]> {
    const found: Endpoint[] = []
    let after: string | undefined
    do {
      const query = { node, limit: pageSize, ...(after === undefined ? {} : { after }) }
      const page = await this.#call((signal) => this.#client.overlay.endpoints(query, { signal }))
      found.push(...page.endpoints)
      after = page.next
    } while (after !== undefined)
    return found
  }

  /** Succeeds too where there is none. */
  async deleteEndpoint(id: string): Promise<void> {
    const timeoutMs = Math.min(this.#options.timeoutMs, deletionMsMax)
    await this.#call((signal) => this.#client.overlay.deleteEndpoint(id, { signal, wait: 0 }), timeoutMs)
  }

  /** Why the controller takes no changes; undefined when it does. */
  async unreadiness(): Promise<string | undefined> {
    const { ready, reason } = await this.#call((signal) => this.#client.readiness({ signal }))
    return ready ? undefined : (reason ?? 'the controller is not ready')
  }

  async #call<T>(ask: (signal: AbortSignal) => Promise<T>, timeoutMs = this.#options.timeoutMs): Promise<T> {
    try {
      return await ask(this.#options.deadline(timeoutMs))
    } catch (error) {
      throw refusalOf(error)
    }
  }
}

/** A connection that was not made: what was to be said by it was not heard. */
const notConnected = /ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|ConnectionRefused/

/** Whether a change that failed so has certainly changed nothing: it was refused, or never arrived. */
export const changesNothing = (error: unknown): boolean => {
  const cause = error instanceof CniError ? error.cause : undefined
  if (!(cause instanceof ApiError)) return false
  return cause.code === 'unreachable'
    ? notConnected.test(cause.message)
    : cause.status >= 400 && cause.status < 500
}

const isAbsence = (error: unknown): boolean =>
  error instanceof CniError && error.cause instanceof ApiError && error.cause.code === 'not-found'
