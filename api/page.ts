/** Lists: a page in the order of names, sent whole when it is short and piece by piece when there are 50,000 objects in it. */
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { objectName } from '#model/wire.js'

/** What every list may be asked for. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(100_000).optional().describe('At most so many; all when absent'),
  after: objectName.optional().describe('Only names behind this one: the `next` of the page before'),
}

export interface PageQuery {
  readonly limit?: number | undefined
  readonly after?: string | undefined
}

export interface Page<T> {
  readonly items: readonly T[]
  /** The name to ask for the next page with; absent on the last page. */
  readonly next?: string
}

/** The items of a page, by name in the order of code units. A short page of many items costs no sorting of all of them. */
export const pageOf = <T>(all: Iterable<T>, nameOf: (item: T) => string, query: PageQuery): Page<T> => {
  const { after = '', limit = Number.POSITIVE_INFINITY } = query
  const byName = (a: T, b: T): number => (nameOf(a) < nameOf(b) ? -1 : 1)
  const items: T[] = []
  let bound: string | undefined
  for (const item of all) {
    const name = nameOf(item)
    if (name <= after || (bound !== undefined && name > bound)) continue
    items.push(item)
    if (items.length <= 2 * limit + 1) continue
    items.sort(byName).splice(limit + 1)
    const last = items.at(-1)
    bound = last === undefined ? undefined : nameOf(last)
  }
  items.sort(byName)
  const last = items.length > limit ? items[limit - 1] : undefined
  return last === undefined ? { items } : { items: items.slice(0, limit), next: nameOf(last) }
}

/** Characters of JSON that are made at once: other requests get their turn in between. */
const chunkLength = 64 * 1024

/** `{"<key>": [...], ...rest}` in pieces; an item becomes JSON when its turn has come. */
export function* listChunks<T>(
  key: string,
  items: Iterable<T>,
  show: (item: T) => unknown,
  rest: Readonly<Record<string, unknown>> = {},
): Generator<string> {
  const others = Object.entries(rest).filter(([, value]) => value !== undefined)
  let text = '{'
  for (const [name, value] of others) text += `${JSON.stringify(name)}:${JSON.stringify(value)},`
  text += `${JSON.stringify(key)}:[`
  let separator = ''
  for (const item of items) {
    text += separator + JSON.stringify(show(item))
    separator = ','
    if (text.length < chunkLength) continue
    yield text
    text = ''
  }
  yield `${text}]}`
}

/** Lines of text in pieces. */
export function* lineChunks<T>(items: Iterable<T>, show: (item: T) => string): Generator<string> {
  let text = ''
  for (const item of items) {
    text += show(item)
    if (text.length < chunkLength) continue
    yield text
    text = ''
  }
  yield text
}

/** Sends text in pieces, at the reader's pace; in one piece if it is no longer than one. */
export const sendChunks = (reply: FastifyReply, mediaType: string, chunks: Generator<string>): void => {
  reply.type(mediaType)
  const first = chunks.next()
  const second = chunks.next()
  if (first.done === true || second.done === true) {
    reply.send(first.value ?? '')
    return
  }
  const all = function* (): Generator<string> {
    yield first.value
    yield second.value
    yield* chunks
  }
  reply.send(Readable.from(all(), { objectMode: false }))
}

export const jsonMediaType = 'application/json; charset=utf-8'
