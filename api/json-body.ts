/**
 * The only bodies that REST reads: JSON. Prototype poisoning needs no scan here: `JSON.parse` makes `__proto__` an own
 * property like any other, and every body schema is strict, so that it is refused by name wherever it is.
 */
import type { FastifyInstance } from 'fastify'
import { FabricError } from '#model/error.js'

/** application/merge-patch+json (RFC 7396) is what PATCH speaks: null takes a setting away. */
const mediaTypes = ['application/json', 'application/merge-patch+json']

/** Some of the parser's words quote the body, which may have a secret in it. */
const quotation = /, (?:\.\.\.)?".*" ?(?:\.\.\.)? ?is not valid JSON$/s

/** The value of a body; undefined for an empty one. Throws `FabricError` with the parser's words. */
export const parseJson = (text: string): unknown => {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(quotation, '') : 'not valid'
    throw new FabricError('invalid-request', `the body is not JSON: ${reason}`, { cause })
  }
}

/** Makes JSON the only media type of bodies. */
export const acceptJson = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(mediaTypes, { parseAs: 'string' }, async (_request: unknown, body: string) =>
    parseJson(body),
  )
}
