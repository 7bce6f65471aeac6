/** `heddle openflow`: messages from hexadecimal digits to text, and flows to bytes. */
import { describe, expect, it } from 'vitest'
import { heddle } from './cli-support.js'

const flow = 'table=0,in_port=1,actions=output:2'
/**
 * What `ovs-ofctl -O OpenFlow15 add-flow` sends for it, xid aside: header, cookie and mask, table, command, timeouts,
 * priority, buffer, out port and group, flags, importance; match in_port=1; apply_actions with output to 2.
 */
const bytes = [
  '060e0058 00000000',
  '0000000000000000 0000000000000000',
  '00 00 0000 0000 8000 ffffffff ffffffff ffffffff 0000 0000',
  '0001 000c 80000004 00000001 00000000',
  '0004 0018 00000000 0000 0010 00000002 0000 000000000000',
].join(' ')
const hex = bytes.replaceAll(' ', '')
const text = 'OFPT_FLOW_MOD (OF1.5) (xid=0x0): ADD in_port=1 actions=output:2\n'
const echo = '0602000800000007'
const echoText = 'OFPT_ECHO_REQUEST (OF1.5) (xid=0x7): 0 bytes of payload\n'

describe('heddle openflow encode-flow', () => {
  it('prints the bytes of an addition', async () => {
    expect(await heddle(['openflow', 'encode-flow', flow])).toEqual({ code: 0, out: `${hex}\n`, err: '' })
  })

  it('takes flows from standard input, and other commands and transaction ids', async () => {
    const { out } = await heddle('openflow encode-flow --command delete_strict --xid 5', {
      stdin: [`# those of port 1\nin_port=1\n`, `\n${flow}`],
    })
    const [first = '', second = ''] = out.split('\n')
    expect(first).toMatch(/^060e....00000005/)
    const { out: printed } = await heddle(['openflow', 'print', first, second])
    expect(printed).toBe(
      'OFPT_FLOW_MOD (OF1.5) (xid=0x5): DEL_STRICT in_port=1 actions=drop\n' +
        'OFPT_FLOW_MOD (OF1.5) (xid=0x5): DEL_STRICT in_port=1 actions=output:2\n',
    )
  })

  it.each([
    ['in_port=1', /^heddle: .*actions=/],
    ['in_prot=1,actions=drop', /^heddle: .*in_prot/],
    ['actions=outptu:1', /^heddle: .*outptu/],
  ])('%s is refused', async (line, message) => {
    const { code, out, err } = await heddle(['openflow', 'encode-flow', line])
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(message)
  })
})

describe('heddle openflow print', () => {
  it.each([
    ['digits', hex],
    ['digits in groups', bytes],
    ['digits as captures have them', `0x${hex.replace(/../g, '$&:').slice(0, -1).toUpperCase()}`],
  ])('reads %s', async (_form, digits) => {
    expect(await heddle(['openflow', 'print', ...digits.split(' ')])).toEqual({ code: 0, out: text, err: '' })
  })

  it('reads several messages in a row', async () => {
    expect((await heddle(['openflow', 'print', echo + hex])).out).toBe(echoText + text)
  })

  it('reads a message a line, tells of lines that are none, and fails in the end', async () => {
    const ran = await heddle('openflow print', { stdin: [`${echo}\nxyz\n`, `\n060\n${hex}\n`] })
    expect(ran).toEqual({
      code: 1,
      out: echoText + text,
      err:
        'heddle: line 2: "x" is no hexadecimal digit\n' +
        'heddle: line 4: 3 digits: half a byte is missing\n' +
        'heddle: 2 lines of 5 could not be read\n',
    })
  })

  it('prints what is no message as that', async () => {
    expect((await heddle('openflow print 06020010000000')).out).toMatch(/too short|truncated/)
    expect((await heddle('openflow print 060e000800000000')).out).toContain('***decode error')
  })

  it('wants something to read', async () => {
    expect(await heddle('openflow print')).toEqual({
      code: 2,
      out: '',
      err: 'heddle: standard input is empty\n',
    })
  })
})
