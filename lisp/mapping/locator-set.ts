/**
 * The locators of a mapping as one value: in the order of RFC 9301, section 5.4, and encoded once, since a reply carries the same
 * bytes for each EID that lives there.
 */
import { encode, list } from '#wire/codec.js'
import type { Address, IpAddress } from '../address.js'
import { address } from '../address.js'
import { type Locator, locator } from '../records.js'

export interface LocatorSet {
  /** Two sets are one when their keys are. */
  readonly key: string
  readonly locators: readonly Locator[]
  /** As they stand in a record. */
  readonly bytes: Uint8Array
}

const locators = list(locator)

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')

/** Locators in order of their addresses (RFC 9301, section 5.4, asks for it), so that a set has one form; duplicates are kept. */
export const locatorSet = (unsorted: readonly Locator[]): LocatorSet => {
  const sorted = unsorted.length < 2 ? unsorted : inOrder(unsorted)
  const bytes = encode(locators, sorted)
  return { key: textOf(bytes), locators: sorted, bytes }
}

/** An address as text that compares as its bytes do. */
export const addressKey = (rloc: Address): string => textOf(encode(address, rloc))

/** Whether a set is of these locators, in whatever order they come; quick when they come in its own. */
export const isSetOf = (set: LocatorSet, unsorted: readonly Locator[]): boolean => {
  if (set.locators.length !== unsorted.length) return false
  for (let i = 0; i < unsorted.length; i++) {
    const known = set.locators[i]
    const other = unsorted[i]
    if (known === undefined || other === undefined || !isSame(known, other))
      return locatorSet(unsorted).key === set.key
  }
  return true
}

const isSame = (a: Locator, b: Locator): boolean =>
  a.priority === b.priority &&
  a.weight === b.weight &&
  a.multicastPriority === b.multicastPriority &&
  a.multicastWeight === b.multicastWeight &&
  a.flags.reachable === b.flags.reachable &&
  a.flags.local === b.flags.local &&
  a.flags.probed === b.flags.probed &&
  isIp(a.rloc) &&
  a.rloc.family === b.rloc.family &&
  a.rloc.value === b.rloc.value

const isIp = (rloc: Address): rloc is IpAddress => rloc.family === 'ipv4' || rloc.family === 'ipv6'

const inOrder = (unsorted: readonly Locator[]): readonly Locator[] =>
  unsorted
    .map((one) => ({ one, key: addressKey(one.rloc) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ one }) => one)

export const noLocators: LocatorSet = locatorSet([])
