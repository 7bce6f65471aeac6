/**
 * What does not speak our protocols, or stops speaking, costs its own connection alone: garbage, half messages, silence, crowds.
 * The node that is there goes on, and its links come up as quickly as ever.
 */
import { connect, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Client } from '#api/client.js'
import { type ControllerProcess, startProcess } from './support/controller.js'
import { becomes, eventually, type Fabric, metric, ready, soon, startFabric } from './support/fabric.js'

let fabric: Fabric<ControllerProcess>
let client: Client
let connectedAt: string | undefined

beforeAll(async () => {
  fabric = await startFabric('ctlodd', startProcess, {
    nodes: 2,
    settings: { 'limits.messageBytes': String(1 << 20), 'log.level': 'debug' },
  })
  ;({ client } = fabric.controller)
  ;({ connectedAt } = await client.node('n1'))
  await fabric.lab.addHosts([{ name: 'a', node: 'n1', interfaces: ['e0', 'e1'] }])
})
afterAll(() => fabric?.stop())

/** The real node is where it was, and a link takes no time. */
const goesOn = async (): Promise<void> => {
  const begun = performance.now()
  const made = await client.createLink({
    name: 'quick',
    a: { node: 'n1', interface: 'a-e0' },
    b: { node: 'n1', interface: 'a-e1' },
  })
  expect(made.status).toEqual({ state: 'up' })
  await client.deleteLink('quick')
  expect(performance.now() - begun).toBeLessThan(2_000)
  expect(await client.node('n1')).toMatchObject({ state: 'ready', connectedAt })
}
afterEach(goesOn)

const open = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: fabric.lab.controllerAddress })
    socket.on('error', reject)
    socket.on('connect', () => {
      socket.off('error', reject)
      socket.on('error', () => {})
      resolve(socket)
    })
  })

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve()
    else socket.on('close', () => resolve())
  })

/** Sends bytes and expects to be thrown out for them: counted, and logged with where and why. */
const isThrownOut = async (port: number, bytes: string | Uint8Array, reason: RegExp): Promise<void> => {
  const before = await metric(client, 'heddle_switches_refused_total')
  const socket = await open(port)
  const address = `tcp:${socket.localAddress}:${socket.localPort}`
  socket.resume()
  socket.write(bytes)
  await closed(socket)
  await soon(async () => (await metric(client, 'heddle_switches_refused_total')) > before)
  const said = async (): Promise<string[]> =>
    fabric.controller.log
      .filter(({ msg, peer }) => msg.includes(address) || peer === address)
      .map((line) => `${line.msg} ${line.reason ?? ''}`)
  await eventually(said, [expect.stringMatching(reason)])
}

const json = (value: unknown): string => JSON.stringify(value)

it.each([
  ['an HTTP request', 'GET / HTTP/1.1\r\nhost: x\r\n\r\n', /neither an object nor an array/],
  [
    'bytes of chance',
    Uint8Array.from({ length: 64 }, (_, index) => (index * 37 + 1) & 255),
    /neither an object/,
  ],
  ['a value that is no message', '[1,2,3]', /message/],
  ['a message of no kind', json({ greetings: 1 }), /message/],
  ['lists in lists in lists', '['.repeat(200_000), /deep/],
  ['a message above the limit', `{"method":"${'x'.repeat(2 << 20)}`, /1048576/],
])('on 6640: %s', (_, bytes, reason) => isThrownOut(6640, bytes, reason))

it('on 6640: half a message, and then the end', async () => {
  const socket = await open(6640)
  socket.resume()
  socket.end('{"id":1,"id":')
  await closed(socket)
})

const hello = '0600001000000001000100080000 0040'.replaceAll(' ', '')
const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex')

it.each([
  ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n'), /version|length|message|hello/i],
  ['a length below that of a header', hex('06 00 0004 00000001'), /length/i],
  ['OpenFlow 1.0 alone', hex('01 00 0008 00000001'), /version|1\.5/i],
  ['something else than a hello', hex('06 05 0008 00000001'), /hello/i],
  [
    'a hello, and features that end in the middle',
    hex(`${hello} 06 06 000c 00000002 00000000`),
    /length|byte|short|end/i,
  ],
])('on 6653: %s', (_, bytes, reason) => isThrownOut(6653, bytes, reason))

it('a thousand connections at once on either door, which say nothing or half a message', async () => {
  const crowd = await Promise.all(
    Array.from({ length: 2_000 }, (_, index) => open(index % 2 === 0 ? 6640 : 6653)),
  )
  crowd.forEach((socket, index) => {
    if (index < 100) socket.write(index % 2 === 0 ? '{"method":"ec' : hex('06 00 00'))
  })
  await goesOn()
  expect(await client.health()).toEqual({ ok: true })
  // Most are turned away at once; those that are let in have to say something in time.
  for (const socket of crowd) socket.resume()
  await Promise.all(crowd.map(closed))
  expect(await metric(client, 'heddle_switches_refused_total')).toBeGreaterThan(1_000)
})

it('a node whose daemons stop reading: the others go on, and it catches up when it reads again', async () => {
  const { lab } = fabric
  const n2 = lab.node('n2')
  await lab.addHosts([
    { name: 'b', node: 'n2', interfaces: Array.from({ length: 6 }, (_, index) => `e${index}`) },
  ])
  const pids = await Promise.all([n2.pid('ovs-vswitchd'), n2.pid('ovsdb-server')])
  for (const pid of pids) if (pid !== undefined) process.kill(pid, 'SIGSTOP')
  const links = Array.from({ length: 3 }, (_, index) => ({
    name: `b${index}`,
    a: { node: 'n2', interface: `b-e${2 * index}` },
    b: { node: 'n2', interface: `b-e${2 * index + 1}` },
  }))
  for (const link of links) {
    const made = await client.createLink(link, { wait: '100ms' })
    expect(made.status.state).toBe('pending')
  }
  await goesOn()
  for (const pid of pids) if (pid !== undefined) process.kill(pid, 'SIGCONT')
  await ready(client, 'n2', 20_000)
  for (const { name } of links) await becomes(client, name, 'up')
})
