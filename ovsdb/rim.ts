/**
 * The rim between JSON-RPC 1.0 as RFC 7047 (section 4) has it and the `json-rpc-2.0` library: two pure functions. Open vSwitch refuses a message
 * with a `jsonrpc` member, wants `result` and `error` both, and marks a notification by an `id` of null; the library wants the
 * opposite of each, and an error that is an object with `code` and `message`. Parameters and results pass by reference.
 */
import { JSONRPC, JSONRPCErrorCode, type JSONRPCRequest, type JSONRPCResponse } from 'json-rpc-2.0'
import { excerpt } from './atoms.js'
import { OvsdbError } from './errors.js'
import { isJsonArray, isJsonObject, type Json, type JsonObject, member } from './json.js'

/** A response whose error is kept whole in `data`. */
export type InboundMessage = JSONRPCRequest | JSONRPCResponse

/** From the wire to the library. Throws `malformed-message`. */
export const inbound = (json: Json): InboundMessage => {
  if (!isJsonObject(json)) throw malformed('a message is no object', json)
  const method = member(json, 'method')
  if (method !== undefined) return inboundRequest(json, method)
  return inboundResponse(json)
}

const inboundRequest = (json: JsonObject, method: Json): JSONRPCRequest => {
  const params = member(json, 'params')
  const id = member(json, 'id') ?? null
  if (typeof method !== 'string') throw malformed('a method is no string', json)
  if (!isJsonArray(params)) throw malformed(`the parameters of ${excerpt(method)} are no array`, json)
  if (id === null) return { jsonrpc: JSONRPC, method, params }
  // Any JSON may be an identifier; the library only hands it back. In a request from a server it is a number or a string.
  if (typeof id === 'number' || typeof id === 'string') return { jsonrpc: JSONRPC, method, params, id }
  throw malformed(`the identifier of ${excerpt(method)} is no number and no string`, json)
}

const inboundResponse = (json: JsonObject): JSONRPCResponse => {
  const result = member(json, 'result')
  const error = member(json, 'error') ?? null
  const id = member(json, 'id')
  if (typeof id !== 'number' && typeof id !== 'string')
    throw malformed('a message is no request and has no identifier', json)
  if (error !== null)
    return { jsonrpc: JSONRPC, id, error: { code: 0, message: excerpt(error), data: error } }
  if (result === undefined) throw malformed('a response has no result and no error', json)
  return { jsonrpc: JSONRPC, id, result }
}

const malformed = (message: string, json: Json): OvsdbError =>
  new OvsdbError('malformed-message', `${message}: ${excerptOf(json)}`)

/** The members of a message without what may be megabytes in them. */
const excerptOf = (json: Json): string =>
  isJsonObject(json)
    ? `an object of ${Object.keys(json).slice(0, 8).join(', ') || 'nothing'}`
    : excerptScalar(json)

const excerptScalar = (json: Json): string => (isJsonArray(json) ? 'an array' : excerpt(json))

/** What the library sends: one request, notification or response. */
export type OutboundMessage = JSONRPCRequest | JSONRPCResponse

/** From the library to the wire. */
export const outbound = (message: OutboundMessage): JsonObject => {
  if ('method' in message) {
    const { method, params, id } = message
    return { method, params: params ?? [], id: id ?? null }
  }
  const { id, result, error } = message
  if (error === undefined) return { result: result ?? null, error: null, id }
  // Open vSwitch's words, which clients of it know.
  if (error.code === JSONRPCErrorCode.MethodNotFound) return { result: null, error: 'unknown method', id }
  return { result: null, error: error.data ?? error.message, id }
}
