/** A port as the database and the channel say it, together. */
import { expect, test } from 'vitest'
import { portValue } from '#switch/ports.js'
import type { InterfaceRow, PortRow } from '#switch/tables.js'

const row: PortRow = {
  _uuid: '11111111-1111-4111-8111-111111111111',
  name: 'eth1',

  external_ids: new Map([['heddle-owner', 'link']]),
}

const device: InterfaceRow = {
  _uuid: '22222222-2222-4222-8222-222222222222',
  name: 'eth1',
  type: '',
  options: new Map(),
  ofport: 4,
  error: null,
  ifindex: 9,
  mtu: 1500,
  mtu_request: null,
  mac: null,
  mac_in_use: '02:00:00:00:00:01',
}

test('what both say of one port is put together', () => {
  const open = { name: 'eth1', hwAddr: '02:00:00:00:00:01', linkDown: true, held: false }
  expect(portValue(row, device, open)).toMatchObject({ ofport: 4, linkDown: true, held: false })
})

test('a number that the channel gives to another port is not believed', () => {
  const open = { name: 'heddle-vxlan', hwAddr: '02:00:00:00:00:02', linkDown: true, held: true }
  expect(portValue(row, device, open)).toEqual({
    name: 'eth1',
    ours: true,
    mac: '02:00:00:00:00:01',
    mtu: 1500,
  })
})
