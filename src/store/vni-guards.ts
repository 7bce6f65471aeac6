/**
 * That a link and a network never have one VNI. Each table has an index of its own, and no index spans two; so the transaction
 * that brings a VNI in waits (RFC 7047, section 5.2.6, for no time) until the other table has none of it: the server carries
 * transactions out one after the other, and refuses the one that would be second. Pure.
 */
import { type Operation, wait } from '#ovsdb/operations.js'
import type { StoreBatch } from './store.js'
import { link, network } from './tables.js'
import type { Known } from './transaction.js'

/** Runs of numbers that follow each other: allocated VNIs do, so that thousands of links need one question. */
export const runsOf = (numbers: readonly number[]): readonly (readonly [first: number, last: number])[] => {
  const runs: [number, number][] = []
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const run = runs.at(-1)
    if (run !== undefined && number <= run[1] + 1) run[1] = number
    else runs.push([number, number])
  }
  return runs
}

const none = { until: '==', columns: ['vni'], rows: [], timeoutMs: 0 } as const

export const vniGuards = (batch: StoreBatch, known: Known): Operation[] => {
  const { addWires = [], changeWires = [], addNetwork, changeNetwork } = batch
  const moved = changeWires.filter(({ serial, vni }) => known.wire(serial)?.vni !== vni)
  const links = [...addWires, ...moved].map(({ vni }) => vni)
  const networks = [addNetwork, changeNetwork].flatMap((one) => one?.vni ?? [])
  return [
    ...runsOf(links).map(([first, last]) =>
      wait(network, {
        where: [
          ['vni', '>=', first],
          ['vni', '<=', last],
        ],
        ...none,
      }),
    ),
    ...networks.map((vni) => wait(link, { where: [['vni', '==', vni]], ...none })),
  ]
}
