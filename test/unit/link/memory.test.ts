/** The in-memory pair behaves as sockets do: order, back-pressure, closing, and a cable that can be cut. */
import { describe, expect, it } from 'vitest'
import { memoryPair } from '#link/memory.js'
import type { Transport } from '#link/transport.js'
import { VirtualClock } from '../../fake/virtual-clock.js'

const recorded = (transport: Transport) => {
  const seen: string[] = []
  transport.start({
    onData: (chunk) => seen.push(Buffer.from(chunk).toString()),
    onClose: (error) => seen.push(`closed ${error?.message ?? 'in order'}`),
  })
  return seen
}

describe('memory transports', () => {
  it('delivers in order, late, and in the pieces asked for', () => {
    const clock = new VirtualClock()
    const cutAt = (data: Uint8Array) => [data.subarray(0, 1), data.subarray(1)]
    const { ends } = memoryPair({ clock, delayMs: 5, cutAt })
    const seen = recorded(ends[1])
    recorded(ends[0])
    ends[0].write(Buffer.from('abc'))
    ends[0].close()
    clock.advance(4)
    expect(seen).toEqual([])
    expect(ends[0].queuedBytes).toBe(3)
    clock.advance(1)
    expect(seen).toEqual(['a', 'bc', 'closed in order'])
    expect(ends[0].queuedBytes).toBe(0)
  })

  it('holds bytes for an end that has paused and closes a peer that never reads', () => {
    const clock = new VirtualClock()
    const { ends } = memoryPair({ clock, queueBytesMax: 4 })
    const seen = recorded(ends[1])
    const mine = recorded(ends[0])
    clock.advance(0)
    ends[1].pause()
    expect(ends[0].write(Buffer.from('1234'))).toBe(true)
    expect(ends[0].write(Buffer.from('5'))).toBe(false)
    clock.advance(1)
    expect(seen).toEqual([])
    expect(ends[0].write(Buffer.from('6'))).toBe(false)
    clock.advance(1)
    expect(mine).toEqual(['closed unix:b does not read: 5 bytes wait'])
  })

  it('loses everything once it is cut, and neither end notices', () => {
    const clock = new VirtualClock()
    const pair = memoryPair({ clock })
    const seen = pair.ends.map(recorded)
    pair.cut()
    pair.ends[0].write(Buffer.from('x'))
    pair.ends[1].close()
    clock.advance(1_000)
    expect(seen).toEqual([[], ['closed in order']])
  })
})
