/** What an OVSDB error means to whoever wanted something stored. Pure. */

import { type ErrorCode, errorText, FabricError } from '#model/error.js'
import { OvsdbError } from '#ovsdb/errors.js'

/** Which index of `heddle.ovsschema` a constraint violation names, by table and column as the server writes them. */
const indexes: readonly (readonly [pattern: RegExp, code: ErrorCode, what: string])[] = [
  [/"?End"? table/, 'interface-taken', 'an interface belongs to another link or endpoint'],
  [/"?(Link|Network)"? table.*\bvni\b/, 'vni-taken', 'a VNI belongs to another object'],
  [
    /"?Endpoint"? table.* for index .*\bmac\b/,
    'mac-taken',
    'a MAC address belongs to another endpoint of the network',
  ],
  [/"?Endpoint"? table.* for index .*\bid\b/, 'name-taken', 'an endpoint of this id exists'],
  [/"?Lease"? table/, 'address-taken', 'an address belongs to another endpoint'],
  [/"?Block"? table/, 'conflict', 'a block of the subnet belongs to another node'],
  [/"?Link"? table.*\bname\b/, 'name-taken', 'a link of this name exists'],
  [/"?Site_Prefix"? table/, 'eid-taken', 'an EID-prefix belongs to another site'],
  [/"?(Node|Topology|Site|Network)"? table.*\bname\b/, 'name-taken', 'an object of this name exists'],
  [/"?Mapping"? table/, 'conflict', 'a mapping of this EID-prefix exists'],
]

/** The error for the user; the server's own words are kept. */
export const refusalOf = (error: unknown): FabricError => {
  if (error instanceof FabricError) return error
  if (!(error instanceof OvsdbError)) return new FabricError('internal', errorText(error), { cause: error })
  const peer = error.peer === undefined ? error.message : `${error.peer.error}: ${error.peer.details ?? ''}`
  const details = { peer, cause: error }
  if (error.code === 'outcome-unknown') {
    return new FabricError(
      'outcome-unknown',
      'the northbound database went away before it answered; look before repeating',
      details,
    )
  }
  if (error.peer?.error === 'not owner') {
    return new FabricError('not-leader', 'this controller has lost the northbound lock', details)
  }
  if (error.peer?.error === 'constraint violation') {
    const found = indexes.find(([pattern]) => pattern.test(error.peer?.details ?? ''))
    if (found !== undefined)
      return new FabricError(found[1], `${found[2]}: another request was faster`, details)
    return new FabricError('conflict', `the northbound database refused: ${peer}`, details)
  }
  if (error.peer?.error === 'timed out') {
    return new FabricError(
      'vni-taken',
      'a VNI belongs to another object: another request was faster',
      details,
    )
  }
  if (error.peer?.error === 'referential integrity violation') {
    if (/delete Network row/.test(error.peer.details ?? ''))
      return new FabricError('network-in-use', 'an endpoint joined the network at the same time', details)
    return new FabricError('conflict', 'the object changed at the same time; try again', details)
  }
  return new FabricError(
    'store-unavailable',
    `the northbound database did not take the change: ${peer}`,
    details,
  )
}
