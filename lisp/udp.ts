/**
 * The rim: sockets and a timer around a state machine, be it a Map-Server, a client of one, or both at one port. Datagrams and the
 * time go in, effects are obeyed. RFC 9301, section 12.1: the port is 4342.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import type { Clock } from '#link/clock.js'
import type { IpAddress } from './address.js'
import { parseIp, printAddress } from './address-text.js'
import type { Effect, Endpoint, KeepNonce, Send } from './map-server/effects.js'
import type { KeptNonce } from './map-server/xtrs.js'

export const lispControlPort = 4342

export interface LispListen {
  /** An IPv4 or IPv6 address of this machine, or `0.0.0.0` or `::`. */
  readonly address: string
  readonly port: number
}

/** What the rim does by itself. */
type Obeyed = Send | KeepNonce

/** A state machine of LISP: `MapServer`, `MappingClient`. `Other` are the effects that are somebody else's to carry out. */
export interface LispMachine<Other> {
  /** Takes a datagram. Whatever its bytes are, it throws nothing. */
  receive(data: Uint8Array, from: Endpoint, now: number): readonly (Obeyed | Other)[]
  /** Lets time do its work. */
  tick(now: number): readonly (Obeyed | Other)[]
}

export interface LispSocketsOptions<Other> {
  readonly server: LispMachine<Other>
  readonly clock: Clock
  readonly listen: readonly LispListen[]
  /** Every effect but `send` and `keep-nonce`: changes to tell, lines to log, messages for others. */
  readonly onEffect: (effect: Other) => void
  /** A mistake of ours that a datagram brought to light: it is told, and the next datagram is served. */
  readonly onFault: (error: unknown, data: Uint8Array) => void
  /** Writes nonces where a restart finds them: the latest of each xTR, once in `keepNoncesMs`. */
  readonly keepNonces?: (nonces: readonly KeptNonce[]) => void
  readonly keepNoncesMs?: number
  readonly tickMs?: number
}

export interface LispSockets<Other = Effect> {
  /** Where it listens: with the ports that the system chose for those that were 0. */
  readonly endpoints: readonly Endpoint[]
  /** Datagrams that could not be sent. */
  readonly unsent: number
  /** Does what the machine wants after a call to it from elsewhere (`put`, `putSite`, `watch`). */
  obey(effects: readonly (Obeyed | Other)[]): void
  /** Closes the sockets; the nonces that wait are kept first. */
  close(): Promise<void>
}

/** Bytes that may wait in a socket before more are thrown away: the network is slower than the answers. */
const queueBytesMax = 8 << 20
const queueLookEvery = 32
const socketBufferBytes = 4 << 20
const cachedAddressesMax = 65_536

/** Texts of addresses and back, remembered: both are needed for every datagram. */
class AddressTexts {
  readonly #byText = new Map<string, IpAddress>()
  readonly #byValue = new Map<number | bigint, string>()

  addressOf(text: string): IpAddress | undefined {
    const known = this.#byText.get(text)
    if (known !== undefined) return known
    // A link-local address comes with the interface behind a percent sign.
    const address = parseIp(text.replace(/%.*$/, ''))
    if (this.#byText.size >= cachedAddressesMax) this.#byText.clear()
    if (address !== undefined) this.#byText.set(text, address)
    return address
  }

  textOf(address: IpAddress): string {
    const known = this.#byValue.get(address.value)
    if (known !== undefined) return known
    const text = printAddress(address)
    if (this.#byValue.size >= cachedAddressesMax) this.#byValue.clear()
    this.#byValue.set(address.value, text)
    return text
  }
}

const isSend = (effect: unknown): effect is Send => (effect as Send).do === 'send'
const isKeepNonce = (effect: unknown): effect is KeepNonce => (effect as KeepNonce).do === 'keep-nonce'

class UdpSockets<Other> implements LispSockets<Other> {
  unsent = 0
  readonly #options: LispSocketsOptions<Other>
  readonly #texts = new AddressTexts()
  readonly #sockets: Socket[] = []
  /** The socket that sends to addresses of each family: the one that heard of it last. */
  readonly #byFamily: { ipv4?: Socket; ipv6?: Socket } = {}
  #sent = 0
  readonly #nonces = new Map<string, bigint>()
  #stopTicking: () => void = () => {}
  #keptAt: number
  #open = true

  constructor(options: LispSocketsOptions<Other>) {
    this.#options = options
    this.#keptAt = options.clock.now()
  }

  get endpoints(): readonly Endpoint[] {
    return this.#sockets.flatMap((socket) => {
      const { address, port } = socket.address()
      const parsed = this.#texts.addressOf(address)
      return parsed === undefined ? [] : [{ address: parsed, port }]
    })
  }

  async start(): Promise<void> {
    try {
      for (const one of this.#options.listen) this.#add(await bound(one))
    } catch (error) {
      await this.close()
      throw error
    }
    for (const socket of this.#sockets) {
      socket.on('message', (data, from) => this.#receive(data, from, socket))
      // A datagram that could not be sent, perhaps for an ICMP message about an earlier one: the next may do better.
      socket.on('error', () => {
        this.unsent += 1
      })
    }
    this.#tick()
  }

  obey(effects: readonly (Obeyed | Other)[]): void {
    for (const effect of effects) {
      if (isSend(effect)) this.#send(effect.data, effect.to)
      else if (isKeepNonce(effect)) this.#nonces.set(effect.xtr, effect.nonce)
      else this.#options.onEffect(effect)
    }
  }

  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    this.#stopTicking()
    this.#keepNonces()
    await Promise.all(this.#sockets.map((socket) => new Promise<void>((done) => socket.close(done))))
  }

  #receive(data: Buffer, { address, port }: RemoteInfo, socket: Socket): void {
    const from = this.#texts.addressOf(address)
    if (from === undefined || !this.#open) return
    const { server, clock } = this.#options
    // What follows from a datagram leaves by the address that it came to.
    this.#byFamily[from.family] = socket
    try {
      this.obey(server.receive(data, { address: from, port }, clock.now()))
    } catch (error) {
      this.#options.onFault(error, data)
    }
  }

  #add(socket: Socket): void {
    this.#sockets.push(socket)
    const family = socket.address().family === 'IPv4' ? 'ipv4' : 'ipv6'
    this.#byFamily[family] ??= socket
  }

  /** No callback: it would cost as much as all the rest. Errors come as events of the socket. */
  #send(data: Uint8Array, to: Endpoint): void {
    const socket = this.#byFamily[to.address.family]
    if (socket === undefined || !this.#open || this.#isFull(socket)) {
      this.unsent += 1
      return
    }
    socket.send(data, to.port, this.#texts.textOf(to.address))
  }

  /** Asked now and then only; in between there is room enough. */
  #isFull(socket: Socket): boolean {
    this.#sent += 1
    return this.#sent % queueLookEvery === 0 && socket.getSendQueueSize() > queueBytesMax
  }

  #tick(): void {
    const { clock, server, tickMs = 50, keepNoncesMs = 1_000 } = this.#options
    this.#stopTicking = clock.schedule(tickMs, () => {
      const now = clock.now()
      this.obey(server.tick(now))
      if (now - this.#keptAt >= keepNoncesMs) this.#keepNonces()
      if (this.#open) this.#tick()
    })
  }

  #keepNonces(): void {
    this.#keptAt = this.#options.clock.now()
    if (this.#nonces.size === 0) return
    this.#options.keepNonces?.([...this.#nonces].map(([xtr, nonce]) => ({ xtr, nonce })))
    this.#nonces.clear()
  }
}

/** Addresses are never names: nothing is to be looked up, and nothing to be waited for. */
const noLookup = (
  host: string,
  _options: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void => callback(null, host, host.includes(':') ? 6 : 4)

const bound = ({ address, port }: LispListen): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const type = address.includes(':') ? 'udp6' : 'udp4'
    const socket = createSocket({ type, ipv6Only: type === 'udp6', lookup: noLookup })
    socket.once('error', reject)
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off('error', reject)
      socket.setRecvBufferSize(socketBufferBytes)
      socket.setSendBufferSize(socketBufferBytes)
      resolve(socket)
    })
  })

/** Listens and serves. Rejects with the system's error when an address cannot be listened on. */
export const serveLisp = async <Other>(options: LispSocketsOptions<Other>): Promise<LispSockets<Other>> => {
  const sockets = new UdpSockets(options)
  await sockets.start()
  return sockets
}
