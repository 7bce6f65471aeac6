/** Events: resumed where a listener left off, or told that some are gone. */
import { expect, it } from 'vitest'
import type { FabricEvent } from '#model/event.js'
import { Journal } from '../../../src/fabric/journal.js'
import { VirtualClock } from '../../fake/virtual-clock.js'

const journalOf = (events: number, keep = 4): Journal => {
  const journal = new Journal({ clock: new VirtualClock(), boot: 'b', keep })
  for (let index = 1; index <= events; index++)
    journal.add({ type: 'link-up', object: `link l${index}`, message: '' })
  return journal
}

const resume = (journal: Journal, lastEventId: string | undefined): { reset: boolean; seen: string[] } => {
  const seen: string[] = []
  const deliver = (event: FabricEvent): boolean => seen.push(event.id) > 0
  const { reset } = journal.subscribe(lastEventId, deliver)
  return { reset, seen }
}

it.each([
  ['a new listener hears nothing of the past', undefined, { reset: false, seen: [] }],
  ['one that comes back hears what it missed', 'b-4', { reset: false, seen: ['b-5', 'b-6'] }],
  ['the oldest that is kept still follows', 'b-2', { reset: false, seen: ['b-3', 'b-4', 'b-5', 'b-6'] }],
  ['one that was away too long is told', 'b-1', { reset: true, seen: ['b-3', 'b-4', 'b-5', 'b-6'] }],
  ['one of an earlier run is told', 'a-5', { reset: true, seen: ['b-3', 'b-4', 'b-5', 'b-6'] }],
  ['nonsense is an earlier run', 'b-x', { reset: true, seen: ['b-3', 'b-4', 'b-5', 'b-6'] }],
  ['one that has heard all hears nothing', 'b-6', { reset: false, seen: [] }],
] as const)('%s', (_, last, expected) => {
  expect(resume(journalOf(6), last)).toEqual(expected)
})

it('a listener that is too slow is told nothing more', () => {
  const journal = journalOf(0)
  const seen: string[] = []
  journal.subscribe(undefined, ({ id }) => seen.push(id) < 2)
  for (let index = 0; index < 5; index++) journal.add({ type: 'link-up', object: 'x', message: '' })
  expect(seen).toEqual(['b-1', 'b-2'])
})

it('says where it stands, so that a listener that has heard nothing can resume', () => {
  const journal = journalOf(3)
  const { position } = journal.subscribe(undefined, () => true)
  journal.add({ type: 'link-up', object: 'x', message: '' })
  expect(resume(journal, position)).toEqual({ reset: false, seen: ['b-4'] })
})
