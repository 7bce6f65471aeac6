/** Every operation as JSON: test/golden/ovsdb/operations.txt. */
import { expect, test } from 'vitest'
import { namedUuid } from '#ovsdb/atoms.js'
import { boolean, integer, integer64, map, optional, real, set, string, uuid } from '#ovsdb/columns.js'
import { printJson } from '#ovsdb/json.js'
import {
  abort,
  assertLock,
  comment,
  commit,
  deleteRows,
  insert,
  insertAs,
  mutate,
  type Operation,
  select,
  update,
  wait,
} from '#ovsdb/operations.js'
import { bridge, iface, openVswitch, port } from '#ovsdb/schemas/open-vswitch.js'
import { table } from '#ovsdb/tables.js'
import { readGolden, rewrite } from './golden.js'

const id = '0e5d2b1c-8a7f-4c39-9d1e-2f6b3a4c5d6e'

const kinds = table('Kinds', {
  count: integer,
  big: integer64,
  ratio: real,
  flag: boolean,
  word: string,
  other: uuid,
  none: optional(string),
  some: optional(integer),
  list: set(integer),
  table: map(integer, boolean),
})

const operations: Readonly<Record<string, Operation>> = {
  insert: insert(
    bridge,
    {
      name: 'br-int',
      ports: [namedUuid('p'), id],
      fail_mode: 'secure',
      external_ids: { 'heddle-owner': 'x' },
    },
    'b',
  ),
  'insert with a UUID': insertAs(port, { name: 'p0' }, id),
  'insert of all kinds': insert(kinds, {
    count: -5,
    big: 2n ** 63n - 1n,
    ratio: 0.5,
    flag: true,
    word: 'é',
    other: id,
    none: null,
    some: 7,
    list: [3, 1, 2],
    table: new Map([
      [1, true],
      [2, false],
    ]),
  }),
  select: select(bridge, [
    ['name', '==', 'br-int'],
    ['fail_mode', '!=', null],
  ]),
  'select some columns': select(
    iface,
    [
      ['ofport', '>=', 1],
      ['external_ids', 'includes', { 'iface-id': 'x' }],
    ],
    ['name', '_uuid'],
  ),
  'select by UUID': select(port, [['_uuid', '==', id]]),
  'select nothing': select(port, [false]),
  update: update(iface, [['name', '==', 'p0']], {
    mtu_request: null,
    options: new Map([
      ['key', 'flow'],
      ['remote_ip', 'flow'],
    ]),
  }),
  mutate: mutate(
    openVswitch,
    [],
    [
      ['next_cfg', '+=', 1],
      ['bridges', 'insert', [namedUuid('b')]],
      ['external_ids', 'delete', ['old', 'older']],
      ['external_ids', 'insert', { new: '1' }],
      ['other_config', 'delete', { k: 'only this value' }],
    ],
  ),
  delete: deleteRows(port, [
    ['tag', 'excludes', 5],
    ['trunks', '==', []],
  ]),
  wait: wait(bridge, {
    where: [['name', '==', 'br-int']],
    until: '!=',
    columns: ['datapath_id'],
    rows: [{ datapath_id: null }],
    timeoutMs: 0,
  }),
  'wait for ever': wait(bridge, { where: [], until: '==', columns: ['_uuid'], rows: [] }),
  commit: commit(true),
  abort: abort(),
  comment: comment('two wires'),
  assert: assertLock('heddle'),
}

test('every operation', () => {
  const golden = readGolden('operations.txt')
  const written = rewrite(golden, (name) => [printJson(operations[name]?.request ?? null)])
  expect(written).toBe(golden)
  for (const name of Object.keys(operations)) expect(golden).toContain(`\n${name}\n`)
})
