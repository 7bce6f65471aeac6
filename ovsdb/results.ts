/**
 * What a server answers to `transact`: RFC 7047, section 4.1.3. A result for each operation that was executed, null for each that was not
 * because an earlier one failed, and one more element when all went well and the commit did not.
 */
import { excerpt } from './atoms.js'
import { OvsdbError, type PeerError } from './errors.js'
import { isJsonArray, isJsonObject, type Json, member } from './json.js'
import type { Operation, Results } from './operations.js'

/** Reads `{"error": ..., "details": ...}`, the form of every error that a server sends. Undefined for any other JSON. */
export const readPeerError = (json: Json | undefined): PeerError | undefined => {
  // Open vSwitch answers an unknown method with the bare string.
  if (typeof json === 'string') return { error: json }
  if (!isJsonObject(json)) return undefined
  const error = member(json, 'error')
  const details = member(json, 'details')
  if (typeof error !== 'string') return undefined
  // What the system said, where a file could not be written: ovsdb-server says so in a member of its own.
  const system = member(json, 'io-error')
  if (typeof details !== 'string') return { error }
  return { error, details: typeof system === 'string' ? `${details} (${system})` : details }
}

export const describePeerError = ({ error, details }: PeerError): string =>
  details === undefined ? error : `${error}: ${details}`

/** Reads the results of the operations. Throws `operation-failed` with the first error, and the operation that it belongs to. */
export const decodeResults = <const O extends readonly Operation[]>(
  operations: O,
  json: Json,
): Results<O> => {
  if (!isJsonArray(json)) throw new OvsdbError('malformed-message', `transact answered ${excerpt(json)}`)
  json.forEach((result, index) => {
    const peer = readPeerError(result)
    if (peer !== undefined) throw failure(operations, index, peer)
  })
  const results = operations.map((operation, index) => {
    const result = json[index]
    if (isJsonObject(result)) return operation.decode(result)
    throw new OvsdbError('malformed-message', `operation ${index} was answered with ${excerpt(result)}`)
  })
  // One result per operation, each made by that operation's own decoder.
  return results as Results<O>
}

const failure = (operations: readonly Operation[], index: number, peer: PeerError): OvsdbError => {
  const operation = operations[index]
  const words = describePeerError(peer)
  if (operation === undefined) {
    return new OvsdbError('operation-failed', `the commit failed: ${words}`, { peer, operation: { index } })
  }
  const { op, table } = operation.request
  const what = typeof table === 'string' ? `${op} in ${table}` : `${op}`
  return new OvsdbError('operation-failed', `operation ${index}, ${what}, failed: ${words}`, {
    peer,
    operation: { index, request: operation.request },
  })
}
