/** The part of the client that asks for networks, endpoints and leases: `client.overlay`. */
import type { CallOptions, ChangeOptions } from './client.js'
import type { HttpCaller } from './http-call.js'
import type { Deletion, Endpoint, EndpointBody, EndpointList, EndpointQuery } from './routes/endpoints.js'
import type { Fsck, LeaseList, LeaseQuery, MapCache } from './routes/leases.js'
import type { Network, NetworkBody, NetworkList, NetworkQuery } from './routes/networks.js'

const networkPath = (name: string): string => `/v1/networks/${encodeURIComponent(name)}`
const endpointPath = (id: string): string => `/v1/endpoints/${encodeURIComponent(id)}`

/** A change's options as a call's. */
const changing = ({ wait, ...call }: ChangeOptions) => ({ ...call, query: { wait } })

export class OverlayCalls {
  readonly #http: HttpCaller

  constructor(http: HttpCaller) {
    this.#http = http
  }

  /** One page of networks, or all. */
  networks(query: NetworkQuery = {}, call: CallOptions = {}): Promise<NetworkList> {
    return this.#http.json({ ...call, path: '/v1/networks', query: { ...query } })
  }

  network(name: string, call: CallOptions = {}): Promise<Network> {
    return this.#http.json({ ...call, path: networkPath(name) })
  }

  /** What the network would be; nothing is stored. */
  planNetwork(name: string, spec: NetworkBody, call: CallOptions = {}): Promise<Network> {
    const query = { dryRun: true }
    return this.#http.json({ ...call, method: 'PUT', path: networkPath(name), query, body: spec })
  }

  putNetwork(name: string, spec: NetworkBody, call: CallOptions = {}): Promise<Network> {
    return this.#http.json({ ...call, method: 'PUT', path: networkPath(name), body: spec })
  }

  async deleteNetwork(name: string, call: CallOptions = {}): Promise<void> {
    await this.#http.text({ ...call, method: 'DELETE', path: networkPath(name) })
  }

  /** One page of endpoints, or all. */
  endpoints(query: EndpointQuery = {}, call: CallOptions = {}): Promise<EndpointList> {
    return this.#http.json({ ...call, path: '/v1/endpoints', query: { ...query } })
  }

  /** The endpoint as it is, or with `wait` once it is up or the waiting is over. */
  endpoint(id: string, options: ChangeOptions = {}): Promise<Endpoint> {
    return this.#http.json({ ...changing(options), path: endpointPath(id) })
  }

  /** The endpoint as it is when its own switch has it, or when the waiting is over: its `status` tells which. */
  putEndpoint(id: string, spec: EndpointBody, options: ChangeOptions = {}): Promise<Endpoint> {
    return this.#http.json({ ...changing(options), method: 'PUT', path: endpointPath(id), body: spec })
  }

  /** Succeeds as well where there is none. */
  deleteEndpoint(id: string, options: ChangeOptions = {}): Promise<Deletion> {
    return this.#http.json({ ...changing(options), method: 'DELETE', path: endpointPath(id) })
  }

  /** One page of leases, or all. */
  leases(query: LeaseQuery = {}, call: CallOptions = {}): Promise<LeaseList> {
    return this.#http.json({ ...call, path: '/v1/leases', query: { ...query } })
  }

  fsck(call: CallOptions = {}): Promise<Fsck> {
    return this.#http.json({ ...call, path: '/v1/fsck' })
  }

  async mapCache(node: string, call: CallOptions = {}): Promise<MapCache['entries']> {
    const path = `/v1/nodes/${encodeURIComponent(node)}/map-cache`
    return (await this.#http.json<MapCache>({ ...call, path })).entries
  }
}
