/**
 * The words for declaring columns in TypeScript: `string`, `set(ref('Port'))`, `map(string, integer)`. A declared column knows the
 * type that it needs at the server, the TypeScript type of what it holds, and how to go from one to the other. Reading trusts the server
 * to have kept its own constraints: it checks types only, so that a newer server may know values that we do not.
 */
import { type AtomicType, excerpt, isInteger, isUuid, type NamedUuid, readUuid, type Uuid } from './atoms.js'
import { type ColumnType, elementsOf, pairsOf } from './datum.js'
import { OvsdbError } from './errors.js'
import { isJsonArray, type Json } from './json.js'

/** A declared column: `V` is what a row holds, `I` what may be written, `E` one element of a set or key of a map. */
export interface Column<V, I = V, E = V> {
  readonly type: ColumnType
  /** The column may be absent from a server's schema; its value is then undefined. */
  readonly maybe: boolean
  /** What the column of a new row holds when nothing was said: RFC 7047, section 5.2.1. */
  readonly empty: V
  /** Reads a whole value. Throws `bad-value`. */
  decode(json: Json): V
  /** What a value becomes by a difference: `<row-update2>` of ovsdb-server(7). For columns whose server type has a `max` over 1. */
  applyDifference(value: V, json: Json): V
  encode(value: I): Json
  equals(a: V, b: V): boolean
  /** One element of a set, or one key of a map. */
  encodeElement(element: E): Json
}

/** A scalar column, which is also the building block of sets and maps. */
export interface AtomColumn<V, I = V> extends Column<V, I, I> {
  readonly atom: AtomicType
}

export type MapInput<K, V> = ReadonlyMap<K, V> | (K extends string ? Readonly<Record<string, V>> : never)

interface AtomFacts<V, I> {
  readonly atom: AtomicType
  readonly refTable?: string
  readonly empty: V
  /** Undefined when the JSON is no such atom. */
  read(json: Json): V | undefined
  encode(value: I): Json
}

const scalar = <V, I>(facts: AtomFacts<V, I>): AtomColumn<V, I> => {
  const { atom, empty, read, encode, refTable } = facts
  const decode = (json: Json): V => {
    const value = read(json)
    return value === undefined ? decodeWrapped(json) : value
  }
  const decodeWrapped = (json: Json): V => {
    const elements = isJsonArray(json) && json[0] === 'set' ? elementsOf(json) : []
    const [only] = elements
    const value = elements.length === 1 && only !== undefined ? read(only) : undefined
    if (value === undefined) throw new OvsdbError('bad-value', `${excerpt(json)} is no ${atom}`)
    return value
  }
  const key = refTable === undefined ? { type: atom } : { type: atom, refTable }
  return {
    atom,
    type: { key, min: 1, max: 1 },
    maybe: false,
    empty,
    decode,
    applyDifference: (_value, json) => decode(json),
    encode,
    equals: (a, b) => a === b,
    encodeElement: encode,
  }
}

/** A 64-bit integer whose values are expected to be exact in a number; one beyond 2^53 is an error, never rounded. */
export const integer = scalar<number, number>({
  atom: 'integer',
  empty: 0,
  read: (json) => {
    if (typeof json === 'number' && Number.isSafeInteger(json)) return json
    if (isInteger(json)) throw new OvsdbError('bad-value', `${json} needs a column declared as integer64`)
    return undefined
  },
  encode: (value) => {
    if (Number.isSafeInteger(value)) return value
    throw new OvsdbError('bad-value', `${value} is no integer that a number holds exactly`)
  },
})

/** A 64-bit integer as a bigint, for counters and identifiers that use all their bits. */
export const integer64 = scalar<bigint, bigint>({
  atom: 'integer',
  empty: 0n,
  read: (json) => (isInteger(json) ? BigInt(json) : undefined),
  encode: (value) => {
    if (BigInt.asIntN(64, value) === value) return value
    throw new OvsdbError('bad-value', `${value} does not fit into 64 bits`)
  },
})

export const real = scalar<number, number>({
  atom: 'real',
  empty: 0,
  read: (json) => (typeof json === 'number' || typeof json === 'bigint' ? Number(json) : undefined),
  encode: (value) => {
    if (Number.isFinite(value)) return value
    throw new OvsdbError('bad-value', `${value} is no number that OVSDB can hold`)
  },
})

export const boolean = scalar<boolean, boolean>({
  atom: 'boolean',
  empty: false,
  read: (json) => (typeof json === 'boolean' ? json : undefined),
  encode: (value) => value,
})

/** Strings that are shared: the first ones that came are those that come again, names of nodes, owners, types. */
const sharedStringsMax = 10_000
const sharedStrings = new Map<string, string>()

/** The parser makes a string of its own for every place where it finds one. */
const shared = (text: string): string => {
  const there = sharedStrings.get(text)
  if (there !== undefined) return there
  if (sharedStrings.size < sharedStringsMax) sharedStrings.set(text, text)
  return text
}

export const string = scalar<string, string>({
  atom: 'string',
  empty: '',
  read: (json) => (typeof json === 'string' ? shared(json) : undefined),
  encode: (value) => value,
})

/** A string for which we write only the words named here; a server may hold others. */
export const oneOf = <const W extends string>(..._words: readonly W[]): AtomColumn<W | (string & {}), W> => ({
  ...string,
})

const uuidFacts: AtomFacts<Uuid, Uuid | NamedUuid> = {
  atom: 'uuid',
  empty: '00000000-0000-0000-0000-000000000000',
  read: readUuid,
  encode: (value) => {
    if (typeof value !== 'string') return ['named-uuid', value.namedUuid]
    if (isUuid(value)) return ['uuid', value]
    throw new OvsdbError('bad-value', `${excerpt(value)} is no UUID`)
  },
}

export const uuid = scalar(uuidFacts)

/** A reference to a row of the table named. */
export const ref = (refTable: string): AtomColumn<Uuid, Uuid | NamedUuid> =>
  scalar({ ...uuidFacts, refTable })

/** A set of none or one, as a value or null. */
export const optional = <V, I>(element: AtomColumn<V, I>): Column<V | null, I | null, I> => {
  const decode = (json: Json): V | null =>
    isJsonArray(json) && json[0] === 'set' && isJsonArray(json[1]) && json[1].length === 0
      ? null
      : element.decode(json)
  return {
    type: { ...element.type, min: 0 },
    maybe: false,
    empty: null,
    decode,
    applyDifference: (_value, json) => decode(json),
    encode: (value) => (value === null ? ['set', []] : element.encode(value)),
    equals: (a, b) => a === b,
    encodeElement: element.encode,
  }
}

/** All empty sets are this one. */
const noElements: readonly never[] = Object.freeze([])

/** Any number of values, in the server's order, which means nothing. */
export const set = <V, I>(element: AtomColumn<V, I>): Column<readonly V[], readonly I[], I> => {
  const decode = (json: Json): readonly V[] => {
    const elements = elementsOf(json)
    return elements.length === 0 ? noElements : elements.map(element.decode)
  }
  return {
    type: { key: element.type.key, min: 0, max: Infinity },
    maybe: false,
    empty: noElements,
    decode,
    // What is in one of the two and not in the other.
    applyDifference: (value, json) => {
      const changed = new Set(decode(json))
      const kept = value.filter((member) => !changed.delete(member))
      const result = [...kept, ...changed]
      return result.length === 0 ? noElements : result
    },
    encode: (value) => ['set', value.map(element.encode)],
    equals: (a, b) => a === b || (a.length === b.length && isSubset(a, b)),
    encodeElement: element.encode,
  }
}

const isSubset = <V>(a: readonly V[], b: readonly V[]): boolean => {
  const members = new Set(b)
  return a.every((member) => members.has(member))
}

const refuseChange = (): never => {
  throw new TypeError('the empty map is shared and cannot be changed')
}

/** All empty maps are this one. */
const noEntries: ReadonlyMap<never, never> = Object.freeze(
  Object.assign(new Map<never, never>(), { set: refuseChange, delete: refuseChange, clear: refuseChange }),
)

/** Maps of one pair that are shared, for each column. */
const sharedMapsMax = 1_000

/** Values by key. */
export const map = <K extends Atomic, KI, V extends Atomic, VI>(
  key: AtomColumn<K, KI>,
  value: AtomColumn<V, VI>,
): Column<ReadonlyMap<K, V>, MapInput<KI, VI>, KI> => {
  // Marks of an owner and the like: thousands of rows hold the same single pair, and all share one map.
  const singles = new Map<string, ReadonlyMap<K, V>>()
  const single = (k: K, v: V): ReadonlyMap<K, V> => {
    const words = `${k}\u0000${v}`
    const there = singles.get(words)
    if (there !== undefined) return there
    const entries: ReadonlyMap<K, V> = new Map([[k, v]])
    if (singles.size < sharedMapsMax) singles.set(words, entries)
    return entries
  }
  const decode = (json: Json): ReadonlyMap<K, V> => {
    const pairs = pairsOf(json)
    const [first] = pairs
    if (first === undefined) return noEntries
    if (pairs.length === 1) return single(key.decode(first[0]), value.decode(first[1]))
    const entries = new Map<K, V>()
    for (const [k, v] of pairs) entries.set(key.decode(k), value.decode(v))
    return entries
  }
  return {
    type: { key: key.type.key, value: value.type.key, min: 0, max: Infinity },
    maybe: false,
    empty: noEntries,
    decode,
    // A pair that is there goes, one whose key is there changes, any other comes.
    applyDifference: (old, json) => {
      const entries = new Map(old)
      for (const [k, v] of decode(json)) {
        if (entries.get(k) === v) entries.delete(k)
        else entries.set(k, v)
      }
      return entries.size === 0 ? noEntries : entries
    },
    encode: (input) => ['map', entriesOf(input).map(([k, v]) => [key.encode(k), value.encode(v)])],
    equals: (a, b) => a === b || (a.size === b.size && [...a].every(([k, v]) => b.get(k) === v)),
    encodeElement: key.encode,
  }
}

type Atomic = number | bigint | boolean | string

const entriesOf = <K, V>(input: MapInput<K, V>): (readonly [K, V])[] =>
  input instanceof Map ? [...input] : Object.entries(input).map(([k, v]) => [k as K, v])

/** A column that servers of some versions lack: undefined there. Writing it to such a server is the server's error. */
export const maybe = <V, I, E>(column: Column<V, I, E>): Column<V | undefined, I, E> => ({
  ...column,
  maybe: true,
  empty: undefined,
  applyDifference: (value, json) => column.applyDifference(value ?? column.empty, json),
  equals: (a, b) => a === b || (a !== undefined && b !== undefined && column.equals(a, b)),
})
