/**
 * Connection targets in Open vSwitch's notation (ovsdb(7), "Connection Methods"), read and printed. Pure: nothing is
 * resolved or opened here.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { LinkError } from './errors.js'

/** A peer to dial. `host` is an address or a name, without brackets. */
export type DialTarget =
  | { readonly kind: 'tcp' | 'ssl'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** An address to listen on. Without `host` it is every address of the machine; port 0 lets the kernel choose. */
export type ListenTarget =
  | { readonly kind: 'ptcp' | 'pssl'; readonly port: number; readonly host?: string }
  | { readonly kind: 'punix'; readonly path: string }

export type Target = DialTarget | ListenTarget

export interface TargetDefaults {
  /** The port of a target that names none; without it a port is required. */
  readonly port?: number
}

const forms: Readonly<Record<Target['kind'], string>> = {
  tcp: 'tcp:HOST:PORT',
  ssl: 'ssl:HOST:PORT',
  unix: 'unix:PATH',
  ptcp: 'ptcp:PORT[:HOST]',
  pssl: 'pssl:PORT[:HOST]',
  punix: 'punix:PATH',
}

const isKind = (text: string): text is Target['kind'] => Object.hasOwn(forms, text)

const bad = (text: string, why: string): LinkError =>
  new LinkError('bad-target', `target ${JSON.stringify(text)}: ${why}`)

/** Reads a target. Throws `LinkError` `bad-target` that says what is wrong and which form is expected. */
export const parseTarget = (text: string, defaults: TargetDefaults = {}): Target => {
  const colon = text.indexOf(':')
  const kind = colon < 0 ? '' : text.slice(0, colon)
  if (!isKind(kind)) throw bad(text, `expected one of ${Object.values(forms).join(', ')}`)
  const rest = text.slice(colon + 1)
  switch (kind) {
    case 'unix':
    case 'punix':
      return { kind, path: readPath(text, rest) }
    case 'tcp':
    case 'ssl':
      return { kind, ...readHostPort(text, rest, kind, defaults) }
    case 'ptcp':
    case 'pssl':
      return { kind, ...readPortHost(text, rest, defaults) }
  }
}

/** As `parseTarget`, for a peer that we dial. */
export const parseDialTarget = (text: string, defaults?: TargetDefaults): DialTarget => {
  const target = parseTarget(text, defaults)
  if (target.kind === 'tcp' || target.kind === 'ssl' || target.kind === 'unix') return target
  throw bad(text, `it listens; expected ${forms.tcp}, ${forms.ssl} or ${forms.unix}`)
}

/** As `parseTarget`, for an address that we listen on. */
export const parseListenTarget = (text: string, defaults?: TargetDefaults): ListenTarget => {
  const target = parseTarget(text, defaults)
  if (target.kind === 'ptcp' || target.kind === 'pssl' || target.kind === 'punix') return target
  throw bad(text, `it dials; expected ${forms.ptcp}, ${forms.pssl} or ${forms.punix}`)
}

/** Prints a target so that `parseTarget` reads it back. */
export const printTarget = (target: Target): string => {
  switch (target.kind) {
    case 'unix':
    case 'punix':
      return `${target.kind}:${target.path}`
    case 'tcp':
    case 'ssl':
      return `${target.kind}:${bracketed(target.host)}:${target.port}`
    case 'ptcp':
    case 'pssl':
      return target.host === undefined
        ? `${target.kind}:${target.port}`
        : `${target.kind}:${target.port}:${bracketed(target.host)}`
  }
}

/** An IPv6 address in the brackets that a colon after it needs; anything else as it is. */
export const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)

/** The longest path that fits `sun_path` with its terminator (unix(7)). */
const pathBytesMax = 107

const readPath = (text: string, path: string): string => {
  if (path === '') throw bad(text, 'the path is empty')
  if (path.includes('\0')) throw bad(text, 'the path holds a NUL character')
  if (Buffer.byteLength(path) > pathBytesMax) throw bad(text, `the path is longer than ${pathBytesMax} bytes`)
  return path
}

const readPort = (text: string, digits: string, portMin: number): number => {
  const port = /^[0-9]{1,5}$/.test(digits) ? Number(digits) : Number.NaN
  if (port >= portMin && port <= 65535) return port
  throw bad(text, `${JSON.stringify(digits)} is not a port from ${portMin} to 65535`)
}

const hostname = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*\.?$/i
const looksNumeric = /^[0-9.]+$/

const readHost = (text: string, host: string): string => {
  if (host.startsWith('[') && host.endsWith(']')) {
    const address = host.slice(1, -1)
    if (isIPv6(address)) return address
    throw bad(text, `${JSON.stringify(address)} is not an IPv6 address`)
  }
  if (isIPv6(host)) throw bad(text, `write the IPv6 address in brackets: [${host}]`)
  if (isIPv4(host)) return host
  if (hostname.test(host) && !looksNumeric.test(host)) return host
  throw bad(text, `${JSON.stringify(host)} is not a host name or an address`)
}

const readHostPort = (text: string, rest: string, kind: 'tcp' | 'ssl', defaults: TargetDefaults) => {
  if (isIPv6(rest)) throw bad(text, `write the IPv6 address in brackets: [${rest}]`)
  const split = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(rest)
  if (split?.[1] === undefined) throw bad(text, `expected ${forms[kind]}; an IPv6 address goes in brackets`)
  const port = split[2] === undefined ? defaults.port : readPort(text, split[2], 1)
  if (port === undefined) throw bad(text, `the port is missing; expected ${forms[kind]}`)
  return { host: readHost(text, split[1]), port }
}

const readPortHost = (text: string, rest: string, defaults: TargetDefaults) => {
  const colon = rest.indexOf(':')
  const digits = colon < 0 ? rest : rest.slice(0, colon)
  const port = digits === '' && defaults.port !== undefined ? defaults.port : readPort(text, digits, 0)
  return colon < 0 ? { port } : { port, host: readHost(text, rest.slice(colon + 1)) }
}
