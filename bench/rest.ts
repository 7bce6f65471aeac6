/** REST over kept connections of node:http: what a program that makes many links uses, without the cost of fetch. */
import { Agent, request } from 'node:http'

const agent = new Agent({ keepAlive: true, maxSockets: 64 })

/** Sends JSON and resolves with the parsed answer; rejects where the status says that it failed. */
export const call = <T>(method: string, url: string, body?: unknown): Promise<T> =>
  new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers =
      text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
    const sent = request(url, { method, agent, headers }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('error', reject)
      answer.on('end', () => {
        const words = Buffer.concat(chunks).toString()
        if ((answer.statusCode ?? 500) >= 300)
          reject(new Error(`${method} ${url}: ${answer.statusCode} ${words}`))
        else resolve((words === '' ? undefined : JSON.parse(words)) as T)
      })
    })
    sent.on('error', reject)
    sent.end(text)
  })
