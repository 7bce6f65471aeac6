/** Topologies: what a new statement adds, changes, removes and leaves alone. */
import { expect, it } from 'vitest'
import type { Wire, WireSpec } from '#model/wire.js'
import { describeDifference, topologyDifference } from '../../../src/fabric/topology-plan.js'

const spec = (name: string, change: Partial<WireSpec> = {}): WireSpec => ({
  name,
  a: { node: 'n1', interface: `${name}0` },
  b: { node: 'n2', interface: `${name}0` },
  ...change,
})
const wire = (name: string, change: { readonly rateMbps?: number } = {}): Wire => ({
  name,
  a: spec(name).a,
  b: spec(name).b,
  serial: 1,
  vni: 5000,
  provenance: { requestId: 'r', by: 'test', at: 0 },
  ...change,
})
const plan = (present: readonly Wire[], links: WireSpec[]) =>
  describeDifference(topologyDifference(new Map(present.map((one) => [one.name, one])), { links }))

it('tells new, changed, left and kept wires apart', () => {
  const present = [wire('kept'), wire('moved'), wire('gone'), wire('faster', { rateMbps: 10 })]
  const stated = [
    spec('kept'),
    spec('moved', { a: { node: 'n3', interface: 'x' } }),
    spec('faster', { rateMbps: 20 }),
    spec('new'),
  ]
  expect(plan(present, stated)).toEqual({
    add: ['new'],
    change: [
      { name: 'moved', fields: ['a'] },
      { name: 'faster', fields: ['rateMbps'] },
    ],
    remove: ['gone'],
    keep: 1,
  })
})

it.each([
  ['a VNI that is not stated stays', {}, []],
  ['the VNI that it has', { vni: 5000 }, []],
  ['another VNI', { vni: 5001 }, ['vni']],
  ['an MTU', { mtu: 1400 }, ['mtu']],
] as const)('%s', (_, change, fields) => {
  const { change: changes } = plan([wire('blue')], [spec('blue', change)])
  expect(changes.flatMap((one) => one.fields)).toEqual(fields)
})

it('stating the same again changes nothing', () => {
  expect(plan([wire('a'), wire('b')], [spec('b'), spec('a')])).toEqual({
    add: [],
    change: [],
    remove: [],
    keep: 2,
  })
})
