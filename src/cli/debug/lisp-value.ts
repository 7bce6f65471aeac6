/** LISP messages as JSON has them: addresses as text, numbers of 64 bits and more and bytes in hexadecimal digits. */
import type { Address } from '#lisp/address.js'
import { printAddress } from '#lisp/address-text.js'
import { LispError } from '#lisp/errors.js'
import { decodeMessage, type Message } from '#lisp/messages.js'
import { hexOf } from './openflow-hex.js'

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

export const messageValue = (message: Message): Json => {
  if (message.type !== 'encapsulated') return jsonValue(message)
  const { payload, ...inner } = message.inner
  const outer = jsonValue({ ...message, inner })
  return { ...(outer as Record<string, Json>), message: payloadValue(payload) }
}

/** One message within another; what is in that one is bytes. */
const payloadValue = (payload: Uint8Array): Json => {
  try {
    return jsonValue(decodeMessage(payload))
  } catch (error) {
    if (error instanceof LispError) return { error: error.message, bytes: hexOf(payload) }
    throw error
  }
}

const isAddress = (value: object): value is Address => 'family' in value && typeof value.family === 'string'

const jsonValue = (value: unknown): Json => {
  if (typeof value === 'bigint') return `0x${value.toString(16)}`
  if (value instanceof Uint8Array) return hexOf(value)
  if (Array.isArray(value)) return value.map(jsonValue)
  if (typeof value !== 'object' || value === null) return scalarOf(value)
  if (isAddress(value)) return printAddress(value)
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, jsonValue(part)]))
}

const scalarOf = (value: unknown): Json =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
