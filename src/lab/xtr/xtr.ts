/**
 * A LISP router as far as the control plane sees one: it registers EIDs, asks for others, subscribes and acknowledges what it is
 * told. One socket, at port 4342 of an address of its own, since that is where Map-Servers send what nobody asked for.
 */
import { createSocket } from 'node:dgram'
import type { Clock } from '#link/clock.js'
import type { Random } from '#link/random.js'
import { addressText, ipv4Of, ipv4Text, prefixOf, prefixText } from './eid-text.js'
import {
  type Heard,
  hear,
  type Key,
  type MappingRecord,
  mapNotifyAck,
  mapRegister,
  mapRequest,
  type Question,
  solicited,
} from './messages.js'

export const xtrPort = 4342

export interface XtrOptions {
  /** IPv4: where it listens and where answers go. */
  readonly address: string
  /** IPv4: where packets to its EIDs go; the same address unless told. */
  readonly rloc?: string
  readonly mapServer: { readonly address: string; readonly port: number }
  readonly key: Key
  /** Of 64 bits each. */
  readonly xtrId: bigint
  readonly siteId: bigint
  readonly clock: Clock
  readonly random: Random
  /** Told of each EID that is to be asked for again. */
  readonly onSolicited?: (eid: string) => void
  /** A question without an answer for so long is asked again, as routers do. */
  readonly patienceMs?: number
}

/** What its messages go through. */
export interface XtrSocket {
  send(data: Uint8Array, port: number, address: string): void
  /** Takes what comes; called once. */
  listen(take: (data: Uint8Array) => void): void
  close(): Promise<void>
}

/** What it was told of an EID, and how long after it had asked, or began to listen. */
export interface Told {
  /** RLOCs in the order in which they came; none for a negative answer. */
  readonly rlocs: readonly string[]
  /** `10.0.0.0/24` */
  readonly prefix: string
  readonly ms: number
}

/** How often something is asked where no answer comes. */
const attempts = 3

interface Waiting {
  readonly wants: (heard: Heard) => boolean
  readonly take: (heard: Heard) => void
}

export class Xtr {
  /** Datagrams that were no messages, and notifies that were not authentic. */
  refused = 0
  readonly #options: XtrOptions
  readonly #socket: XtrSocket
  readonly #waiting = new Set<Waiting>()
  /** Nonces of registrations, and of questions. Notifies of a subscription count up from its question's: they stay apart. */
  #registration: bigint
  #question: bigint

  /** `socket`: at port 4342 of its address. */
  constructor(options: XtrOptions, socket: XtrSocket) {
    this.#options = options
    this.#socket = socket
    // From anywhere up: those of one router have to grow.
    this.#registration = BigInt(Math.floor(options.random() * 2 ** 31)) << 31n
    this.#question = this.#registration + 2n ** 62n
    socket.listen((data) => this.#receive(data))
  }

  /** Begins to listen. Rejects with the system's error where it cannot. */
  static open(options: XtrOptions): Promise<Xtr> {
    return new Promise((resolve, reject) => {
      const socket = createSocket('udp4')
      socket.once('error', reject)
      socket.bind(xtrPort, options.address, () => {
        socket.off('error', reject)
        const close = (): Promise<void> => new Promise((done) => socket.close(() => done()))
        const listen = (take: (data: Uint8Array) => void): void => void socket.on('message', take)
        const send = (data: Uint8Array, port: number, address: string): void =>
          socket.send(data, port, address)
        resolve(new Xtr(options, { send, listen, close }))
      })
    })
  }

  get address(): string {
    return this.#options.address
  }

  /** Registers an EID, a single one or a prefix, at its own RLOC. Resolves with the authentic Map-Notify. */
  register(iid: number, eid: string): Promise<Told> {
    const { xtrId, siteId, key } = this.#options
    this.#registration += 1n
    const nonce = this.#registration
    const data = mapRegister(nonce, this.#recordFor(iid, eid), { xtrId, siteId }, key)
    return this.#ask(data, (heard) => heard.type === 'map-notify' && heard.nonce === nonce)
  }

  /** Asks for an EID. */
  resolve(iid: number, eid: string): Promise<Told> {
    const question = this.#questionFor(iid, eid)
    return this.#ask(
      mapRequest(question),
      (heard) => heard.type === 'map-reply' && heard.nonce === question.nonce,
    )
  }

  /** Asks for an EID and for every change of it: the Map-Server confirms by a Map-Notify with the same nonce. */
  subscribe(iid: number, eid: string): Promise<Told> {
    const { xtrId, siteId } = this.#options
    const question = this.#questionFor(iid, eid)
    return this.#ask(
      mapRequest({ ...question, subscriber: { xtrId, siteId } }),
      (heard) => heard.type === 'map-notify' && heard.nonce === question.nonce,
    )
  }

  /** The next authentic notify about an EID, counted from now. Rejects when none comes. */
  notified(iid: number, eid: string): Promise<Told> {
    const { value } = prefixOf(eid)
    return this.#hearing(
      (heard) =>
        heard.type === 'map-notify' &&
        heard.records.some((one) => one.eid.iid === iid && one.eid.address.value === value),
      attempts * this.#patienceMs,
    )
  }

  close(): Promise<void> {
    return this.#socket.close()
  }

  get #patienceMs(): number {
    return this.#options.patienceMs ?? 1_000
  }

  #questionFor(iid: number, eid: string): Question {
    this.#question += 0x1_0000n
    return { nonce: this.#question, iid, address: prefixOf(eid).value, itrRloc: ipv4Of(this.address) }
  }

  #recordFor(iid: number, eid: string): MappingRecord {
    const rloc = { value: ipv4Of(this.#options.rloc ?? this.address) }
    const { value, length } = prefixOf(eid)
    // L and R: our own, and up.
    const locator = { priority: 1, weight: 100, multicastPriority: 255, multicastWeight: 0, flags: 5, rloc }
    return {
      ttl: 10,
      maskLength: length,
      action: 0x1000,
      mapVersion: 0,
      eid: { iid, address: { value } },
      locators: [locator],
    }
  }

  async #ask(data: Uint8Array, wants: (heard: Heard) => boolean): Promise<Told> {
    for (let attempt = 1; ; attempt++) {
      const answer = this.#hearing(wants, this.#patienceMs)
      this.#send(data)
      try {
        return await answer
      } catch (error) {
        if (attempt === attempts) throw error
      }
    }
  }

  #hearing(wants: (heard: Heard) => boolean, waitMs: number): Promise<Told> {
    const { clock, mapServer } = this.#options
    const begun = clock.now()
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        wants,
        take: (heard) => {
          cancel()
          this.#waiting.delete(waiting)
          resolve({ ...toldBy(heard), ms: clock.now() - begun })
        },
      }
      const cancel = clock.schedule(waitMs, () => {
        this.#waiting.delete(waiting)
        reject(new Error(`${this.address}: no answer from ${mapServer.address} in ${waitMs} ms`))
      })
      this.#waiting.add(waiting)
    })
  }

  #receive(data: Uint8Array): void {
    const heard = this.#read(data)
    if (heard === undefined) return
    // The answer to a registration is none to be answered. All else is, whether or not somebody waits for it here.
    if (heard.type === 'map-notify' && heard.nonce !== this.#registration) {
      this.#send(mapNotifyAck(heard.nonce, heard.records, this.#options.key))
    }
    for (const waiting of [...this.#waiting]) if (waiting.wants(heard)) waiting.take(heard)
  }

  #read(data: Uint8Array): Heard | undefined {
    try {
      const again = solicited(data)
      if (again !== undefined) {
        this.#options.onSolicited?.(addressText(again))
        return undefined
      }
      const heard = hear(data, this.#options.key)
      if (heard?.authentic === true) return heard
    } catch {
      // Counted below: whatever came, it was not for us.
    }
    this.refused += 1
    return undefined
  }

  #send(data: Uint8Array): void {
    const { address, port } = this.#options.mapServer
    this.#socket.send(data, port, address)
  }
}

const toldBy = ({ records }: Heard): Pick<Told, 'rlocs' | 'prefix'> => {
  const [first] = records
  if (first === undefined) return { rlocs: [], prefix: '' }
  return {
    rlocs: first.locators.map(({ rloc }) => ipv4Text(rloc.value)),
    prefix: prefixText(first.eid.address.value, first.maskLength),
  }
}
