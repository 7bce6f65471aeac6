/** Small pieces of text for people: safe for a terminal, and the units that they read. */

/** Text of others with its control characters made visible, so that it cannot steer the terminal. */
export const plain = (text: string): string =>
  text.replace(
    // Cc (controls) and Cf (bidirectional overrides and the like) of Unicode, the line separators with them.
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )

/** `1 link`, `20 links`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** Milliseconds as a person would say them: `0.4 ms`, `12 ms`, `3.2 s`, `2 m 5 s`. */
export const duration = (ms: number): string => {
  if (ms < 10) return `${Math.round(ms * 10) / 10} ms`
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ]
  if (days > 0) return `${days} d ${hours} h`
  return hours > 0 ? `${hours} h ${minutes} m` : `${minutes} m ${seconds % 60} s`
}
