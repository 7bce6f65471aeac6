/** The load of the LISP bench, a process of its own: asks, registers, subscribes and moves. See `commands.ts`. */
import { createSocket, type Socket } from 'node:dgram'
import { sleep, systemClock } from '#link/clock.js'
import { seededRandom } from '#link/random.js'
import { decodeMessage } from '#lisp/messages.js'
import {
  type FanOut,
  type LoadCommand,
  type LoadResult,
  type Moving,
  obeyCommands,
  type RegisterLoad,
  type RequestLoad,
  type Subscribing,
} from './commands.js'
import {
  acknowledgement,
  eidAt,
  movingIid,
  register,
  registeredIid,
  request,
  subscription,
} from './messages.js'

/** Questions under way: enough that the server never waits. */
const underWay = 256
/** Questions that are made ready; each is another one every time it is sent. */
const readyMax = 4_096
/** Silence after which what is under way is lost. */
const lostMs = 200
const registeredEids = 200_000

const noLookup = (host: string, _: unknown, tell: (error: null, address: string, family: number) => void) =>
  tell(null, host, 4)

const openSocket = async (): Promise<Socket> => {
  const socket = createSocket({ type: 'udp4', lookup: noLookup })
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done))
  socket.setRecvBufferSize(8 << 20)
  socket.setSendBufferSize(8 << 20)
  return socket
}

const random = seededRandom(1)

/** Between moves: a thousand acknowledgements are sent and taken in it, and none of that is the next move's time. */
const pauseMs = 200

class Load {
  readonly #socket: Socket
  #onMessage: (data: Buffer) => void = () => {}
  /** EIDs with subscribers, and how many each has. */
  #subscribed = { eids: 0, each: 0 }
  #moves = 0

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('message', (data) => this.#onMessage(data))
  }

  get port(): number {
    return this.#socket.address().port
  }

  /** Keeps questions under way for so long; answers a second. */
  async #ask(next: () => Uint8Array, ports: readonly number[], ms: number): Promise<LoadResult> {
    let answers = 0
    let turn = 0
    const ask = (): void => this.#send(next(), ports[turn++ % ports.length] ?? 0)
    this.#onMessage = () => {
      answers += 1
      ask()
    }
    const fill = (): void => {
      for (let i = 0; i < underWay; i++) ask()
    }
    fill()
    const began = systemClock.now()
    let last = began
    for (let before = 0; last - began < ms; before = answers) {
      if (last !== began && answers === before) fill()
      await sleep(systemClock, Math.min(lostMs, ms - (last - began)))
      last = systemClock.now()
    }
    const perSecond = (answers * 1_000) / (last - began)
    // What is under way comes home, so that the next measure is not disturbed.
    this.#onMessage = () => {}
    await sleep(systemClock, 20)
    return { perSecond }
  }

  requests({ ports, eids, ms }: RequestLoad): Promise<LoadResult> {
    const ready = Array.from({ length: readyMax }, () => {
      const bytes = request(0)
      return { bytes, view: new DataView(bytes.buffer, bytes.length - 4) }
    })
    let turn = 0
    const next = (): Uint8Array => {
      const one = ready[turn++ % readyMax] as (typeof ready)[number]
      one.view.setUint32(0, 0x0a00_0000 + Math.floor(random() * eids))
      return one.bytes
    }
    return this.#ask(next, ports, ms)
  }

  registers({ port, records, ms }: RegisterLoad): Promise<LoadResult> {
    const count = Math.floor(registeredEids / records)
    const ready = Array.from({ length: count }, (_, i) =>
      register(registeredIid, i * records, records, i, true),
    )
    let turn = 0
    return this.#ask(() => ready[turn++ % count] as Uint8Array, [port], ms)
  }

  /** Registers the EIDs, then subscribes; every subscriber acknowledges what it is told first. */
  async subscribe({ port, subscribers, eids }: Subscribing): Promise<LoadResult> {
    this.#subscribed = { eids, each: subscribers / eids }
    for (let eid = 0; eid < eids; eid++) {
      await this.#hear(1, () => this.#send(register(movingIid, eid, 1, 0, true), port))
    }
    for (let i = 0; i < subscribers; i++) {
      const eid = eidAt(movingIid, i % eids)
      const { notices } = await this.#hear(1, () => this.#send(subscription(i, eid), port))
      this.#acknowledge(notices, port)
    }
    return {}
  }

  /** For each move the times from its Map-Register to the arrival of each notify. */
  async move({ port, moves }: Moving): Promise<LoadResult> {
    const ms: number[][] = []
    for (let i = 0; i < moves; i++) {
      this.#moves += 1
      const { eids, each } = this.#subscribed
      const data = register(movingIid, i % eids, 1, this.#moves, false)
      const { times, notices } = await this.#hear(each, () => this.#send(data, port))
      ms.push(times)
      this.#acknowledge(notices, port)
      await sleep(systemClock, pauseMs)
    }
    return { ms }
  }

  async fanOut({ port, datagrams, times: rounds }: FanOut): Promise<LoadResult> {
    const ms: number[][] = []
    const ask = new Uint8Array(Math.ceil(datagrams / 256)).fill(255)
    for (let i = 0; i < rounds; i++) {
      const { times } = await this.#hear(ask.length * 256, () => this.#send(ask, port))
      ms.push(times.slice(0, datagrams))
      await sleep(systemClock, pauseMs)
    }
    return { ms }
  }

  /** Does something and waits for so many datagrams: what they are, and how long after each came. */
  #hear(count: number, act: () => void): Promise<{ readonly times: number[]; readonly notices: Buffer[] }> {
    return new Promise((resolve, reject) => {
      const times: number[] = []
      const notices: Buffer[] = []
      const cancel = systemClock.schedule(5_000, () =>
        reject(new Error(`${notices.length} of ${count} datagrams came`)),
      )
      let began = 0
      this.#onMessage = (data) => {
        times.push(systemClock.now() - began)
        if (notices.push(data) < count) return
        cancel()
        resolve({ times, notices })
      }
      began = systemClock.now()
      act()
    })
  }

  #acknowledge(notices: readonly Buffer[], port: number): void {
    for (const data of notices) {
      const message = decodeMessage(data)
      if (message.type !== 'map-notify') throw new Error(`a ${message.type} where a notify was expected`)
      this.#send(acknowledgement(message.nonce, message.records), port)
    }
  }

  #send(data: Uint8Array, port: number): void {
    this.#socket.send(data, port, '127.0.0.1')
  }
}

let load: Load | undefined
obeyCommands<LoadCommand, LoadResult>(async (command) => {
  if (command.do === 'start') {
    load = new Load(await openSocket())
    return { port: load.port }
  }
  if (command.do === 'stop') process.exit()
  if (load === undefined) throw new Error('not started')
  switch (command.do) {
    case 'requests':
      return load.requests(command)
    case 'registers':
      return load.registers(command)
    case 'subscribe':
      return load.subscribe(command)
    case 'move':
      return load.move(command)
    case 'fan-out':
      return load.fanOut(command)
  }
})
