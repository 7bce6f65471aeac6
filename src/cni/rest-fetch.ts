/**
 * HTTP for `api/client`: as `fetch`, over node:http, which takes the certificates of a private authority both under Node.js and in the
 * bundled executable, and keeps one connection for the calls of a command.
 */
import * as http from 'node:http'
import * as https from 'node:https'

export interface FetchOptions {
  /** PEM certificates that the controller's has to be signed by; those of the system otherwise. */
  readonly ca?: string
}

/** Bytes of an answer that are read. */
const answerMax = 64 << 20

export const fetchOver = ({ ca }: FetchOptions): typeof fetch => {
  const agents = {
    'http:': new http.Agent({ keepAlive: true }),
    'https:': new https.Agent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) }),
  }
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const secure = url.protocol === 'https:'
    const request = (secure ? https : http).request(url, {
      agent: agents[secure ? 'https:' : 'http:'],
      method: init.method ?? 'GET',
      headers: Object.fromEntries(new Headers(init.headers)),
      ...(init.signal == null ? {} : { signal: init.signal }),
    })
    const answered = answerOf(request)
    request.end(init.body ?? undefined)
    return answered
  }
}

/** Statuses whose answers have no body (RFC 9110, section 6.4.1): `Response` takes none for them. */
const bodiless = new Set([204, 304])

const answerOf = (request: http.ClientRequest): Promise<Response> =>
  new Promise((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (message) => {
      const chunks: Buffer[] = []
      let size = 0
      message.on('error', reject)
      message.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > answerMax) request.destroy(new Error('the answer is too large'))
        else chunks.push(chunk)
      })
      message.on('end', () => {
        const status = message.statusCode ?? 0
        resolve(new Response(bodiless.has(status) ? null : Buffer.concat(chunks), { status }))
      })
    })
  })
