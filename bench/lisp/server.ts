/** The servers of the LISP bench, each a process of its own: a Map-Server with EIDs in it, or an echo. See `commands.ts`. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { systemClock } from '#link/clock.js'
import { systemRandom } from '#link/random.js'
import { makeSite } from '#lisp/map-server/sites.js'
import { MapServer } from '#lisp/map-server.js'
import { serveLisp } from '#lisp/udp.js'
import { obeyCommands, type ServerCommand, type ServerStart, type ServerUsage } from './commands.js'
import {
  askedIid,
  eidAt,
  locatorOf,
  loopback,
  movingIid,
  registeredIid,
  siteKey,
  subscriberSite,
  wholeNetwork,
} from './messages.js'

/** The load is one source and one site: what limits those is out of the way. */
const unlimited = { perSecond: 1e9, burst: 1e9 }

const startLisp = async ({ eids, notifyPort }: ServerStart): Promise<() => ServerUsage> => {
  const now = systemClock.now()
  const server = new MapServer({
    now,
    random: systemRandom,
    rloc: loopback,
    quiet: false,
    options: {
      controlPort: notifyPort,
      requestRate: unlimited,
      registerRate: unlimited,
      sourceRate: unlimited,
      siteRate: unlimited,
    },
  })
  const prefixes = [registeredIid, movingIid].map((iid) => ({
    eid: wholeNetwork(iid),
    acceptMoreSpecifics: true,
  }))
  server.putSite(makeSite({ name: 'bench', prefixes, keys: [siteKey], siteIds: [subscriberSite] }), now)
  for (let i = 0; i < eids; i++) {
    const node = nodeOf(i)
    server.put({ eid: eidAt(askedIid, i), locators: [locatorOf(i)], node }, now)
  }
  const listen = [{ address: '127.0.0.1', port: 0 }]
  const sockets = await serveLisp({
    server,
    clock: systemClock,
    listen,
    onEffect: (effect) => {
      if (effect.do === 'log') process.stderr.write(`${effect.refusal}: ${effect.detail}\n`)
    },
    onFault: (error) => process.stderr.write(`${String(error)}\n`),
  })
  const port = sockets.endpoints[0]?.port ?? 0
  const { counters } = server
  return () => usage(port, counters.requests + counters.registers + counters.acks)
}

const nodes = Array.from({ length: 1_000 }, (_, index) => ({ kind: 'local' as const, name: `node${index}` }))
const nodeOf = (index: number): (typeof nodes)[number] => {
  const node = nodes[index % nodes.length]
  if (node === undefined) throw new RangeError(`node ${index}`)
  return node
}

/** A datagram whose first byte is 255 asks for many: its length times 256 is how many it is answered with. */
const startEcho = async (): Promise<() => ServerUsage> => {
  const socket = createSocket('udp4')
  let taken = 0
  socket.on('message', (data: Buffer, from: RemoteInfo) => {
    taken += 1
    if (data[0] === 255) fanOut(socket, data.length * 256, from)
    else socket.send(data, from.port, from.address)
  })
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done))
  socket.setRecvBufferSize(4 << 20)
  socket.setSendBufferSize(4 << 20)
  const { port } = socket.address()
  return () => usage(port, taken)
}

const notice = new Uint8Array(92)
const fanOut = (socket: Socket, count: number, { port, address }: RemoteInfo): void => {
  for (let i = 0; i < count; i++) socket.send(notice, port, address)
}

const usage = (port: number, taken: number): ServerUsage => {
  const { user, system } = process.cpuUsage()
  return { port, cpuUs: user + system, rssBytes: process.memoryUsage.rss(), taken }
}

let report: (() => ServerUsage) | undefined
obeyCommands<ServerCommand, ServerUsage>(async (command) => {
  if (command.do === 'stop') process.exit()
  if (command.do === 'start') report = await (command.kind === 'lisp' ? startLisp(command) : startEcho())
  if (report === undefined) throw new Error('not started')
  return report()
})
