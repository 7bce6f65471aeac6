/** OpenFlow messages as hexadecimal digits: what people copy from captures and logs. */
import { CliError } from '../exit.js'

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** The bytes of hexadecimal digits; white space, colons and a leading `0x` aside. */
export const bytesOf = (text: string): Uint8Array => {
  const digits = text.replace(/[\s:]/g, '').replace(/^0x/i, '')
  const stranger = /[^0-9a-f]/i.exec(digits)
  if (stranger !== null)
    throw new CliError('failed', `${JSON.stringify(stranger[0])} is no hexadecimal digit`)
  if (digits.length % 2 !== 0) throw new CliError('failed', `${digits.length} digits: half a byte is missing`)
  return Buffer.from(digits, 'hex')
}

/** Where each header (version, type, length, xid) says that its message ends. The last one may be cut off: it is read as it is. */
export const splitMessages = (bytes: Uint8Array): readonly Uint8Array[] => {
  const messages: Uint8Array[] = []
  let rest = bytes
  while (rest.length > 0) {
    const [, , high = 0, low = 0] = rest
    const length = Math.max(high * 256 + low, 8)
    messages.push(rest.subarray(0, length))
    rest = rest.subarray(length)
  }
  return messages
}
