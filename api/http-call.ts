/** One HTTP request of the client and its answer, or an `ApiError`. Nothing is sent twice: whether to repeat is the caller's choice. */
import { type ApiError, errorOfAnswer, errorOfConnection } from './api-error.js'

export interface HttpOptions {
  /** `http://127.0.0.1:8080` */
  readonly baseUrl: string
  /** The bearer token, where the controller asks for one. */
  readonly token?: string | undefined
  /** Global `fetch` unless a test has another. */
  readonly fetch?: typeof fetch | undefined
}

export interface HttpCall {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
  readonly requestId?: string | undefined
  /** A status that is an answer although it is no success. */
  readonly alsoGood?: number
}

export class HttpCaller {
  readonly #base: URL
  readonly #headers: Readonly<Record<string, string>>
  readonly #fetch: typeof fetch

  constructor({ baseUrl, token, fetch: call = fetch }: HttpOptions) {
    this.#base = new URL(baseUrl)
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    this.#fetch = call
  }

  /** The answer of a call that went well, its body unread. */
  async send(call: HttpCall): Promise<Response> {
    const response = await this.#guard(call, () => this.#fetch(this.#url(call), this.#init(call)))
    if (response.ok || response.status === call.alsoGood) return response
    throw errorOfAnswer(response.status, await this.#guard(call, () => response.text()))
  }

  /** The answer's JSON, which is taken to be what the route's schema says. */
  async json<T>(call: HttpCall): Promise<T> {
    const response = await this.send(call)
    return (await this.#guard(call, () => response.json())) as T
  }

  async text(call: HttpCall): Promise<string> {
    const response = await this.send(call)
    return this.#guard(call, () => response.text())
  }

  /** An error of the connection as ours. */
  failure(error: unknown): ApiError {
    return errorOfConnection(this.#base.origin, error)
  }

  async #guard<T>(call: HttpCall, step: () => Promise<T>): Promise<T> {
    try {
      return await step()
    } catch (error) {
      call.signal?.throwIfAborted()
      throw this.failure(error)
    }
  }

  #url({ path, query = {} }: HttpCall): URL {
    const url = new URL(path, this.#base)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    return url
  }

  #init({ method = 'GET', body, headers = {}, signal, requestId }: HttpCall): RequestInit {
    return {
      method,
      headers: {
        ...this.#headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    }
  }
}
