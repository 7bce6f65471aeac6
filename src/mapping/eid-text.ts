/** EIDs and RLOCs between the text that people write and the values of `lisp/`. What is wrong is an error with the field it is in. */

import type { Address } from '#lisp/address.js'
import { parseAddress, parseEid, printPrefix } from '#lisp/address-text.js'
import type { Eid } from '#lisp/eid.js'
import { LispError } from '#lisp/errors.js'
import { checkedFamily } from '#lisp/mapping/eid-key.js'
import { FabricError } from '#model/error.js'

const invalid = (field: string, words: string, cause?: unknown): FabricError =>
  new FabricError('invalid-request', words, { field, cause })

/** Reads a text. Throws `invalid-request` with the field. */
const reading = <T>(field: string, text: string, read: () => T): T => {
  try {
    return read()
  } catch (error) {
    if (error instanceof LispError) throw invalid(field, `${text}: ${error.message}`, error)
    throw error
  }
}

/** An EID-prefix of an instance, of a family that has a longest match. */
export const eidOfText = (iid: number, text: string, field: string): Eid =>
  reading(field, text, () => {
    const eid = parseEid(text)
    if (eid.iid !== 0) throw invalid(field, `${text}: the instance id is said apart`)
    checkedFamily(eid)
    // The older AFI of MAC addresses names the same EIDs.
    const address =
      eid.address.family === 'mac-802' ? { ...eid.address, family: 'mac' as const } : eid.address
    return { iid, address, length: eid.length }
  })

/** An EID without its instance id, with its length where it has one: `10.0.0.1/32`. */
export const textOfEid = ({ address, length }: Eid): string => printPrefix(address, length)

/** A prefix in which RLOCs may lie. */
export const rlocPrefixOfText = (text: string, field: string): Eid => {
  const prefix = eidOfText(0, text, field)
  const { family } = prefix.address
  if (family === 'ipv4' || family === 'ipv6') return prefix
  throw invalid(field, `${text}: RLOCs are IP addresses`)
}

export const rlocOfText = (text: string, field: string): Address => {
  const rloc = reading(field, text, () => parseAddress(text))
  if (rloc.family === 'none') throw invalid(field, 'an address is expected')
  return rloc
}
