/** The work of `heddle lisp decode`: digits, lines of digits and capture files to messages, these to text or JSON. */
import { readFile } from 'node:fs/promises'
import { capturedMessages } from '#lisp/capture.js'
import { LispError } from '#lisp/errors.js'
import { decodeMessage } from '#lisp/messages.js'
import { printBytes } from '#lisp/print.js'
import { CliError, usageError } from '../exit.js'
import type { Io } from '../io.js'
import type { Palette } from '../palette.js'
import { type PrintOptions, print } from '../print.js'
import { counted, plain } from '../text.js'
import { placeText } from './lig-ask.js'
import { messageValue } from './lisp-value.js'
import { bytesOf, hexOf } from './openflow-hex.js'

/** A message and where it comes from. */
interface Found {
  /** `packet 3: 192.0.2.1:4342 > 192.0.2.9:4342`, `line 2`; absent for a single one. */
  readonly where?: string
  readonly packet?: number
  readonly from?: string
  readonly to?: string
  readonly data: Uint8Array
}

/** Digits as people copy them; anything else on the command line is a file's name. */
const digits = /^(0x)?[0-9a-f:\s]+$/i

/** First bytes of pcap files, in both orders of bytes and both finenesses of time, and of pcapng. */
const captureMagics = ['a1b2c3d4', 'd4c3b2a1', 'a1b23c4d', '4d3cb2a1', '0a0d0d0a']

export const decode = async (io: Io, words: readonly string[], options: PrintOptions): Promise<void> => {
  const found = await inputOf(io, words)
  if (found.length === 0) throw usageError('there is no LISP message in it')
  const failures = found.filter(({ data }) => errorIn(data) !== undefined)
  print(io, options, found.map(foundValue), (palette) => found.map((one) => textOf(one, palette)).join(''))
  if (failures.length > 0) {
    const [first] = failures
    const reason = first && errorIn(first.data)
    throw new CliError(
      'failed',
      `${counted(failures.length, 'message')} of ${found.length} could not be read`,
      [`${first?.where === undefined ? '' : `${first.where}: `}${reason ?? ''}`],
    )
  }
}

const inputOf = async (io: Io, words: readonly string[]): Promise<readonly Found[]> => {
  const [first, ...others] = words
  if (first === undefined || (first === '-' && others.length === 0)) return foundIn(await allOf(io.stdin))
  if (words.every((word) => digits.test(word))) return [{ data: bytesOf(words.join('')) }]
  if (others.length > 0) throw usageError('one file at a time, or the digits of one message')
  try {
    return foundIn(await readFile(first))
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string' && !isOurs(error))
      throw usageError(`${first} is no hexadecimal digits, and as a file: ${error.message}`)
    throw error
  }
}

const isOurs = (error: Error): boolean => error instanceof LispError || error instanceof CliError

const allOf = async (stdin: Io['stdin']): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of stdin) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  return Buffer.concat(chunks)
}

/** The messages of a capture, or of lines of digits. */
const foundIn = (content: Uint8Array): readonly Found[] => {
  if (captureMagics.includes(hexOf(content.subarray(0, 4)))) return foundInCapture(content)
  return Buffer.from(content)
    .toString('utf8')
    .split('\n')
    .flatMap((line, index) =>
      line.trim() === '' || line.startsWith('#')
        ? []
        : [{ where: `line ${index + 1}`, data: digitsIn(line, index) }],
    )
}

const digitsIn = (line: string, index: number): Uint8Array => {
  try {
    return bytesOf(line)
  } catch (error) {
    throw new CliError(
      'failed',
      `line ${index + 1}: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

const foundInCapture = (content: Uint8Array): readonly Found[] => {
  try {
    return [...capturedMessages(content)].map(({ packet, datagram }) => {
      const from = placeText({ address: datagram.source, port: datagram.sourcePort })
      const to = placeText({ address: datagram.dest, port: datagram.destPort })
      return { where: `packet ${packet}: ${from} > ${to}`, packet, from, to, data: datagram.payload }
    })
  } catch (error) {
    if (error instanceof LispError) throw new CliError('failed', error.message)
    throw error
  }
}

const errorIn = (data: Uint8Array): string | undefined => {
  try {
    decodeMessage(data)
    return undefined
  } catch (error) {
    if (error instanceof LispError) return error.message
    throw error
  }
}

const textOf = ({ where, data }: Found, palette: Palette): string => {
  const lines = printBytes(data).split('\n').map(plain)
  if (where === undefined) return `${lines.join('\n')}\n`
  return [palette.dim(where), ...lines.map((line) => `  ${line}`), ''].join('\n')
}

const foundValue = ({ packet, from, to, data }: Found) => ({
  ...(packet !== undefined && { packet, from, to }),
  ...(errorIn(data) === undefined
    ? { message: messageValue(decodeMessage(data)) }
    : { error: errorIn(data), bytes: hexOf(data) }),
})
