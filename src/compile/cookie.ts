/**
 * Cookies: 64 bits in every flow of ours that say who owns it and why it exists. Two bytes `HE`, one byte for the kind of
 * the object, 40 bits for its serial number; of entries of the map-cache, which have none, a hash of VNI and EID. A flow with any other
 * cookie is somebody else's.
 */

export const originKinds = { node: 1, wire: 2, network: 3, endpoint: 4, cache: 5 } as const
export type OriginKind = keyof typeof originKinds

const kindOf: readonly (OriginKind | undefined)[] = Object.entries(originKinds).reduce<
  (OriginKind | undefined)[]
>((kinds, [kind, code]) => {
  kinds[code] = kind as OriginKind
  return kinds
}, [])

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
  const kind = kindOf[Number((cookie >> serialBits) & 0xffn)]
  return kind === undefined ? undefined : { kind, serial: Number(cookie & serialMask) }
}

/** Serial numbers are below this. */
const serialsEnd = 2 ** 40

/** An origin as one number: that of a wire is its serial, since there are many wires and small numbers are cheap. */
export type Slot = number

export const slotOf = ({ kind, serial }: Origin): Slot =>
  kind === 'wire' ? serial : originKinds[kind] * serialsEnd + serial

export const originAt = (slot: Slot): Origin => ({
  kind: kindOf[Math.floor(slot / serialsEnd)] ?? 'wire',
  serial: slot % serialsEnd,
})
