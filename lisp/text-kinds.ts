/**
 * How values are written as text and read back: a kind for each sort of value, combined from smaller ones as codecs are.
 * `lcaf-text.ts` declares the text of each LCAF with them. What is read comes from people and is bounded.
 */
import { LispError } from './errors.js'

/** Text longer than any address that fits in a datagram is not read. */
const textCharactersMax = 65_536
const depthMax = 8

/** A place in a text. */
export class TextCursor {
  pos = 0
  depth = 0

  constructor(readonly text: string) {
    if (text.length > textCharactersMax) throw new LispError('bad-text', `text of ${text.length} characters`)
  }

  fail(reason: string): never {
    throw new LispError('bad-text', `${reason}, at character ${this.pos + 1}`)
  }

  get atEnd(): boolean {
    return this.pos === this.text.length
  }

  /** Moves past `token` when it is next. */
  skip(token: string): boolean {
    const found = this.text.startsWith(token, this.pos)
    if (found) this.pos += token.length
    return found
  }

  /** Moves past `token`, which must be next. */
  expect(token: string): void {
    if (!this.skip(token)) this.fail(`${token} is expected`)
  }

  /** Moves past what `pattern` (sticky) matches here. */
  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.pos
    const found = pattern.exec(this.text)?.[0]
    if (found !== undefined) this.pos += found.length
    return found
  }

  /** Reads something that may contain itself. */
  nested<T>(read: () => T): T {
    if (this.depth >= depthMax) this.fail(`nested more than ${depthMax} deep`)
    this.depth++
    const value = read()
    this.depth--
    return value
  }
}

export interface TextKind<T> {
  print(value: T): string
  parse(cursor: TextCursor): T
}

/** Decimal; hexadecimal with `0x` is read as well. */
export const number = (max: number, min = 0): TextKind<number> => ({
  print: (value) => `${value}`,
  parse: (cursor) => {
    const digits = cursor.match(/0x[0-9a-fA-F]+|-?\d+/y) ?? cursor.fail('a number is expected')
    const value = Number(digits)
    if (value > max || value < min) cursor.fail(`${digits} is not in ${min}..${max}`)
    return value
  },
})

/** Two hexadecimal digits a byte; `-` for no bytes. */
export const hex: TextKind<Uint8Array> = {
  print: (value) => (value.length === 0 ? '-' : Buffer.from(value).toString('hex')),
  parse: (cursor) => {
    const digits = cursor.match(/-|(?:[0-9a-fA-F]{2})+/y) ?? cursor.fail('hexadecimal digits are expected')
    return Uint8Array.from(Buffer.from(digits === '-' ? '' : digits, 'hex'))
  },
}

/** In quotes, as JSON has them, each character a byte. */
export const quoted: TextKind<string> = {
  print: (value) => JSON.stringify(value).replace(/[\u007f-\u00ff]/g, escaped),
  parse: (cursor) => {
    const found = cursor.match(/"(?:[^"\\]|\\.)*"/y) ?? cursor.fail('a text in quotes is expected')
    const value = unquoted(found) ?? cursor.fail('the text in quotes is not one of JSON')
    if ([...value].some((character) => character > '\xff')) cursor.fail('a character that is no byte')
    return value
  },
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

const unquoted = (text: string): string | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

/** Names of the flags that are set, joined with `+`; `-` where none is. */
export const flagNames = <const N extends string>(
  names: readonly N[],
): TextKind<{ readonly [K in N]?: boolean }> => ({
  print: (value) => names.filter((name) => value[name] === true).join('+') || '-',
  parse: (cursor) => {
    const set = new Set<string>()
    if (!cursor.skip('-')) {
      do {
        const name = cursor.match(/[a-z][a-z0-9]*(?:-[a-z0-9]+)*/y) ?? ''
        if (!names.some((known) => known === name)) cursor.fail(`${name || 'that'} is not one of ${names}`)
        set.add(name)
      } while (cursor.skip('+'))
    }
    return Object.fromEntries(names.map((name) => [name, set.has(name)])) as { [K in N]: boolean }
  },
})

/** `(a,b,c)`, `()`. */
export const listOf = <T>(item: TextKind<T>): TextKind<readonly T[]> => ({
  print: (values) => `(${values.map((value) => item.print(value)).join(',')})`,
  parse: (cursor) => {
    cursor.expect('(')
    const items: T[] = []
    if (cursor.skip(')')) return items
    do items.push(item.parse(cursor))
    while (cursor.skip(','))
    cursor.expect(')')
    return items
  },
})

/** `(a=…,b=…)`: the fields in the order of their declaration. */
export const fieldsOf = <T extends object>(
  kinds: {
    readonly [K in keyof T & string]: TextKind<T[K]>
  },
): TextKind<T> => {
  const entries = Object.entries(kinds) as [keyof T & string, TextKind<T[keyof T & string]>][]
  return {
    print: (value) => `(${entries.map(([name, kind]) => `${name}=${kind.print(value[name])}`).join(',')})`,
    parse: (cursor) => {
      cursor.expect('(')
      const values = entries.map(([name, kind], index) => {
        cursor.expect(index === 0 ? `${name}=` : `,${name}=`)
        return [name, kind.parse(cursor)] as const
      })
      cursor.expect(')')
      return Object.fromEntries(values) as T
    },
  }
}
