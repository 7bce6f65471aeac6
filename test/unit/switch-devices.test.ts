/** Which devices a switch has opened: ports whose device went or was replaced are found out by the interface index. */
import { expect, it } from 'vitest'
import { Devices } from '#switch/devices.js'
import type { InterfaceRow } from '#switch/tables.js'

const row = (values: Partial<InterfaceRow> = {}): InterfaceRow => ({
  _uuid: 'e6a4b1c2-0000-4000-8000-000000000001',
  name: 'r1-gig1',
  type: '',
  options: new Map(),
  ofport: 7,
  error: null,
  ifindex: 12,
  mtu: 1500,
  mtu_request: null,
  mac: null,
  mac_in_use: null,
  ...values,
})

/** As after the first row was there when the switch connected, and the others came one after the other. */
const devices = (...rows: InterfaceRow[]): Devices => {
  const made = new Devices()
  made.load(rows.slice(0, 1), true, () => undefined)
  for (const one of rows.slice(1)) {
    made.take([{ table: 'Interface', uuid: one._uuid, old: row(), new: one }])
  }
  return made
}

it('finds nothing wrong with a device that stays', () => {
  expect(devices(row()).fault(row({ mtu: 9000 }))).toBeUndefined()
})

it('finds a device that is gone, in the words of Open vSwitch', () => {
  expect(devices(row()).fault(row({ ifindex: 0 }))).toBe('No such device')
})

it('finds a device that was replaced, also when it was seen gone', () => {
  const words = 'the device is another one than the switch has opened'
  expect(devices(row()).fault(row({ ifindex: 13 }))).toBe(words)
  expect(devices(row(), row({ ifindex: 0 }), row({ ifindex: 13 })).fault(row({ ifindex: 13 }))).toBe(words)
})

it('begins anew when the switch has closed the port', () => {
  const closed = row({ ofport: -1, ifindex: null, error: 'could not open network device r1-gig1' })
  expect(devices(row(), closed).fault(closed)).toBeUndefined()
  expect(devices(row(), closed, row({ ifindex: 13 })).fault(row({ ifindex: 13 }))).toBeUndefined()
})

it('goes by what was written down, unless the switch has just started', () => {
  const adopted = new Devices()
  adopted.load([row({ ifindex: 13 })], false, () => 12)
  expect(adopted.fault(row({ ifindex: 13 }))).toContain('another one')
  const restarted = new Devices()
  restarted.load([row({ ifindex: 13 })], true, () => 12)
  expect(restarted.fault(row({ ifindex: 13 }))).toBeUndefined()
})

it('has an index to write down once, when the switch has opened a device', () => {
  const made = devices(row())
  expect(made.hasNews).toBe(true)
  expect(made.takeNews(() => row())).toEqual([['r1-gig1', 12]])
  expect(made.hasNews).toBe(false)
  made.take([{ table: 'Interface', uuid: row()._uuid, old: row(), new: row({ mtu: 9000 }) }])
  expect(made.hasNews).toBe(false)
})

it('waits for the interface index of a new port', () => {
  expect(devices(row({ ifindex: null }), row()).fault(row())).toBeUndefined()
})

it('has nothing to say of ports that are no devices of the kernel', () => {
  expect(devices().fault(row({ type: 'vxlan', ifindex: 0 }))).toBeUndefined()
})
