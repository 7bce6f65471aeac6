/** What can go wrong in a lab, each with a code that programs may rely on. */

export type LabErrorCode =
  | 'not-root'
  | 'tool-missing'
  | 'invalid-name'
  | 'invalid-option'
  | 'lab-exists'
  | 'lab-unknown'
  | 'lab-busy'
  | 'lab-broken'
  | 'subnets-exhausted'
  | 'node-unknown'
  | 'host-exists'
  | 'host-unknown'
  | 'interface-unknown'
  | 'member-unknown'
  | 'command-failed'
  | 'daemon-stuck'
  | 'teardown-incomplete'

/** The message names the thing and the way out; a failing command's own words are kept in it. */
export class LabError extends Error {
  override readonly name = 'LabError'
  readonly code: LabErrorCode

  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
