/** The gate: so many inside, the others in order, nobody lost. */
import { describe, expect, it } from 'vitest'
import { Gate, type Leave } from '#link/gate.js'

describe('gate', () => {
  it('lets the next in when one leaves, in the order of coming; leaving twice counts once', async () => {
    const gate = new Gate(2)
    const order: string[] = []
    const come = async (name: string): Promise<Leave> => {
      const leave = await gate.enter()
      order.push(name)
      return leave
    }
    const [a, b] = [await come('a'), await come('b')]
    const c = come('c')
    const d = come('d')
    expect([gate.inside, gate.waiting, order]).toEqual([2, 2, ['a', 'b']])
    a()
    a()
    await c
    expect([gate.inside, gate.waiting, order]).toEqual([2, 1, ['a', 'b', 'c']])
    b()
    ;(await d)()
    ;(await c)()
    expect([gate.inside, gate.waiting]).toEqual([0, 0])
  })

  it('forgets those who give up, and refuses a queue that is too long', async () => {
    const gate = new Gate(1, 1)
    const leave = await gate.enter()
    const giveUp = new AbortController()
    const waiting = gate.enter(giveUp.signal)
    await expect(gate.enter()).rejects.toMatchObject({ code: 'queue-full' })
    giveUp.abort('gone')
    await expect(waiting).rejects.toBe('gone')
    await expect(gate.enter(giveUp.signal)).rejects.toBe('gone')
    leave()
    expect([gate.inside, gate.waiting]).toEqual([0, 0])
  })
})
