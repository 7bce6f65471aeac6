/** The data plane of a simulated xTR: VXLAN-GPE by the byte, and packets that wait for what the Map-Resolver says. */
import { describe, expect, it } from 'vitest'
import { DataPlane } from '#lab/xtr/data-plane.js'
import { prefixOf, prefixText } from '#lab/xtr/eid-text.js'
import { decapsulate, encapsulate } from '#lab/xtr/vxlan-gpe.js'

const hex = (data: Uint8Array | undefined): string => Buffer.from(data ?? []).toString('hex')
const bytes = (text: string): Uint8Array => Buffer.from(text, 'hex')

/** An IPv4 header to 10.9.0.2, and an IPv6 header to fd09::2, with nothing behind. */
const to4 = bytes('45000014000000004001000000000000' + '0a090002')
const to6 = bytes(`6000000000003a40${'00'.repeat(16)}fd090000000000000000000000000002`)

describe('VXLAN-GPE', () => {
  it.each([
    ['IPv4', to4, '0c00000100123400'],
    ['IPv6', to6, '0c00000200123400'],
  ])('of %s has a next protocol and no Ethernet header', (_, packet, header) => {
    expect(hex(encapsulate(0x1234, packet))).toBe(header + hex(packet))
    expect(hex(decapsulate(0x1234, bytes(header + hex(packet))))).toBe(hex(packet))
  })

  it.each([
    ['another VNI', `0c00000100123500${hex(to4)}`],
    ['no next protocol', `0800000100123400${hex(to4)}`],
    ['no VNI', `0400000100123400${hex(to4)}`],
    ['Ethernet', `0c00000300123400${hex(to4)}`],
    ['another family than it says', `0c00000200123400${hex(to4)}`],
    ['no packet', '0c00000100123400'],
  ])('with %s is not for this site', (_, datagram) => {
    expect(decapsulate(0x1234, bytes(datagram))).toBeUndefined()
  })
})

describe('the data plane', () => {
  const start = () => {
    const asked: string[] = []
    const sent: string[] = []
    const waiting: ((rlocs: readonly string[]) => void)[] = []
    const dataPlane = new DataPlane({
      iid: 7,
      resolve: (eid) => {
        asked.push(eid)
        return new Promise((resolve) => waiting.push((rlocs) => resolve({ rlocs })))
      },
      toSite: (packet) => void sent.push(`site ${hex(packet)}`),
      toRloc: (datagram, port, rloc) => void sent.push(`${rloc} ${port} ${hex(datagram).slice(0, 16)}`),
    })
    const answer = async (rlocs: readonly string[]): Promise<void> => {
      waiting.shift()?.(rlocs)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return { dataPlane, asked, sent, answer }
  }

  it('asks once, sends what waited, and what comes later at once', async () => {
    const { dataPlane, asked, sent, answer } = start()
    dataPlane.fromSite(to4)
    dataPlane.fromSite(to4)
    expect([asked, sent]).toEqual([['10.9.0.2'], []])
    await answer(['192.0.2.1'])
    dataPlane.fromSite(to4)
    expect(sent).toEqual(Array(3).fill('192.0.2.1 4790 0c00000100000700'))
    dataPlane.fromSite(to6)
    await answer([])
    expect([asked.length, sent.length, dataPlane.dropped]).toEqual([2, 3, 1])
  })

  it('takes what is for its site, and keeps multicast there', () => {
    const { dataPlane, asked, sent } = start()
    dataPlane.fromRloc(encapsulate(7, to4))
    dataPlane.fromRloc(encapsulate(8, to4))
    expect([sent, dataPlane.dropped]).toEqual([[`site ${hex(to4)}`], 1])
    dataPlane.fromSite(bytes(hex(to4).replace(/0a090002$/, 'e0000016')))
    dataPlane.fromSite(bytes('45'))
    expect(asked).toEqual([])
  })
})

it.each([
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['10.0.0.1', '10.0.0.1/32'],
  ['fd00::/8', 'fd00:0:0:0:0:0:0:0/8'],
  ['::1', '0:0:0:0:0:0:0:1/128'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6/128'],
])('reads %s', (text, printed) => {
  const { value, length } = prefixOf(text)
  expect(prefixText(value, length)).toBe(printed)
})
