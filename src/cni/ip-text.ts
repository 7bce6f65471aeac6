/**
 * IP addresses as text, for a program that has milliseconds: the URL parser of the runtime knows IPv6 (RFC 3986, section 3.2.2; WHATWG URL),
 * and neither node:net nor a library has to be loaded.
 */

export type Family = 4 | 6

const byte = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const ipv4 = new RegExp(`^${byte}(\\.${byte}){3}$`)

/** In RFC 5952's form; undefined for what is none. A zone has no place in a configuration. */
const normalIpv6 = (text: string): string | undefined =>
  /^[0-9a-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]/`)
    ? new URL(`http://[${text}]/`).hostname.slice(1, -1)
    : undefined

/** Undefined where the text is no address. */
export const familyOf = (text: string): Family | undefined => {
  if (ipv4.test(text)) return 4
  return text.includes(':') && normalIpv6(text) !== undefined ? 6 : undefined
}

/** `10.0.0.5/24` to `10.0.0.5`. */
export const withoutLength = (text: string): string => text.replace(/\/.*$/, '')

/** Of an address that is one, with or without a prefix length. */
export const isIpv6 = (text: string): boolean => text.includes(':')

const binary = (value: number, width: number): string => value.toString(2).padStart(width, '0')

/** 32 or 128 digits of 0 and 1. */
const bitsOf = (text: string): string => {
  if (!isIpv6(text))
    return text
      .split('.')
      .map((each) => binary(Number(each), 8))
      .join('')
  const [front = '', back] = (normalIpv6(text) ?? '::').split('::')
  const groups = (part: string | undefined): string[] =>
    part === undefined || part === '' ? [] : part.split(':')
  const [before, after] = [groups(front), groups(back)]
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after].map((group) => binary(Number.parseInt(group, 16), 16)).join('')
}

/** Whether the prefix `inner` lies within the prefix `outer`; both have a length. */
export const contains = (outer: string, inner: string): boolean => {
  const [network = '', length = ''] = outer.split('/')
  const [address = '', innerLength = ''] = inner.split('/')
  if (isIpv6(network) !== isIpv6(address) || Number(innerLength) < Number(length)) return false
  return bitsOf(address).slice(0, Number(length)) === bitsOf(network).slice(0, Number(length))
}
