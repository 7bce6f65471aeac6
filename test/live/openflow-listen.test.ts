/** The door for switches over real sockets: strangers, chatterers and slow readers lose their own connection and no other. */
import { connect } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '#link/clock.js'
import { dial } from '#link/dial.js'
import type { Listener } from '#link/listen.js'
import { systemRandom } from '#link/random.js'
import { parseListenTarget } from '#link/targets.js'
import type { Channel } from '#openflow/channel.js'
import { listenForSwitches, type SwitchListenOptions } from '#openflow/listen.js'
import { OpenFlowPeer } from '../fake/openflow-peer.js'

const open = async (options: Partial<SwitchListenOptions> = {}) => {
  const switches: Channel[] = []
  const failures: Error[] = []
  const listener: Listener = await listenForSwitches(parseListenTarget('ptcp:0:127.0.0.1'), {
    clock: systemClock,
    random: systemRandom,
    onSwitch: (channel) => switches.push(channel),
    onFailed: (_, error) => failures.push(error),
    ...options,
  })
  onTestFinished(() => listener.close())
  const port = 'port' in listener.target ? listener.target.port : expect.fail()
  const peer = async (): Promise<OpenFlowPeer> =>
    new OpenFlowPeer(await dial({ kind: 'tcp', host: '127.0.0.1', port }, {}, new AbortController().signal))
  return { listener, port, switches, failures, peer }
}

/** Sends bytes on a socket of its own; resolves when the other side has closed it. */
const shout = (port: number, bytes: string | Uint8Array): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    socket.resume()
  })

it('turns away who speaks something else, and goes on with the others', async () => {
  const { port, switches, failures, peer, listener } = await open()
  const one = await peer()
  one.greet()
  await expect.poll(() => switches.length).toBe(1)
  await Promise.all([
    shout(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    shout(port, Buffer.from('16030100c8010000c40303', 'hex')),
    shout(port, Buffer.from('0600000800000001 0606000900000001ff'.replace(' ', ''), 'hex')),
  ])
  expect(failures.map((error) => 'code' in error && error.code)).toEqual([
    'malformed',
    'malformed',
    'malformed',
  ])
  const barrier = switches[0]?.barrier()
  await expect.poll(() => one.received.at(-1)?.message.type).toBe('barrier_request')
  one.send({ type: 'barrier_reply' }, one.received.at(-1)?.xid)
  await barrier
  expect(listener.counts).toMatchObject({ connections: 1, strangers: 0, accepted: 4 })
})

it('does not wait for ever for one that says nothing, or half of something', async () => {
  const { port, failures } = await open({ link: { handshakeMsMax: 50 } })
  await Promise.all([shout(port, ''), shout(port, Buffer.from('06000010', 'hex'))])
  expect(failures).toMatchObject([{ code: 'timeout' }, { code: 'timeout' }])
})

it('ends with a switch that does not read, while another one is served', async () => {
  const closed: Error[] = []
  const { switches, peer } = await open({
    listen: { queueBytesMax: 1_000_000 },
    limits: { queueBytesMax: 4_000_000 },
    onClose: (error) => closed.push(error),
  })
  const [slow, quick] = [await peer(), await peer()]
  slow.greet()
  await expect.poll(() => switches.length).toBe(1)
  quick.greet()
  await expect.poll(() => switches.length).toBe(2)
  slow.pause()
  const data = new Uint8Array(60_000)
  for (let sent = 0; sent < 400 && closed.length === 0; sent++) {
    switches[0]?.send({ type: 'echo_request', data })
    if (sent % 20 === 0) await new Promise(setImmediate)
  }
  await expect.poll(() => closed).toMatchObject([{ code: 'queue-full' }])
  switches[1]?.send({ type: 'echo_request', data })
  await expect.poll(() => quick.received.at(-1)?.message.type).toBe('echo_request')
})
