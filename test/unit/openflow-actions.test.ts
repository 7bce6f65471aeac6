/** Properties of actions: bytes and text both ways, and that nothing but the typed error comes of bad ones. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseActions, printActions } from '#openflow/action-text.js'
import { maxDepth } from '#openflow/actions/codec.js'
import { ActionError } from '#openflow/actions/error.js'
import {
  type Action,
  clone,
  controller,
  ct,
  drop,
  gotoTable,
  group,
  learn,
  meter,
  move,
  output,
  popVlan,
  pushVlan,
  reservedPorts,
  resubmit,
  setField,
  setQueue,
  subfield,
  writeActions,
} from '#openflow/actions.js'
import { OpenFlowError } from '#openflow/errors.js'
import { type FieldName, fieldList } from '#openflow/fields.js'
import { actions, actionsKey, instructions } from '#openflow/instructions.js'
import { fitsField } from '#openflow/value-rules.js'
import { decode, encode } from '#wire/codec.js'
import { WireError } from '#wire/error.js'

const u8 = fc.integer({ min: 0, max: 0xff })
const u16 = fc.integer({ min: 0, max: 0xffff })
const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn })
const port = fc.oneof(
  fc.integer({ min: 0, max: 0xfeff }),
  fc.constantFrom(reservedPorts.in_port, reservedPorts.local, reservedPorts.normal, reservedPorts.all),
)
const numbered = fc.integer({ min: 1, max: 0xfeff })

/** Fields that an action may name in 4 bytes, and among them those it may write anywhere. */
const named = fieldList.filter((field) => !field.variable && field.headers[0]?.experimenter === undefined)
const readable = named.filter((field) => field.headers.length > 0)
const isConnection = (name: FieldName): boolean => name === 'ct_mark' || name === 'ct_label'
const writable = readable.filter((field) => field.writable && !isConnection(field.name))

const place = (from: typeof readable, least = 1, most = 64) =>
  fc
    .constantFrom(...from.filter(({ width }) => width >= least))
    .chain((field) =>
      fc
        .integer({ min: least, max: Math.min(most, field.width) })
        .chain((width) =>
          fc
            .integer({ min: 0, max: field.width - width })
            .map((offset) => subfield(field.name, offset, width)),
        ),
    )
const source = place(readable)
const destination = place(writable)

const value = fc
  .constantFrom(...writable.filter(({ name }) => !['in_port', 'in_port_oxm', 'vlan_vid'].includes(name)))
  .chain((field) =>
    fc
      .bigInt({ min: 0n, max: field.ones })
      .map((bits) => ({ field, value: field.wide ? bits : Number(bits) })),
  )
  .filter(({ field, value }) => fitsField(field, value))
  .map(({ field, value }): Action => ({ type: 'set_field', field: field.name, value }))

const maskedRegister = fc
  .tuple(u32, u32)
  .filter(([, mask]) => mask !== 0xffff_ffff)
  .map(([bits, mask]): Action => setField('reg3', (bits & mask) >>> 0, mask))

const moved = fc.tuple(source, destination).map(([from, to]): Action => {
  const width = Math.min(from.width, to.width)
  return move({ ...from, width }, { ...to, width })
})

const bytesOf = (maxLength: number) => fc.uint8Array({ minLength: 1, maxLength })

const controllers = fc
  .record({
    maxLen: u16,
    reason: fc.constantFrom('no_match', 'action', 'invalid_ttl', 'group'),
    controllerId: fc.integer({ min: 1, max: 0xffff }),
    userdata: fc.option(bytesOf(40), { nil: undefined }),
    meterId: fc.option(u32, { nil: undefined }),
    pause: fc.boolean(),
  })
  .map(
    ({ maxLen, reason, controllerId, userdata, meterId, pause }): Action =>
      controller({
        maxLen,
        reason: reason as 'action',
        controllerId,
        ...(userdata !== undefined && { userdata }),
        ...(meterId !== undefined && { meterId }),
        ...(pause && { pause: true }),
      }),
  )

const learnable = fc.record({
  table: fc.integer({ min: 0, max: 254 }),
  priority: u16,
  cookie: u64,
  idleTimeout: u16,
  hardTimeout: u16,
  finIdleTimeout: u16,
  finHardTimeout: u16,
  limit: fc.oneof(fc.constant(0), u32),
  sendFlowRem: fc.boolean(),
  deleteLearned: fc.boolean(),
  specs: fc.array(
    fc.oneof(
      source.map((from) => ({ type: 'output' as const, source: from })),
      destination.map((to) => ({ type: 'load' as const, destination: to, source: 1n })),
      source.map((to) => ({ type: 'match' as const, destination: to, source: to })),
    ),
    { maxLength: 4 },
  ),
})

const samples = fc.record({
  type: fc.constant('sample' as const),
  probability: fc.integer({ min: 1, max: 0xffff }),
  collectorSetId: u32,
  obsDomainId: fc.oneof<[fc.Arbitrary<number>, ReturnType<typeof place>]>(u32, place(readable, 1, 32)),
  obsPointId: u32,
  samplingPort: fc.oneof(numbered, fc.constant(reservedPorts.any)),
  direction: fc.constantFrom('default' as const, 'ingress' as const, 'egress' as const),
})

const simple: fc.Arbitrary<Action> = fc.oneof(
  port.map((to) => output(to)),
  u16.map((maxLen) => output(reservedPorts.controller, maxLen)),
  fc.tuple(source, u16).map(([from]): Action => ({ type: 'output_reg', source: from, maxLen: 0xffff })),
  fc
    .tuple(numbered, u32)
    .map(([to, more]): Action => ({ type: 'output_trunc', port: to, maxLen: Math.max(14, more) })),
  controllers,
  u32.map(group),
  u32.map(setQueue),
  fc.constantFrom<Action>(pushVlan(), pushVlan(0x88a8), popVlan, { type: 'exit' }, { type: 'ct_clear' }),
  value,
  maskedRegister,
  moved,
  fc
    .tuple(fc.integer({ min: 0, max: 254 }), fc.option(numbered, { nil: undefined }), fc.boolean())
    .map(
      ([table, from, tracked]): Action =>
        resubmit(table, { ...(from !== undefined && { port: from }), ...(tracked && { ct: true }) }),
    ),
  learnable.map((body): Action => learn(body)),
  samples,
  bytesOf(30).map(
    (data): Action => ({
      type: 'note',
      data: new Uint8Array([...data, ...new Uint8Array(38 - data.length)]),
    }),
  ),
  fc
    .array(u16, { minLength: 1, maxLength: 9 })
    .map((controllerIds): Action => ({ type: 'dec_ttl', controllerIds })),
  source.map((from): Action => ({ type: 'push', source: from })),
  destination.map((to): Action => ({ type: 'pop', destination: to })),
  fc.tuple(u16, place(writable, 16)).map(
    ([basis, to]): Action => ({
      type: 'bundle_load',
      fields: 'symmetric_l3l4+udp',
      algorithm: 'hrw',
      basis,
      members: [1, 2, reservedPorts.any],
      destination: to,
    }),
  ),
  fc.tuple(u16, u32, place(writable, 16)).map(
    ([basis, argument, to]): Action => ({
      type: 'multipath',
      fields: 'nw_src',
      algorithm: 'iter_hash',
      basis,
      maxLink: 99,
      argument,
      destination: to,
    }),
  ),
)

const tracked = fc
  .record({
    zone: fc.oneof<[fc.Arbitrary<number>, ReturnType<typeof place>]>(u16, place(readable, 16, 16)),
    mark: u32,
  })
  .map(({ zone, mark }): Action => ct({ commit: true, zone, table: 7, actions: [setField('ct_mark', mark)] }))

const nested: fc.Arbitrary<Action> = fc.letrec<{ one: Action; many: readonly Action[] }>((tie) => ({
  one: fc.oneof(
    { maxDepth: 4 },
    simple,
    tracked,
    tie('many').map((list): Action => clone(list)),
  ),
  many: fc.array(tie('one'), { maxLength: 4 }),
})).one

const inSet = fc.array(
  fc.oneof(
    value,
    maskedRegister,
    u32.map(group),
    port.map((to) => output(to)),
  ),
  {
    minLength: 1,
    maxLength: 4,
  },
)

const lists: fc.Arbitrary<readonly Action[]> = fc
  .tuple(
    fc.array(nested, { maxLength: 6 }),
    fc.option(inSet, { nil: undefined }),
    fc.option(fc.tuple(u64, u64), { nil: undefined }),
    fc.option(fc.integer({ min: 0, max: 254 }), { nil: undefined }),
  )
  .map(([direct, set, metadata, table]) => [
    ...direct,
    ...(set === undefined ? [] : [writeActions(set)]),
    ...(metadata === undefined
      ? []
      : [{ type: 'write_metadata' as const, metadata: metadata[0], mask: metadata[1] }]),
    ...(table === undefined ? [] : [gotoTable(table)]),
  ])

const hexOf = (list: readonly Action[]): string => Buffer.from(encode(instructions, list)).toString('hex')

describe('actions', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(lists, (list) => {
        const bytes = encode(instructions, list)
        expect(bytes.length % 8).toBe(0)
        expect(decode(instructions, bytes)).toEqual(list)
      }),
      { numRuns: 300 },
    )
  })

  it('are parsed as they were printed', () => {
    fc.assert(
      fc.property(lists, (list) => {
        const text = printActions(list)
        expect(hexOf(parseActions(text))).toBe(hexOf(list))
        expect(printActions(parseActions(text))).toBe(text)
      }),
      { numRuns: 300 },
    )
  })

  it('have a key that says whether they are the same', () => {
    fc.assert(
      fc.property(lists, lists, (a, b) => {
        expect(actionsKey(a) === actionsKey(b)).toBe(hexOf(a) === hexOf(b))
        expect(actionsKey(decode(instructions, encode(instructions, a)))).toBe(actionsKey(a))
      }),
      { numRuns: 100 },
    )
    expect(actionsKey([output(1)])).toBe(actionsKey([{ type: 'output', maxLen: 0, port: 1 }]))
    expect(actionsKey(drop)).toBe('')
  })
})

describe('bad bytes', () => {
  /** What reading them comes to: actions, or the error that every caller expects. */
  const outcome = (bytes: Uint8Array): readonly Action[] | WireError => {
    try {
      return decode(instructions, bytes)
    } catch (error) {
      if (error instanceof WireError) return error
      throw error
    }
  }

  it('end in the typed error, and what is read of them can be written and printed', () => {
    fc.assert(
      fc.property(
        lists,
        fc.array(fc.tuple(fc.nat(), u8), { maxLength: 5 }),
        fc.nat(),
        (list, changes, cut) => {
          const bytes = encode(instructions, list)
          for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte
          const whole = outcome(bytes)
          if (!(whole instanceof Error)) {
            const again = decode(instructions, encode(instructions, whole))
            expect(hexOf(again)).toBe(hexOf(whole))
            expect(printActions(whole)).toMatch(/./)
          }
          outcome(bytes.subarray(0, bytes.length === 0 ? 0 : cut % bytes.length))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('of any kind end in the typed error', () => {
    const anyAction = fc.tuple(fc.constantFrom(0, 0x19, 0x1c, 0xffff), u8, fc.uint8Array({ maxLength: 64 }))
    fc.assert(
      fc.property(anyAction, ([code, subtype, body]) => {
        const head = code === 0xffff ? [0xff, 0xff, 0, 0, 0, 0, 0x23, 0x20, 0, subtype % 60] : [0, code, 0, 0]
        const bytes = Buffer.concat([Uint8Array.from(head), body])
        bytes.writeUInt16BE(bytes.length, 2)
        try {
          decode(actions, bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(WireError)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('are told by path and by the name of the OpenFlow error', () => {
    const bytes = encode(instructions, [popVlan, clone([output(1)])])
    // The port of the output inside clone, which nothing can be sent to.
    bytes.fill(0xff, bytes.length - 12, bytes.length - 8)
    expect(() => decode(instructions, bytes, 'flow_mod')).toThrow(
      'flow_mod.apply_actions[1].clone.actions[0].output.port: OFPBAC_BAD_OUT_PORT: nothing can be sent to port ANY, at byte 40',
    )
    expect(() => decode(instructions, bytes)).toThrow(
      expect.objectContaining({ openflow: 'OFPBAC_BAD_OUT_PORT' }),
    )
  })
})

describe('nesting', () => {
  const nest = (depth: number): Action => {
    let inner: Action = output(1)
    for (let i = 0; i < depth; i++) inner = clone([inner])
    return inner
  }

  it('is bounded in bytes', () => {
    expect(decode(actions, encode(actions, [nest(maxDepth)]))).toEqual([nest(maxDepth)])
    expect(() => encode(actions, [nest(maxDepth + 1)])).toThrow(ActionError)
    const header = (length: number): Buffer => {
      const bytes = Buffer.from('ffff0000000023200000000000000000', 'hex')
      bytes.writeUInt16BE(length, 2)
      bytes.writeUInt16BE(42, 8)
      return bytes
    }
    const deep = Buffer.concat(Array.from({ length: 4000 }, (_, index) => header(16 * (4000 - index))))
    expect(() => decode(actions, deep)).toThrow(`actions nested more than ${maxDepth} deep`)
  })

  it('is bounded in text', () => {
    const text = (depth: number): string => `${'clone('.repeat(depth)}output:1${')'.repeat(depth)}`
    expect(parseActions(text(maxDepth))).toEqual([nest(maxDepth)])
    expect(() => parseActions(text(maxDepth + 1))).toThrow(OpenFlowError)
    expect(() => parseActions(text(100_000))).toThrow(OpenFlowError)
  })
})

describe('lists', () => {
  it.each<readonly [string, readonly Action[], string]>([
    ['instructions out of order', [gotoTable(1), output(1)], 'OFPBAC_UNSUPPORTED_ORDER'],
    ['an instruction twice', [gotoTable(1), gotoTable(2)], 'OFPBAC_UNSUPPORTED_ORDER'],
    ['nat outside ct', [{ type: 'nat', persistent: false }], 'OFPBAC_BAD_SET_ARGUMENT'],
    ['ct_mark outside ct', [setField('ct_mark', 1)], 'OFPBAC_BAD_SET_ARGUMENT'],
    ['anything else inside ct', [ct({ commit: true, actions: [output(1)] })], 'OFPBAC_BAD_ARGUMENT'],
    ['meter inside clone', [clone([meter(1)])], 'OFPBAC_BAD_ARGUMENT'],
    ['exit in the action set', [writeActions([{ type: 'exit' }])], 'OFPBAC_BAD_TYPE'],
    [
      'conjunction beside output',
      [{ type: 'conjunction', id: 1, clause: 0, clauses: 2 }, output(1)],
      'NXBAC_BAD_CONJUNCTION',
    ],
    [
      'a field that is read only',
      [move(subfield('reg0', 0, 16), subfield('eth_type'))],
      'OFPBAC_BAD_SET_ARGUMENT',
    ],
    [
      'bits that the field does not have',
      [move(subfield('reg0'), subfield('reg1', 1, 32))],
      'OFPBAC_BAD_SET_LEN',
    ],
  ])('may not have %s', (_, list, openflow) => {
    expect(() => encode(instructions, list)).toThrow(expect.objectContaining({ openflow }))
  })

  it('of groups and packet-outs have no instructions', () => {
    expect(() => encode(actions, [gotoTable(1)])).toThrow(
      expect.objectContaining({ openflow: 'OFPBIC_UNSUP_INST' }),
    )
  })
})

describe('text', () => {
  it('of any kind ends in actions or in the typed error', () => {
    const word = fc.constantFrom(
      'output',
      'ct',
      'learn',
      'clone',
      'set_field',
      '(',
      ')',
      ':',
      '=',
      ',',
      '->',
      'reg0',
      '[',
      '1',
      '0x',
      'nat',
      ' ',
    )
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), (words) => {
        try {
          const list = parseActions(words.join(''))
          expect(printActions(list)).toMatch(/./)
        } catch (error) {
          expect(error).toBeInstanceOf(OpenFlowError)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('of older spellings depends on the match', () => {
    expect(printActions(parseActions('mod_vlan_vid:5'))).toBe('push_vlan:0x8100,set_field:4101->vlan_vid')
    expect(printActions(parseActions('mod_vlan_vid:5', { hasVlan: true }))).toBe('set_field:4101->vlan_vid')
    expect(printActions(parseActions('mod_tp_dst:53', { ipProtocol: 17 }))).toBe('set_field:53->udp_dst')
  })
})
