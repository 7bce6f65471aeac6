/**
 * The exact parser: the judge of what is JSON to OVSDB, and the one that says where a bad text goes wrong. It reads a whole text and is
 * recursive, which its bound on depth makes safe. Messages that `JSON.parse` would read alike never come here: see `framing.ts`.
 */
import { OvsdbError } from './errors.js'
import { type Json, jsonDepthMax } from './json.js'
import { scanNumber } from './json-number.js'

/** Parses one object or array with white space around it. */
export const parseExactly = (text: string): Json => {
  const parser = new Parser(text)
  return parser.document()
}

const keyword = /[A-Za-z]+/y
const hex4 = /^[0-9a-fA-F]{4}$/

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/** Shorter pieces of a string are copies anyway. */
const sliceLengthMin = 13

/** A copy: a piece cut from the text of a message would keep all of that text in memory as long as it lives. */
const detach = (piece: string): string =>
  piece.length < sliceLengthMin ? piece : Buffer.from(piece).toString()

class Parser {
  #at = 0
  #depth = 0
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  document(): Json {
    this.#skipSpace()
    const first = this.#text[this.#at]
    if (first !== '{' && first !== '[') throw this.#error('an object or array is expected')
    const value = this.#value()
    this.#skipSpace()
    if (this.#at < this.#text.length) throw this.#error('something follows the value')
    return value
  }

  #value(): Json {
    this.#skipSpace()
    const first = this.#text[this.#at]
    if (first === '"') return this.#string()
    if (first === '{' || first === '[') return this.#nested(first)
    if (first === '-' || (first !== undefined && first >= '0' && first <= '9')) return this.#number()
    return this.#keyword()
  }

  #nested(opening: '{' | '['): Json {
    this.#depth += 1
    if (this.#depth > jsonDepthMax) throw this.#error(`values are nested more than ${jsonDepthMax} deep`)
    this.#at += 1
    const value = opening === '{' ? this.#object() : this.#array()
    this.#depth -= 1
    return value
  }

  #object(): Json {
    const members: [string, Json][] = []
    if (this.#accept('}')) return {}
    do {
      this.#skipSpace()
      if (this.#text[this.#at] !== '"') throw this.#error('the name of a member is expected')
      const name = this.#string()
      if (!this.#accept(':')) throw this.#error('a colon is expected')
      members.push([name, this.#value()])
    } while (this.#accept(','))
    if (!this.#accept('}')) throw this.#error('a comma or closing brace is expected')
    // Makes a member of any name, `__proto__` included; the last of equal names stays.
    return Object.fromEntries(members)
  }

  #array(): Json {
    const elements: Json[] = []
    if (this.#accept(']')) return elements
    do elements.push(this.#value())
    while (this.#accept(','))
    if (!this.#accept(']')) throw this.#error('a comma or closing bracket is expected')
    return elements
  }

  #string(): string {
    let value = ''
    this.#at += 1
    for (;;) {
      value += this.#plain()
      const next = this.#text[this.#at]
      if (next === '"') {
        this.#at += 1
        return detach(value)
      }
      if (next === undefined) throw this.#error('a string does not end')
      if (next !== '\\') throw this.#error('a control character in a string is not escaped')
      value += this.#escape()
    }
  }

  /** Characters of a string that stand for themselves. */
  #plain(): string {
    const start = this.#at
    let code = this.#text.charCodeAt(this.#at)
    while (code >= 0x20 && code !== 0x22 && code !== 0x5c) {
      this.#at += 1
      code = this.#text.charCodeAt(this.#at)
    }
    return this.#text.slice(start, this.#at)
  }

  #escape(): string {
    const letter = this.#text[this.#at + 1]
    if (letter === 'u') return this.#numberedEscape()
    const meaning = letter === undefined ? undefined : escapes[letter]
    if (meaning === undefined) throw this.#error('a string has an escape that does not exist')
    this.#at += 2
    return meaning
  }

  #numberedEscape(): string {
    const unit = this.#codeUnit()
    if (unit === 0) throw this.#error('a string has a NUL')
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit)
    const pair = unit < 0xdc00 && this.#text.startsWith('\\u', this.#at)
    const low = pair ? this.#codeUnit() : 0
    if (low < 0xdc00 || low > 0xdfff) throw this.#error('a string has half a surrogate pair')
    return String.fromCharCode(unit, low)
  }

  #codeUnit(): number {
    const digits = this.#text.slice(this.#at + 2, this.#at + 6)
    if (!hex4.test(digits)) throw this.#error('an escape by number has not four hexadecimal digits')
    this.#at += 6
    return Number.parseInt(digits, 16)
  }

  #number(): number | bigint {
    const token = scanNumber(this.#text, this.#at)
    if (typeof token === 'string') throw this.#error(token)
    this.#at = token.end
    return token.value
  }

  #keyword(): Json {
    const start = this.#at
    const word = this.#skip(keyword)
    if (word === 'true') return true
    if (word === 'false') return false
    if (word === 'null') return null
    this.#at = start
    throw this.#error(
      word === '' ? 'a value is expected' : `${JSON.stringify(word.slice(0, 32))} is no value`,
    )
  }

  #accept(character: string): boolean {
    this.#skipSpace()
    if (this.#text[this.#at] !== character) return false
    this.#at += 1
    return true
  }

  #skipSpace(): void {
    let code = this.#text.charCodeAt(this.#at)
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      this.#at += 1
      code = this.#text.charCodeAt(this.#at)
    }
  }

  /** Goes past what the sticky expression matches, and returns it. */
  #skip(expression: RegExp): string {
    expression.lastIndex = this.#at
    const [matched = ''] = expression.exec(this.#text) ?? []
    this.#at += matched.length
    return matched
  }

  #error(message: string): OvsdbError {
    return new OvsdbError('malformed-json', `${message}, at character ${this.#at}`, { offset: this.#at })
  }
}
