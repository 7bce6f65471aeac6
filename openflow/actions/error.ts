/**
 * The error of an action or instruction that OpenFlow or Open vSwitch does not allow. It is a wire error (path and byte
 * included) that also names the OpenFlow error a switch would answer with.
 */
import { WireError } from '#wire/error.js'
import type { PeerErrorName } from '../peer-errors.js'

export class ActionError extends WireError {
  /** What a switch answers to this: OFPBAC_* for actions, OFPBIC_* for instructions, NXB* for extensions. */
  readonly openflow: PeerErrorName

  constructor(openflow: PeerErrorName, reason: string, offset: number) {
    super('invalid', `${openflow}: ${reason}`, offset)
    this.name = 'ActionError'
    this.openflow = openflow
  }
}

/** Throws the error `openflow` at the place where `cursor`, a reader or writer, stands. */
export const refuse = (cursor: { readonly pos: number }, openflow: PeerErrorName, reason: string): never => {
  throw new ActionError(openflow, reason, cursor.pos)
}
