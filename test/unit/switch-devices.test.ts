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
  mac_in_use: null,
  ...values,
})

const devices = (...rows: InterfaceRow[]): Devices => {
  const made = new Devices()
  for (const one of rows) made.load([one])
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

it('waits for the interface index of a new port', () => {
  expect(devices(row({ ifindex: null }), row()).fault(row())).toBeUndefined()
})

it('has nothing to say of ports that are no devices of the kernel', () => {
  expect(devices().fault(row({ type: 'vxlan', ifindex: 0 }))).toBeUndefined()
})
