/**
 * Every error that the CNI plugin answers with, declared once: the number that the runtime reads, and its meaning. Numbers below
 * 100 are those of the CNI specification (1.1.0, section 5 "Result Types", error; section 2 for STATUS); from 100 on they are ours.
 */

/** code: [number, meaning] */
export const cniErrorCodes = {
  'incompatible-version': [1, 'The plugin does not speak the CNI version of the configuration'],
  'unsupported-field': [2, 'The network configuration has a field that the plugin does not know'],
  'container-unknown': [3, 'The container or its network namespace does not exist'],
  'invalid-environment': [4, 'An environment variable is missing or has a value that cannot be'],
  'io-failure': [5, 'The configuration or a file of the node could not be read or written'],
  'decoding-failure': [6, 'The configuration, a version or an answer could not be decoded'],
  'invalid-config': [7, 'The network configuration is not valid, or names what the controller does not have'],
  'try-later': [11, 'The controller or the switch is not ready for it now: the runtime tries again'],
  'plugin-unavailable': [50, 'STATUS: new containers cannot be attached'],
  'connectivity-limited': [51, 'STATUS: new containers cannot be attached, and those there may reach less'],
  'token-refused': [100, 'The controller does not accept the token of the node'],
  'node-not-joined': [101, 'The controller knows no node of this name'],
  'addresses-exhausted': [102, 'No address is free in a subnet of the network'],
  taken: [103, 'An interface, address or name belongs to another'],
  'command-failed': [104, 'A command on the node failed, or is not installed'],
  refused: [105, 'The controller refused the endpoint for another reason'],
  'check-failed': [106, 'CHECK found the attachment other than ADD left it'],
  'ipam-failed': [107, 'The IPAM plugin failed without an error of its own, or cannot be found'],
  defect: [999, 'The plugin has a defect'],
} as const satisfies Record<string, readonly [number: number, meaning: string]>

export type CniErrorCode = keyof typeof cniErrorCodes

/** What goes to standard output beside `cniVersion` when a command fails. */
export interface ErrorAnswer {
  readonly code: number
  readonly msg: string
  readonly details?: string
}

/** What a command of the plugin fails with. */
export class CniError extends Error {
  readonly code: CniErrorCode
  readonly details: string | undefined
  readonly #number: number | undefined

  /** @param number where another plugin failed: its own */
  constructor(
    code: CniErrorCode,
    message: string,
    rest: { details?: string; number?: number; cause?: unknown } = {},
  ) {
    super(message, rest.cause === undefined ? undefined : { cause: rest.cause })
    this.name = 'CniError'
    this.code = code
    this.details = rest.details
    this.#number = rest.number
  }

  get answer(): ErrorAnswer {
    return {
      code: this.#number ?? cniErrorCodes[this.code][0],
      msg: this.message,
      ...(this.details === undefined || this.details === '' ? {} : { details: this.details }),
    }
  }
}

/** What an error of any make is to the runtime. */
export const answerOf = (error: unknown): ErrorAnswer => {
  if (error instanceof CniError) return error.answer
  return { code: cniErrorCodes.defect[0], msg: error instanceof Error ? error.message : String(error) }
}
