/** Errors of matches, under the names that a switch gives them: OpenFlow 1.5, section 7.5.4.5. */
import { WireError, type WireErrorCode } from '#wire/error.js'
import type { PeerErrorName } from './peer-errors.js'

/** A wire error that a switch would answer with `openflow`. */
export class MatchError extends WireError {
  readonly openflow: PeerErrorName

  constructor(openflow: PeerErrorName, reason: string, offset = 0, code: WireErrorCode = 'invalid') {
    super(code, `${openflow}: ${reason}`, offset)
    this.name = 'MatchError'
    this.openflow = openflow
  }
}
