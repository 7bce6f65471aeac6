/** What may be stored: every collision is refused with the field that states it and the owner of what is taken. */
import { describe, expect, it } from 'vitest'
import { parseRloc } from '#model/address.js'
import { FabricError } from '#model/error.js'
import type { Inventory, NodeFacts } from '#model/facts.js'
import type { Wire, WireSpec } from '#model/wire.js'
import { admit, type Draft, type Ground } from '../../../src/fabric/admission.js'
import { Intent } from '../../../src/fabric/intent.js'
import { OverlayIntent } from '../../../src/fabric/overlay-intent.js'
import { VniLedger } from '../../../src/fabric/vni-ledger.js'
import { VirtualClock } from '../../fake/virtual-clock.js'

const facts = (name: string): NodeFacts => {
  const rloc = parseRloc('192.0.2.1')
  return { name, state: 'ready', underlayMtu: 1500, ...(rloc !== undefined && { rloc }) }
}
const inventory: Inventory = { node: facts, port: () => undefined }

const wire = (name: string, serial: number, vni: number, a: string, b: string): Wire => ({
  name,
  serial,
  vni,
  a: { node: 'n1', interface: a },
  b: { node: 'n2', interface: b },
  provenance: { requestId: 'r', by: 'test', at: 0 },
})

const groundOf = (wires: readonly Wire[], quarantined: ReadonlyMap<number, number> = new Map()): Ground => {
  const intent = new Intent()
  intent.apply(wires.map((one) => ({ new: one })))
  const overlay = new OverlayIntent()
  const vnis = new VniLedger({
    store: {
      retired: () => [...quarantined].map(([vni, until]) => ({ vni, until })),
      onChange: () => () => {},
    },
    intent,
    overlay,
    clock: new VirtualClock(1_000),
    vni: { min: 100, max: 199, quarantineSeconds: 60 },
  })
  return { intent, overlay, inventory, vnis }
}

const spec = (change: Partial<WireSpec> = {}): WireSpec => ({
  name: 'new',
  a: { node: 'n1', interface: 'p9' },
  b: { node: 'n2', interface: 'p9' },
  ...change,
})

const refusal = (
  drafts: readonly Draft[],
  ground: Ground,
  leaving: ReadonlySet<number> = new Set(),
): unknown => {
  try {
    admit(drafts, leaving, ground)
    return 'admitted'
  } catch (error) {
    if (!(error instanceof FabricError)) throw error
    return [error.code, error.details.field, error.details.owner]
  }
}

const blue = wire('blue', 1, 100, 'p1', 'p1')
const draft = (change: Partial<WireSpec> = {}, at = ''): Draft => ({ spec: spec(change), at })

describe('a new wire', () => {
  const ground = groundOf(
    [blue],
    new Map([
      [150, 2_000],
      [151, 500],
    ]),
  )
  it.each([
    ['fits', {}, 'admitted'],
    ['with a name that is taken', { name: 'blue' }, ['name-taken', 'name', 'link blue']],
    ['at an interface that is taken', { a: blue.a }, ['interface-taken', 'a.interface', 'link blue']],
    [
      'at an interface that another wire has as its other end',
      { a: blue.b },
      ['interface-taken', 'a.interface', 'link blue'],
    ],
    ['with one interface at both ends', { b: spec().a }, ['same-interface', 'b.interface', undefined]],
    ['with a VNI that is taken', { vni: 100 }, ['vni-taken', 'vni', 'link blue']],
    ['with a VNI below the range', { vni: 99 }, ['vni-out-of-range', 'vni', undefined]],
    ['with a VNI above the range', { vni: 200 }, ['vni-out-of-range', 'vni', undefined]],
    ['with a VNI in quarantine', { vni: 150 }, ['vni-quarantined', 'vni', undefined]],
    ['with a VNI whose quarantine is over', { vni: 151 }, 'admitted'],
    ['with the largest MTU of the underlay', { mtu: 1450 }, 'admitted'],
    ['with an MTU above it', { mtu: 1451 }, ['mtu-too-large', 'mtu', undefined]],
  ] as const)('%s', (_, change, expected) => {
    expect(refusal([draft(change)], ground)).toEqual(expected)
  })
})

describe('wires of one request', () => {
  const ground = groundOf([blue])
  it('must not collide with each other', () => {
    const second = draft({ name: 'other', b: { node: 'n3', interface: 'x' } }, 'links[1].')
    expect(refusal([draft({}, 'links[0].'), second], ground)).toEqual([
      'interface-taken',
      'links[1].a.interface',
      'link new',
    ])
  })

  it('may take what a wire that leaves gives up', () => {
    expect(refusal([draft({ a: blue.a, vni: 100 })], ground, new Set([1]))).toBe('admitted')
  })

  it('may take what a wire that changes gives up', () => {
    const moved: Draft = {
      spec: { ...spec(), name: 'blue', a: { node: 'n3', interface: 'x' }, vni: 100 },
      at: 'links[0].',
      serial: 1,
    }
    expect(
      refusal([moved, draft({ a: blue.a, b: { node: 'n4', interface: 'y' } }, 'links[1].')], ground),
    ).toBe('admitted')
  })
})
