/** tshark as a reader of LISP messages that we write: the fields that it finds, and our values in its notation. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Address, PlainAddress } from '#lisp/address.js'
import { captureOf } from './capture-file.js'

/** The values of each field in the order in which they stand in the packet. */
export type Fields = Readonly<Record<string, readonly string[]>>

const collect = (node: unknown, into: Map<string, string[]>, name = ''): void => {
  if (Array.isArray(node)) for (const item of node) collect(item, into, name)
  else if (typeof node === 'object' && node !== null)
    for (const [key, value] of Object.entries(node)) collect(value, into, key)
  else into.set(name, [...(into.get(name) ?? []), String(node)])
}

/** What tshark reads, one entry for each packet. */
export const readWithTshark = (payloads: readonly Uint8Array[]): readonly Fields[] => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-lisp-'))
  try {
    const file = join(folder, 'messages.pcap')
    writeFileSync(file, captureOf(payloads))
    const checks = ['-o', 'ip.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE']
    const options = ['-r', file, ...checks, '-T', 'json', '--no-duplicate-keys']
    const text = execFileSync('tshark', options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    return (JSON.parse(text) as unknown[]).map((packet) => {
      const fields = new Map<string, string[]>()
      collect(packet, fields)
      return Object.fromEntries(fields)
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export const bit = (value: boolean | undefined): string => (value === true ? '1' : '0')
export const hex = (value: bigint | number, digits: number): string =>
  `0x${value.toString(16).padStart(digits, '0')}`
export const octets = (data: Uint8Array): string =>
  (Buffer.from(data).toString('hex').match(/../g) ?? []).join(':')
export const numbers = (values: readonly number[]): readonly string[] => values.map(String)

/** The plain addresses within an address, in the order of their bytes. */
export const leaves = (address: Address): readonly PlainAddress[] => {
  const found: PlainAddress[] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
    if ('family' in value && 'value' in value && typeof value.value !== 'object')
      found.push(value as PlainAddress)
    else for (const inner of Object.values(value)) visit(inner)
  }
  visit(address)
  return found
}
