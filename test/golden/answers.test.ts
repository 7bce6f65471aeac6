/** What the controller answers to endpoints, byte for byte: `npx vitest run test/golden/answers.test.ts -u` writes answers.txt anew. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { dhcpAnswer } from '#answers/dhcp.js'
import { dhcp6Answer } from '#answers/dhcp6.js'
import { icmpErrorFor } from '#answers/icmp-error.js'
import {
  type AnswerCase,
  answerCases,
  dhcp6Request,
  dhcpRequest,
  lease4,
  lease6,
  mac,
  silentErrors,
  silentRequests,
} from '../fake/answer-cases.js'
import { ipOf } from '../fake/overlay-objects.js'

const hex = (bytes: Uint8Array | undefined): string =>
  bytes === undefined
    ? '-'
    : Buffer.from(bytes)
        .toString('hex')
        .replace(/.{64}(?=.)/g, '$&\n  ')

const shown = ({ name, asked, answer }: AnswerCase): string => `${name}\n< ${hex(asked)}\n> ${hex(answer)}\n`

it('answers as the golden file has it', async () => {
  await expect(answerCases.map(shown).join('\n')).toMatchFileSnapshot('answers.txt')
})

it.each([...silentErrors, ...silentRequests])('does not answer: $name', ({ answer }) => {
  expect(answer).toBeUndefined()
})

it('quotes no more than an error has room for', () => {
  const long = new Uint8Array(1500)
  const frame = answerCases[0]?.asked ?? expect.fail('no case')
  long.set(frame)
  long.set([0x05, 0xce], 16)
  const answer = icmpErrorFor(long, { error: 'too-big', from: ipOf('10.0.0.1'), to: mac, mtu: 1000 })
  expect(answer).toHaveLength(14 + 576)
})

it('takes whatever it is given', () => {
  const seeds = [dhcpRequest({ kind: 1 }), dhcp6Request(1), ...answerCases.map(({ asked }) => asked)]
  const damage = fc.record({
    seed: fc.constantFrom(...seeds),
    at: fc.nat(400),
    byte: fc.nat(255),
    length: fc.nat(400),
  })
  fc.assert(
    fc.property(damage, ({ seed, at, byte, length }) => {
      const bytes = seed.slice(0, length)
      if (at < bytes.length) bytes[at] = byte
      for (const answer of [
        dhcpAnswer(bytes, lease4),
        dhcp6Answer(bytes, lease6),
        icmpErrorFor(bytes, { error: 'host-unreachable', from: ipOf('10.0.0.1'), to: mac }),
      ])
        expect(answer === undefined || answer.length >= 42).toBe(true)
    }),
    { numRuns: 300 },
  )
})
