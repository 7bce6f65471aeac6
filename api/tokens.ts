/**
 * Bearer tokens (RFC 6750): a file names them, requests carry them, and they are compared without telling how far they
 * were right. Tokens themselves are neither kept nor logged: only their hashes are.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { FabricError } from '#model/error.js'

interface Token {
  /** Who bears it: `provenance.by` of what is changed with it. */
  readonly name: string
  readonly hash: Buffer
}

export type Tokens = readonly Token[]

/** `b64token` of RFC 6750, section 2.1: it has no colon, so that `name:token` cannot be misread. */
const line = /^(?:(?<name>[A-Za-z0-9][A-Za-z0-9._@-]{0,63}):)?(?<token>[A-Za-z0-9._~+/-]+=*)$/

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

/**
 * The tokens of a file: `name:token` or `token` a line, empty lines and lines that begin with `#` aside. A token without
 * a name is called after its line. Throws `FabricError` naming the line, never the token.
 */
export const parseTokens = (text: string): Tokens => {
  const tokens = text.split('\n').flatMap((raw, index): readonly Token[] => {
    const trimmed = raw.trim()
    if (trimmed === '' || trimmed.startsWith('#')) return []
    const { name, token } = line.exec(trimmed)?.groups ?? {}
    if (token === undefined) {
      throw new FabricError('invalid-request', `token file, line ${index + 1}: neither name:token nor token`)
    }
    return [{ name: name ?? `line-${index + 1}`, hash: hashOf(token) }]
  })
  if (tokens.length === 0) throw new FabricError('invalid-request', 'the token file has no token')
  return tokens
}

/** The name of the bearer that an Authorization header proves; undefined if it proves none. Every token is looked at. */
export const bearerOf = (tokens: Tokens, authorization: string | undefined): string | undefined => {
  const token = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) return undefined
  const hash = hashOf(token)
  return tokens.reduce<string | undefined>(
    (found, candidate) => (timingSafeEqual(candidate.hash, hash) ? candidate.name : found),
    undefined,
  )
}
