/** The history of EIDs: what is told, in order, and no more than there is room for. */
import { expect, test } from 'vitest'
import { seededRandom } from '#link/random.js'
import { parseEid, parseIp } from '#lisp/address-text.js'
import { MapServer } from '#lisp/map-server.js'
import { MappingHistory } from '#lisp/mapping-history.js'

const rloc = (text: string) => parseIp(text) ?? expect.fail(text)
const locator = (text: string) => ({
  priority: 1,
  weight: 1,
  multicastPriority: 255,
  multicastWeight: 0,
  flags: { reachable: true },
  rloc: rloc(text),
})

const lab = (history: MappingHistory) => {
  const server = new MapServer({ now: 0, random: seededRandom(1), rloc: rloc('192.0.2.254') })
  let at = 0
  const tell = (effects: ReturnType<MapServer['put']>): void => {
    at += 1
    for (const effect of effects) if (effect.do === 'tell') history.note(effect.change, at)
  }
  return {
    put: (eid: string, node: string, at: string): void =>
      tell(
        server.put({ eid: parseEid(eid), locators: [locator(at)], node: { kind: 'local', name: node } }, 0),
      ),
    remove: (eid: string): void => tell(server.remove(parseEid(eid), 0)),
  }
}

test('the latest change comes first, with what was before and after', () => {
  const history = new MappingHistory()
  const { put, remove } = lab(history)
  put('[5]10.0.0.1/32', 'n1', '192.0.2.1')
  put('[5]10.0.0.1/32', 'n2', '192.0.2.2')
  remove('[5]10.0.0.1/32')
  expect(history.of(parseEid('[5]10.0.0.1/32'))).toMatchObject([
    { at: 3, cause: 'configured', before: { owner: 'n2' } },
    {
      at: 2,
      cause: 'moved',
      before: { owner: 'n1' },
      after: { owner: 'n2', locators: [{ rloc: rloc('192.0.2.2') }] },
    },
    { at: 1, cause: 'configured', after: { owner: 'n1', ttl: 1_440 } },
  ])
  expect(history.of(parseEid('[6]10.0.0.1/32'))).toEqual([])
})

test('an EID keeps its last changes, and all together have a limit', () => {
  const history = new MappingHistory({ perEidMax: 3, entriesMax: 5 })
  const { put } = lab(history)
  for (let i = 1; i <= 10; i++) put('10.0.0.1/32', 'a', `192.0.2.${i}`)
  expect(history.of(parseEid('10.0.0.1/32')).map(({ at }) => at)).toEqual([10, 9, 8])
  for (let i = 1; i <= 4; i++) put(`10.0.1.${i}/32`, 'a', '192.0.2.1')
  expect(history.size).toBe(5)
  expect(history.of(parseEid('10.0.0.1/32')).map(({ at }) => at)).toEqual([10])
})
