/** The controller's answers to endpoints as another reader sees them: tshark finds nothing wrong, and what we meant. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { answerCases } from '../fake/answer-cases.js'
import { captureFile } from './support/capture-file.js'

const checks = ['ip', 'udp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`])
const fields = [
  'ip.checksum.status',
  'udp.checksum.status',
  'icmp.checksum.status',
  'icmpv6.checksum.status',
  '_ws.malformed',
  '_ws.expert.message',
  '_ws.col.Info',
]

let folder: string
let read: string[][]

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'heddle-answers-'))
  const file = join(folder, 'answers.pcap')
  writeFileSync(file, captureFile(answerCases.map(({ answer }) => answer ?? new Uint8Array())))
  const options = ['-r', file, ...checks, '-T', 'fields', '-E', 'separator=;']
  const text = execFileSync('tshark', [...options, ...fields.flatMap((field) => ['-e', field])], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  read = text.split('\n').map((line) => line.split(';'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** 1: right. What is quoted has a checksum of its own. */
const isGood = (status: string | undefined): boolean => /^1(,1)*$/.test(status ?? '')

const words: Readonly<Record<string, RegExp>> = {
  'time-exceeded, IPv4': /Time-to-live exceeded/,
  'time-exceeded, IPv6': /Time Exceeded \(hop limit exceeded/,
  'network-unreachable, IPv4': /Network unreachable/,
  'network-unreachable, IPv6': /no route to destination/,
  'host-unreachable, IPv4': /Host unreachable/,
  'host-unreachable, IPv6': /Address unreachable/,
  'port-unreachable, IPv4': /Port unreachable/,
  'port-unreachable, IPv6': /Port unreachable/,
  'prohibited, IPv4': /administratively filtered/,
  'prohibited, IPv6': /Administratively prohibited/,
  'too-big, IPv4': /Fragmentation needed/,
  'too-big, IPv6': /Packet Too Big/,
  'DHCP: discover': /DHCP Offer/,
  'DHCP: discover by a client that wants a broadcast': /DHCP Offer/,
  'DHCP: request of what is due': /DHCP ACK/,
  'DHCP: request of another address': /DHCP NAK/,
  'DHCP: renewal': /DHCP ACK/,
  'DHCP: inform': /DHCP ACK/,
  'DHCPv6: solicit': /Advertise XID: 0xabcdef CID: 00030001\w+ IAA: fd00::a/,
  'DHCPv6: solicit with rapid commit': /Reply XID: 0xabcdef CID: 00030001\w+ IAA: fd00::a/,
  'DHCPv6: request': /Reply XID: 0xabcdef CID: 00030001\w+ IAA: fd00::a/,
  'DHCPv6: confirm': /Reply/,
  'router advertisement': /Router Advertisement from 02:48:45:00:00:01/,
}

it.each(answerCases.map(({ name }, index) => [name, index] as const))('%s', (name, index) => {
  const [ip, udp, icmp, icmp6, malformed, , info] = read[index] ?? expect.fail('not read')
  const statuses = [ip, udp, icmp, icmp6].filter((status) => status !== '')
  expect(statuses).not.toEqual([])
  expect(statuses.filter((status) => !isGood(status))).toEqual([])
  expect(malformed).toBe('')
  expect(info).toMatch(words[name] ?? expect.fail(`no words for ${name}`))
})
