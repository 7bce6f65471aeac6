/**
 * Named bits of a number as booleans. A table of names is compiled to straight-line functions when it is loaded, so that
 * a word of ten flags costs a few nanoseconds: messages that arrive a hundred thousand times a second have such words.
 */
import type { Codec } from './codec.js'

/** A set of flags. What is absent when written is 0; every name is there when read. */
export type Flags<Name extends string> = { readonly [K in Name]?: boolean }

export interface FlagWord<Name extends string> {
  /** The flags that `word` holds; bits without a name are dropped. */
  of(word: number): Flags<Name>
  /** The word that holds `flags`. */
  word(flags: Flags<Name>): number
}

/** `masks`: the bit of each name, as `{ probe: 1 << 25 }`. */
export const flagWord = <const M extends Readonly<Record<string, number>>>(
  masks: M,
): FlagWord<keyof M & string> => {
  const entries = Object.entries(masks).map(([name, mask]) => [JSON.stringify(name), mask] as const)
  const shown = entries.map(([name, mask]) => `${name}: (word & ${mask}) !== 0`)
  const summed = entries.map(([name, mask]) => `(flags[${name}] === true ? ${mask} : 0)`)
  // Names are ours, from declarations, never from the network.
  return {
    of: new Function('word', `return { ${shown.join(', ')} }`) as (word: number) => Flags<keyof M & string>,
    word: new Function('flags', `return (${summed.join(' | ')}) >>> 0`) as (
      flags: Flags<keyof M & string>,
    ) => number,
  }
}

/** A number of which each bit has a name. */
export const flagField = <const M extends Readonly<Record<string, number>>>(
  codec: Codec<number>,
  masks: M,
): Codec<Flags<keyof M & string>> => {
  const flags = flagWord(masks)
  return { read: (r) => flags.of(codec.read(r)), write: (w, v) => codec.write(w, flags.word(v)) }
}
