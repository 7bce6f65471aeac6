/** The index of single EIDs beside a Map, with enough in it that entries crowd, move and go. */
import { expect, test } from 'vitest'
import { seededRandom } from '#link/random.js'
import { HostIndex } from '#lisp/mapping/host-index.js'
import { type Slot, Slots } from '#lisp/mapping/slots.js'

const bits = 32

test('thousands of keys come and go, and each is found exactly while it is there', () => {
  const random = seededRandom(42)
  const slots = new Slots(1)
  const index = new HostIndex(slots)
  const model = new Map<number, Slot>()
  const key = new Uint32Array(1)
  for (let step = 0; step < 40_000; step++) {
    const iid = Math.floor(random() * 2)
    key[0] = Math.floor(random() * 6_000)
    const name = key[0] * 2 + iid
    const known = model.get(name)
    expect(index.find(iid, key, bits)).toBe(known ?? 0)
    if (known !== undefined) {
      index.remove(known)
      slots.give(known)
      model.delete(name)
    } else if (random() < 0.9) {
      const slot = slots.take(iid, key, bits)
      index.add(slot)
      model.set(name, slot)
    }
  }
  expect(slots.size).toBe(model.size)
  for (const [name, slot] of model) {
    key[0] = name >>> 1
    expect(index.find(name & 1, key, bits)).toBe(slot)
  }
})
