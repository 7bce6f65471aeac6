/** OVSDB values as ovsdb-client(1) and ovs-vsctl(8) print them: `[a, b]`, `{key=value}`, words without quotes where they need none. */
import { isJsonArray, type Json, printJson } from '#ovsdb/json.js'

const bareWord = /^[A-Za-z_][A-Za-z0-9_.-]*$/

/** A value in the notation of RFC 7047 (section 5.1), whatever its column's type. */
export const valueText = (value: Json | undefined): string => {
  if (value === undefined) return ''
  if (!isJsonArray(value)) return atomText(value)
  const [tag, inner] = value
  if (tag === 'set' && isJsonArray(inner)) return `[${inner.map(atomText).join(', ')}]`
  if (tag === 'map' && isJsonArray(inner)) return `{${inner.map(pairText).join(', ')}}`
  return atomText(value)
}

const pairText = (pair: Json): string => {
  if (!isJsonArray(pair)) return printJson(pair)
  const [key = null, value = null] = pair
  return `${atomText(key)}=${atomText(value)}`
}

const words = ['true', 'false']

const atomText = (atom: Json): string => {
  if (typeof atom === 'string') return bareWord.test(atom) && !words.includes(atom) ? atom : printJson(atom)
  if (isJsonArray(atom) && atom.length === 2 && typeof atom[1] === 'string') return atom[1]
  return printJson(atom)
}
