/** Open vSwitch as an outside reader: it prints every message that we write as we print it. */
import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { encodeMessage } from '#openflow/messages.js'
import { printBytes } from '#openflow/print.js'
import { cases } from '../golden/openflow-messages-cases.js'

it.each(Object.entries(cases))('%s', (_, message) => {
  const data = encodeMessage(message, 1)
  const hex = Buffer.from(data).toString('hex')
  const printed = execFileSync('ovs-ofctl', ['-O', 'OpenFlow15', 'ofp-print', hex], { encoding: 'utf8' })
  expect(printed).toBe(printBytes(data))
})
