/** Why a packet-in came, read from userdata and registers. */
import { expect, it } from 'vitest'
import { readPacketReason, userdataOf } from '#compile/packet-reason.js'
import { having } from '#compile/registers.js'
import { hexBytes } from '../../fake/frames.js'

const asker = { vni: 0x123456, endpoint: 0xab_cdef_0123 }

it('says whose packet it is in eight bytes', () => {
  expect(Buffer.from(userdataOf(asker)).toString('hex')).toBe('123456abcdef0123')
})

it.each([
  [{ reason: 1 }, { ...asker, reason: 'miss' }],
  [
    { reason: 2, error: 6, mtu: 1450 },
    { ...asker, reason: 'error', error: 'too-big', mtu: 1450 },
  ],
  [
    { reason: 2, error: 3 },
    { ...asker, reason: 'error', error: 'host-unreachable', mtu: 0 },
  ],
  [{ reason: 3 }, { ...asker, reason: 'dhcp' }],
  [
    { reason: 4, mtu: 65_535 },
    { ...asker, reason: 'router-solicitation' },
  ],
  [{ reason: 2, error: 99 }, undefined],
  [{ reason: 9 }, undefined],
  [{}, undefined],
])('reads %o', (values, expected) => {
  expect(readPacketReason(userdataOf(asker), having(values))).toEqual(expected)
})

it.each([undefined, hexBytes(''), hexBytes('00112233445566'), hexBytes('001122334455667788')])(
  'leaves alone what is none of ours: %s',
  (userdata) => {
    expect(readPacketReason(userdata, having({ reason: 1 }))).toBeUndefined()
  },
)
