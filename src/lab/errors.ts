/** What can go wrong in a lab, each with a code that programs may rely on. */

export type LabErrorCode =
  /** A lab makes network namespaces, which needs root. */
  | 'not-root'
  /** A program that a lab needs is not installed: deploy/setup.sh installs it. */
  | 'tool-missing'
  /** A lab, node, host or interface cannot be called so. */
  | 'invalid-name'
  /** What was asked for cannot be: a count, an address, an MTU. */
  | 'invalid-option'
  /** There is a lab of this name. */
  | 'lab-exists'
  /** There is no lab of this name. */
  | 'lab-unknown'
  /** Another process is bringing this lab up. */
  | 'lab-busy'
  /** The lab was stopped half way up or down: `heddle lab down` clears it. */
  | 'lab-broken'
  /** All management subnets are taken by other labs. */
  | 'subnets-exhausted'
  /** The lab has no node of this name. */
  | 'node-unknown'
  /** The lab has a node or host of this name. */
  | 'host-exists'
  /** The lab has no host of this name. */
  | 'host-unknown'
  /** The host has no interface of this name. */
  | 'interface-unknown'
  /** The lab has neither a node nor a host of this name. */
  | 'member-unknown'
  /** A program that was run for the lab failed: its words are in the message. */
  | 'command-failed'
  /** A daemon of Open vSwitch did not end or start in time. */
  | 'daemon-stuck'
  /** Something of the lab could not be removed: the message lists it. */
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
