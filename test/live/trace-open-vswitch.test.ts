/** The interpreter against a real Open vSwitch: the same flows and packets, the same bytes at the same ports. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seededRandom } from '#link/random.js'
import { tracePacket } from '#trace/trace.js'
import { cases, packets, randomCase } from '../fake/trace-cases.js'
import { traceTarget } from '../fake/trace-target.js'
import { DummySwitch } from './support/dummy-switch.js'

let real: DummySwitch
beforeAll(async () => {
  real = await DummySwitch.start()
})
afterAll(() => real.stop())

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const random = seededRandom(7)
const programs = Array.from({ length: 40 }, (_, index) => ({
  name: `by chance, ${index}`,
  ...randomCase(random),
}))

describe.each([...cases, ...programs])(
  '$name',
  ({ flows, groups = [], packets: names = Object.keys(packets) }) => {
    beforeAll(() => real.program(flows, groups))

    test.each(names)('%s', async (name) => {
      const bytes = packets[name] ?? new Uint8Array()
      const { outputs } = tracePacket(traceTarget(flows, groups), { inPort: 1, bytes })
      const ours = outputs.map(
        ({ ofport, state, truncatedTo }) => `${ofport}: ${hex(state.packet.bytes.subarray(0, truncatedTo))}`,
      )
      expect(ours.sort()).toEqual(await real.send(hex(bytes)))
    })
  },
)
