/**
 * Wires as the user wants them: the intent. A wire joins two interfaces, on one node or on two, like a cable. REST and
 * the command line say `link`.
 */
import { z } from 'zod'

/** Node names, link names, topology names: they appear in URLs, tables and OVSDB values. */
export const objectName = z
  .string()
  .regex(
    /^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/,
    '1 to 64 letters, digits, dots, dashes or underscores',
  )
  .refine((name) => !Object.hasOwn(Object.prototype, name) && name !== '__proto__', 'this name is reserved')

/** A Linux interface name: at most 15 bytes, no slash, no white space (IFNAMSIZ, dev_valid_name). */
export const interfaceName = z
  .string()
  .regex(
    /^(?!\.{1,2}$)[\x21-\x2e\x30-\x39\x3b-\x7e]{1,15}$/,
    '1 to 15 visible characters without slash or colon',
  )

/** One end of a wire: an interface that exists or will exist on a node. */
export const wireEnd = z.strictObject({ node: objectName, interface: interfaceName })
export type WireEnd = z.infer<typeof wireEnd>

/** What a user may say of a wire. */
export const wireSpec = z.strictObject({
  name: objectName,
  a: wireEnd,
  b: wireEnd,
  /** VXLAN network identifier, 24 bits; allocated when absent. */
  vni: z.int().min(1).max(0xff_ffff).optional(),
  /** Largest layer-3 packet in bytes; what the underlay carries when absent. */
  mtu: z.int().min(68).max(65_535).optional(),
  /** Rate limit of each direction in megabits per second; none when absent. */
  rateMbps: z.int().min(1).max(1_000_000).optional(),
})
export type WireSpec = z.infer<typeof wireSpec>

/** Who asked for an object and when: flows resolve to it by their cookie. */
export interface Provenance {
  readonly requestId: string
  /** The name of the bearer token, or `anonymous`. */
  readonly by: string
  /** Milliseconds since the Unix epoch. */
  readonly at: number
}

/** A wire as stored. */
export interface Wire {
  readonly name: string
  /** Serial number, unique and never used again: the low 40 bits of the cookie of its flows. */
  readonly serial: number
  readonly a: WireEnd
  readonly b: WireEnd
  readonly vni: number
  readonly mtu?: number
  readonly rateMbps?: number
  /** The topology that owns the wire; absent when it was made by itself. */
  readonly topology?: string
  readonly provenance: Provenance
}

export const endNames = ['a', 'b'] as const
export type EndName = (typeof endNames)[number]
