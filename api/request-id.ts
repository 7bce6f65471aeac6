/** The name of a request: the client's own where it is sane, else a new one. Logs, flows and problem documents carry it. */
import type { Random } from '#link/random.js'

const sane = /^[A-Za-z0-9][A-Za-z0-9._~:+=/-]{0,63}$/

/** Crockford's digits: none is mistaken for another. */
const digits = '0123456789abcdefghjkmnpqrstvwxyz'
const length = 12

/** What the header X-Request-Id says, or 60 random bits. */
export const requestIdOf = (header: string | string[] | undefined, random: Random): string => {
  if (typeof header === 'string' && sane.test(header)) return header
  let id = ''
  for (let i = 0; i < length; i++) id += digits[Math.floor(random() * digits.length)]
  return id
}
