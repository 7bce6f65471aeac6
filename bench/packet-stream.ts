/**
 * A stream of numbered UDP packets, and those who receive it, as programs inside containers: `send ADDRESS PORT RATE` and
 * `receive ADDRESS PORT`. A line on standard input is answered by one line of JSON: how many packets were sent, or which numbers have come since the
 * last line. Both end with their standard input.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { createInterface } from 'node:readline'

/** Answers each line until there are none. */
const answerLines = async (answer: () => unknown): Promise<void> => {
  process.stdout.write('"ready"\n')
  for await (const _ of createInterface({ input: process.stdin }))
    process.stdout.write(`${JSON.stringify(answer())}\n`)
}

const socketFor = (address: string): Socket => createSocket(isIPv6(address) ? 'udp6' : 'udp4')

/** Sends what is due at every turn of the event loop: the rate holds, however late a timer is. */
const send = async (address: string, port: number, rate: number): Promise<void> => {
  const socket = socketFor(address)
  socket.connect(port, address)
  await once(socket, 'connect')
  const began = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) * rate) / 1000)
    for (; sent < due; sent++) {
      const bytes = Buffer.alloc(64)
      bytes.writeUInt32BE(sent)
      // Who is told of an unreachable port or host goes on: that is a packet lost.
      socket.send(bytes, () => {})
    }
  }, 1)
  socket.on('error', () => {})
  await answerLines(() => sent)
  clearInterval(timer)
  socket.close()
}

const receive = async (address: string, port: number): Promise<void> => {
  const socket = socketFor(address)
  let numbers: number[] = []
  socket.on('message', (bytes) => numbers.push(bytes.readUInt32BE()))
  socket.bind(port, address)
  await once(socket, 'listening')
  await answerLines(() => {
    const come = numbers
    numbers = []
    return come
  })
  socket.close()
}

const [role, address = '', port = '', rate = ''] = process.argv.slice(2)
if (role === 'send') await send(address, Number(port), Number(rate))
else await receive(address, Number(port))
