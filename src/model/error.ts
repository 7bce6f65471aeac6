/**
 * Every error that a user of the fabric can meet, declared once: its code, the HTTP status that REST gives it and its
 * title. REST's problem documents, the command line's exit messages and the manual derive from this table.
 */

/** code: [HTTP status, title]. The title never changes with the occurrence (RFC 9457, section 3.1.4); the detail does. */
export const errorCodes = {
  'invalid-request': [400, 'The request is not valid'],
  unauthorized: [401, 'A bearer token is needed'],
  'not-found': [404, 'There is no such object'],
  'method-not-allowed': [405, 'This method does not apply here'],
  'name-taken': [409, 'The name is taken'],
  'vni-taken': [409, 'The VNI is taken'],
  'vni-quarantined': [409, 'The VNI was in use a short while ago'],
  'interface-taken': [409, 'The interface belongs to another link or endpoint'],
  'address-taken': [409, 'The address belongs to another endpoint'],
  'address-quarantined': [409, 'The address was in use a short while ago'],
  'mac-taken': [409, 'The MAC address belongs to another endpoint'],
  'network-in-use': [409, 'Endpoints are in the network'],
  'node-in-use': [409, 'Links or endpoints are at this node'],
  'topology-owns-link': [409, 'The link belongs to a topology'],
  'eid-taken': [409, 'The EID-prefix belongs to another site'],
  'managed-elsewhere': [409, 'The object is not managed here'],
  conflict: [409, 'The object changed at the same time'],
  'body-too-large': [413, 'The request body is too large'],
  'unsupported-media-type': [415, 'The request body is not JSON'],
  'vni-out-of-range': [422, 'The VNI is outside the range that Heddle may use'],
  'mtu-too-large': [422, 'The MTU is above what the underlay carries'],
  'mtu-too-small': [422, 'IPv6 needs an MTU of at least 1280'],
  'same-interface': [422, 'Both ends are the same interface'],
  'network-unknown': [422, 'There is no such network'],
  'address-outside': [422, 'The address is in none of the subnets'],
  'address-unusable': [422, 'The address is one that no endpoint may have'],
  'subnets-overlap': [422, 'Subnets of one network overlap'],
  'no-mapping-system': [501, 'This controller runs no mapping system'],
  'vni-exhausted': [503, 'No VNI is free'],
  'subnet-exhausted': [503, 'No address of the subnet is free'],
  'store-unavailable': [503, 'The northbound database does not accept the change'],
  'not-leader': [503, 'Another controller holds the northbound lock'],
  'outcome-unknown': [503, 'Whether the change was stored is not known'],
  'node-offline': [503, 'The node is not connected'],
  'node-refused': [502, 'The switch refused a change'],
  overloaded: [503, 'The controller is busy'],
  internal: [500, 'The controller has a defect'],
} as const satisfies Record<string, readonly [status: number, title: string]>

export type ErrorCode = keyof typeof errorCodes

/** What an error may carry besides its words. */
export interface ErrorDetails {
  /** Path of the offending field in the request: `a.interface`, `links[3].vni`. */
  readonly field?: string
  /** The object that is in the way: `link blue`, `node n1`. */
  readonly owner?: string
  /** What the peer (a switch, a database) said, in its own words. */
  readonly peer?: string
  readonly cause?: unknown
}

/** The one error of the controller: a code of the table, what happened in words, and the way out where there is one. */
export class FabricError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'FabricError'
    this.code = code
    this.details = details
  }

  get status(): number {
    return errorCodes[this.code][0]
  }
}

/** What an error of unknown make says, in words. */
export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error))
