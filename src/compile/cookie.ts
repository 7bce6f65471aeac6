/**
 * Cookies: 64 bits in every flow of ours that say who owns it and why it exists. Two bytes `HE`, one byte for the kind of
 * the object, 40 bits for its serial number. A flow with any other cookie is somebody else's.
 */

export const originKinds = { node: 1, wire: 2 } as const
export type OriginKind = keyof typeof originKinds

/** The object that a flow exists for. */
export interface Origin {
  readonly kind: OriginKind
  readonly serial: number
}

const mark = 0x4845n
const serialBits = 40n
const serialMask = (1n << serialBits) - 1n

/** Selects all cookies of ours: value and mask for a request to the switch. */
export const ourCookies = { value: mark << 48n, mask: 0xffffn << 48n } as const

export const cookieOf = ({ kind, serial }: Origin): bigint =>
  (mark << 48n) | (BigInt(originKinds[kind]) << serialBits) | BigInt(serial)

/** Undefined for cookies that are not ours. */
export const originOf = (cookie: bigint): Origin | undefined => {
  if (cookie >> 48n !== mark) return undefined
  const code = Number((cookie >> serialBits) & 0xffn)
  const serial = Number(cookie & serialMask)
  if (code === originKinds.wire) return { kind: 'wire', serial }
  return code === originKinds.node ? { kind: 'node', serial } : undefined
}
