/**
 * Matches from the text that ovs-ofctl(8) accepts: fields by any of their names, protocols by word, parts of fields as
 * `reg0[0..7]=5`. What Open vSwitch would quietly leave out because a prerequisite is missing is an error here: the flow
 * would take more packets than its text says.
 */
import { badText, type KeyValue, keyValues } from './actions/text.js'
import { parseFieldValue } from './field-text.js'
import { type Field, type FieldName, fieldByHeaderName, fieldByName, fields } from './fields.js'
import {
  type AnyConstraint,
  type AnyMatch,
  canonicalMatch,
  type Match,
  maskedOf,
  normalize,
} from './match.js'
import { MatchError } from './match-error.js'
import { shorthandOf } from './match-shorthand.js'
import { meets } from './prerequisites.js'
import { fitsField } from './value-rules.js'

/**
 * Names that mean another field in another protocol: `tp_dst` (which is `tcp_dst`) of UDP, `nw_src` of ARP. Each row lists
 * the fields that text may mix up, as Open vSwitch keeps them in the same place.
 */
const sharedPlaces: readonly (readonly FieldName[])[] = [
  ['tcp_src', 'udp_src', 'sctp_src', 'icmp_type', 'icmpv6_type'],
  ['tcp_dst', 'udp_dst', 'sctp_dst', 'icmp_code', 'icmpv6_code'],
  ['ip_src', 'arp_spa'],
  ['ip_dst', 'arp_tpa'],
  ['nw_proto', 'arp_op'],
]
const placeOf = new Map<string, readonly FieldName[]>(
  sharedPlaces.flatMap((place) => place.map((name) => [name, place] as const)),
)

/** The field that `name` means in a match that says what `context` says. */
const meantBy = (name: FieldName, context: Match): FieldName => {
  const place = placeOf.get(name)
  if (place === undefined || meets(context, fields[name].needs)) return name
  return place.find((other) => meets(context, fields[other].needs)) ?? name
}

/** `reg0[0..7]`: the field and the bits. */
const parseRange = (
  key: string,
): { readonly field: Field; readonly offset: number; readonly width: number } => {
  const [, name = '', from, to] = /^(\w+)\[(?:(\d{1,4})(?:\.\.(\d{1,4}))?)?\]$/.exec(key) ?? []
  const field = fieldByName(name) ?? fieldByHeaderName(name)?.field
  if (field === undefined) return badText(`${key} is no field`)
  const offset = Number(from ?? 0)
  const last = from === undefined ? field.width - 1 : Number(to ?? from)
  if (last < offset || last >= field.width)
    badText(`${key} is not within the ${field.width} bits of ${field.name}`)
  return { field, offset, width: last - offset + 1 }
}

/** The constraint that `reg0[0..7]=5` puts on the field. */
const parsePart = ({ key, value: text }: KeyValue): { field: Field; value: bigint; mask: bigint } => {
  const { field, offset, width } = parseRange(key)
  if (!/^(0[xX][0-9a-fA-F]{1,300}|\d{1,320})$/.test(text))
    badText(`${text || '(empty)'} is no number for ${key}`)
  const value = BigInt(text)
  const ones = (1n << BigInt(width)) - 1n
  if (value > ones) badText(`${text} is too large for ${key}`)
  return { field, value: value << BigInt(offset), mask: ones << BigInt(offset) }
}

/** Constraints as they are read, by the field that the text names. */
type Draft = Record<string, AnyConstraint>

/** An empty mask takes back what was said before. */
const put = (draft: Draft, field: Field, value: number | bigint, mask: number | bigint): void => {
  const constraint = normalize(field, value, mask)
  if (constraint === undefined) delete draft[field.name]
  else draft[field.name] = constraint
}

/** A field's name alone asks for its prerequisites, and of a tunnel option for its presence. */
const parseField = (draft: Draft, field: Field, text: string): void => {
  const { value, mask } = parseFieldValue(field, text === '' ? '*' : text)
  if (!fitsField(field, value)) badText(`${text} is no value of ${field.name}`)
  if (mask === undefined) draft[field.name] = value
  else put(draft, field, value, mask)
}

/** Parts of a field that are named one after the other add up. */
const parsePartOf = (draft: Draft, pair: KeyValue): void => {
  const { field, value, mask } = parsePart(pair)
  const before = draft[field.name]
  const old = before === undefined ? { value: 0, mask: 0 } : maskedOf(field, before)
  const own = (number: bigint): number | bigint => (field.wide ? number : Number(number))
  put(draft, field, own((BigInt(old.value) & ~mask) | value), own(BigInt(old.mask) | mask))
}

/** Takes the pair into the draft, unless it is not about the match. */
const parsePair = (draft: Draft, pair: KeyValue): boolean => {
  const { key, value } = pair
  const shorthand = value === '' ? shorthandOf(key) : undefined
  const field = fieldByName(key)
  if (shorthand !== undefined) {
    draft.eth_type = shorthand.ethertype
    if (shorthand.protocol !== undefined) draft.nw_proto = shorthand.protocol
  } else if (key === 'eth' && value === '') draft.packet_type = 0
  else if (field !== undefined) parseField(draft, field, value)
  else if (key.includes('[')) parsePartOf(draft, pair)
  else return false
  return true
}

/** The canonical form; constraints that contradict each other are a fault of the text. */
const canonicalOf = (constraints: AnyMatch): Match => {
  try {
    return canonicalMatch(constraints as Match)
  } catch (error) {
    return error instanceof MatchError ? badText(error.reason) : raise(error)
  }
}

const raise = (error: unknown): never => {
  throw error
}

/** Gives every constraint to the field that is meant, lowest layer first, and checks the prerequisites. */
const settle = (draft: AnyMatch): Match => {
  const settled: Record<string, AnyConstraint> = {}
  const isArp = meets(draft as Match, 'arp')
  for (const [name, constraint] of Object.entries(canonicalOf(draft) as AnyMatch)) {
    // The protocol decides what the fields after it are.
    const meant = name === 'nw_proto' && isArp ? 'arp_op' : meantBy(name as FieldName, settled)
    if (meant !== name && settled[meant] !== undefined) badText(`${name} and ${meant} are the same here`)
    settled[meant] = constraint
  }
  const match = canonicalOf(settled)
  for (const name of Object.keys(match) as FieldName[]) {
    const { needs } = fields[name]
    if (needs !== 'none' && !meets(match, needs)) badText(`${name} can be matched only with ${needs}`)
    if (!fitsField(fields[name], maskedOf(fields[name], (match as AnyMatch)[name] ?? 0).value))
      badText(`${name} cannot have that value`)
  }
  return match
}

/** The match that `pairs` describe, and the pairs that are not about it. Throws `OpenFlowError` (`bad-text`). */
export const parseMatchPairs = (
  pairs: readonly KeyValue[],
): { readonly match: Match; readonly others: readonly KeyValue[] } => {
  const draft: Draft = {}
  const others = pairs.filter((pair) => !parsePair(draft, pair))
  return { match: settle(draft), others }
}

/** Parses a match. Throws `OpenFlowError` with the code `bad-text`. */
export const parseMatch = (text: string): Match => {
  const { match, others } = parseMatchPairs(keyValues(text))
  const [unknown] = others
  return unknown === undefined ? match : badText(`${unknown.key} is no match field`)
}
