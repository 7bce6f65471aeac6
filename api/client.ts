/**
 * REST from the other side: the typed client that the command line, the CNI shim, the demo and the tests use. It shares
 * the routes' types and nothing else: neither Fastify nor zod is loaded with it.
 */
import { ApiError } from './api-error.js'
import { HttpCaller, type HttpOptions } from './http-call.js'
import { MappingCalls } from './mapping-calls.js'
import { OverlayCalls } from './overlay-calls.js'
import type { FabricEvent } from './routes/events.js'
import type { Link, LinkList, LinkPatch, LinkQuery, LinkSpec } from './routes/links.js'
import type { Flow, FlowList, Node, NodeList, NodeSpec, Port, PortList } from './routes/nodes.js'
import type { Health, Readiness } from './routes/operations.js'
import type { Topology, TopologyList, TopologyResult, TopologySpec } from './routes/topologies.js'

export { ApiError, type ApiErrorCode } from './api-error.js'
export type {
  Mapping,
  MappingAnswer,
  MappingHistory,
  MappingList,
  MappingQuery,
  MappingSpec,
  Site,
  SiteList,
  SiteSpec,
} from './mapping-calls.js'
export type { Problem } from './problem.js'
export type {
  ContainerRef,
  Deletion,
  Endpoint,
  EndpointAddress,
  EndpointBody,
  EndpointList,
  EndpointQuery,
  EndpointSpec,
  EndpointState,
} from './routes/endpoints.js'
export type { FabricEvent } from './routes/events.js'
export type { Fsck, Lease, LeaseList, LeaseQuery, MapCacheEntry } from './routes/leases.js'
export type {
  Link,
  LinkEntry,
  LinkList,
  LinkPatch,
  LinkQuery,
  LinkSpec,
  LinkState,
} from './routes/links.js'
export type {
  Network,
  NetworkBody,
  NetworkList,
  NetworkQuery,
  NetworkSpec,
  RouteSpec,
  SubnetSpec,
} from './routes/networks.js'
export type { Flow, FlowList, Node, NodeList, NodeSpec, Port, PortList } from './routes/nodes.js'
export type { Health, Readiness } from './routes/operations.js'
export type {
  Plan,
  Topology,
  TopologyList,
  TopologyResult,
  TopologySpec,
  TopologySummary,
} from './routes/topologies.js'

/** What every call may be given. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** Names the request in logs and flows; the controller makes one up otherwise. */
  readonly requestId?: string | undefined
}

/** A change: how long to wait for the switches, as `5s`, `500ms` or seconds. */
export interface ChangeOptions extends CallOptions {
  readonly wait?: string | number | undefined
}

/**
 * What the event stream brings: a change of state; that some are missing and the state should be read again; or, at the
 * beginning, the id from which a reader may resume that has read nothing yet.
 */
export type StreamedEvent =
  | { readonly kind: 'event'; readonly event: FabricEvent }
  | { readonly kind: 'reset' }
  | { readonly kind: 'position'; readonly id: string }

export interface EventOptions extends CallOptions {
  /** Only what came after this event. */
  readonly lastEventId?: string | undefined
}

/** Characters of one event that a client takes: a server gone mad does not fill its memory. */
const eventCharactersMax = 1024 * 1024

const linkPath = (name: string): string => `/v1/links/${encodeURIComponent(name)}`
const nodePath = (name: string): string => `/v1/nodes/${encodeURIComponent(name)}`
const topologyPath = (name: string): string => `/v1/topologies/${encodeURIComponent(name)}`

/** A change's options as a call's. */
const changing = ({ wait, ...call }: ChangeOptions) => ({ ...call, query: { wait } })

/** A client of one controller. Every call rejects with `ApiError`, or with the signal's reason when it is aborted. */
export class Client {
  /** Sites and mappings. */
  readonly mappings: MappingCalls
  /** Networks, endpoints, leases. */
  readonly overlay: OverlayCalls
  readonly #http: HttpCaller

  constructor(options: HttpOptions) {
    this.#http = new HttpCaller(options)
    this.mappings = new MappingCalls(this.#http)
    this.overlay = new OverlayCalls(this.#http)
  }

  /** One page of links, or all. */
  links(query: LinkQuery = {}, call: CallOptions = {}): Promise<LinkList> {
    return this.#http.json({ ...call, path: '/v1/links', query: { ...query } })
  }

  link(name: string, call: CallOptions = {}): Promise<Link> {
    return this.#http.json({ ...call, path: linkPath(name) })
  }

  /** The link as it is when it is up, or when the waiting is over: its `status` tells which. */
  createLink(spec: LinkSpec, options: ChangeOptions = {}): Promise<Link> {
    return this.#http.json({ ...changing(options), method: 'POST', path: '/v1/links', body: spec })
  }

  changeLink(name: string, patch: LinkPatch, options: ChangeOptions = {}): Promise<Link> {
    return this.#http.json({ ...changing(options), method: 'PATCH', path: linkPath(name), body: patch })
  }

  async deleteLink(name: string, options: ChangeOptions = {}): Promise<void> {
    await this.#http.text({ ...changing(options), method: 'DELETE', path: linkPath(name) })
  }

  topologies(call: CallOptions = {}): Promise<TopologyList> {
    return this.#http.json({ ...call, path: '/v1/topologies' })
  }

  topology(name: string, call: CallOptions = {}): Promise<Topology> {
    return this.#http.json({ ...call, path: topologyPath(name) })
  }

  /** What applying would do; nothing is changed. */
  planTopology(name: string, spec: TopologySpec, call: CallOptions = {}): Promise<TopologyResult> {
    const query = { dryRun: true }
    return this.#http.json({ ...call, method: 'PUT', path: topologyPath(name), query, body: spec })
  }

  applyTopology(name: string, spec: TopologySpec, options: ChangeOptions = {}): Promise<TopologyResult> {
    return this.#http.json({ ...changing(options), method: 'PUT', path: topologyPath(name), body: spec })
  }

  deleteTopology(name: string, options: ChangeOptions = {}): Promise<TopologyResult> {
    return this.#http.json({ ...changing(options), method: 'DELETE', path: topologyPath(name) })
  }

  nodes(call: CallOptions = {}): Promise<NodeList> {
    return this.#http.json({ ...call, path: '/v1/nodes' })
  }

  node(name: string, call: CallOptions = {}): Promise<Node> {
    return this.#http.json({ ...call, path: nodePath(name) })
  }

  putNode(name: string, spec: NodeSpec, call: CallOptions = {}): Promise<Node> {
    return this.#http.json({ ...call, method: 'PUT', path: nodePath(name), body: spec })
  }

  async deleteNode(name: string, call: CallOptions = {}): Promise<void> {
    await this.#http.text({ ...call, method: 'DELETE', path: nodePath(name) })
  }

  async ports(node: string, call: CallOptions = {}): Promise<readonly Port[]> {
    return (await this.#http.json<PortList>({ ...call, path: `${nodePath(node)}/ports` })).ports
  }

  async flows(node: string, call: CallOptions = {}): Promise<readonly Flow[]> {
    return (await this.#http.json<FlowList>({ ...call, path: `${nodePath(node)}/flows` })).flows
  }

  /** As `ovs-ofctl dump-flows` prints them, each with what it exists for as a comment. */
  flowsText(node: string, call: CallOptions = {}): Promise<string> {
    return this.#http.text({ ...call, path: `${nodePath(node)}/flows`, query: { format: 'text' } })
  }

  health(call: CallOptions = {}): Promise<Health> {
    return this.#http.json({ ...call, path: '/healthz', alsoGood: 503 })
  }

  readiness(call: CallOptions = {}): Promise<Readiness> {
    return this.#http.json({ ...call, path: '/readyz', alsoGood: 503 })
  }

  metrics(call: CallOptions = {}): Promise<string> {
    return this.#http.text({ ...call, path: '/metrics' })
  }

  /**
   * Events as they happen, until the connection ends: then the iteration ends as well, or rejects when it broke.
   * `followEvents` comes back.
   */
  async *events({ lastEventId, ...call }: EventOptions = {}): AsyncGenerator<StreamedEvent, void> {
    const headers = {
      accept: 'text/event-stream',
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    }
    const response = await this.#http.send({ ...call, path: '/v1/events', headers })
    if (response.body === null) return
    // Loaded when it is needed: the CNI plugin never does, and its start is what a container waits for.
    const { EventSourceParserStream } = await import('eventsource-parser/stream')
    const parser = new EventSourceParserStream({ maxBufferSize: eventCharactersMax })
    try {
      for await (const message of response.body.pipeThrough(new TextDecoderStream()).pipeThrough(parser)) {
        if (message.event === 'reset') yield { kind: 'reset' }
        else if (message.event === 'position') yield { kind: 'position', id: message.id ?? '' }
        else yield { kind: 'event', event: eventOf(message.data) }
      }
    } catch (error) {
      call.signal?.throwIfAborted()
      throw error instanceof ApiError ? error : this.#http.failure(error)
    }
  }
}

const eventOf = (data: string): FabricEvent => {
  try {
    return JSON.parse(data) as FabricEvent
  } catch (cause) {
    throw new ApiError('unexpected-answer', 'an event that is not JSON', { cause })
  }
}
