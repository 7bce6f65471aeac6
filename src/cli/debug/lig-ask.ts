/** The asking of `heddle lig`: Map-Requests to one Map-Resolver over UDP, until it answers or the attempts are over. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { secretRandom } from '#link/random.js'
import { type IpAddress, noAddress } from '#lisp/address.js'
import { parseIp, printAddress } from '#lisp/address-text.js'
import type { Eid } from '#lisp/eid.js'
import { LispError } from '#lisp/errors.js'
import type { MapReply } from '#lisp/messages/map-reply.js'
import { decodeMessage } from '#lisp/messages.js'
import { type Asker, encodeRequest } from '#lisp/resolver-client/requests.js'
import { CliError } from '../exit.js'
import type { Io } from '../io.js'

export interface Place {
  readonly address: IpAddress
  readonly port: number
}

export interface Asking {
  readonly eid: Eid
  readonly resolver: Place
  readonly source?: Eid
  readonly timeoutMs: number
  /** Requests, at most. */
  readonly count: number
}

export interface Answered {
  readonly reply: MapReply
  /** Who has answered: the Map-Resolver, or an ETR to which the request went on. */
  readonly from: Place
  /** Of the request that has been answered. */
  readonly rttMs: number
  /** Which one that was, from 1 on. */
  readonly attempt: number
  /** Where answers were awaited. */
  readonly own: Place
}

/** IPv6 addresses in brackets, as in URLs. */
export const placeText = ({ address, port }: Place): string =>
  address.family === 'ipv6' ? `[${printAddress(address)}]:${port}` : `${printAddress(address)}:${port}`

const nonce = (): bigint => {
  const word = (): bigint => BigInt(Math.floor(secretRandom() * 2 ** 32))
  return (word() << 32n) | word()
}

const typeOf = ({ family }: IpAddress): 'udp4' | 'udp6' => (family === 'ipv4' ? 'udp4' : 'udp6')

/** The address of this machine that packets to `place` come from. Rejects with the system's error where there is no way there. */
const addressTowards = async ({ address, port }: Place): Promise<IpAddress> => {
  const socket = createSocket(typeOf(address))
  try {
    socket.connect(port, printAddress(address))
    await once(socket, 'connect')
    return parseIp(socket.address().address) ?? address
  } finally {
    socket.close()
  }
}

/** A socket that hears everybody: an ETR answers from an address of its own. */
const openSocket = async (address: IpAddress): Promise<Socket> => {
  const socket = createSocket(typeOf(address))
  socket.bind(0)
  await once(socket, 'listening')
  return socket
}

/** One attempt: resolves with what was answered to any request so far, or with undefined when the time is over. */
const awaitReply = (
  io: Io,
  socket: Socket,
  sent: ReadonlyMap<bigint, { readonly at: number; readonly attempt: number }>,
  timeoutMs: number,
): Promise<Omit<Answered, 'own'> | undefined> =>
  new Promise((resolve, reject) => {
    const end = (): void => {
      cancel()
      socket.off('message', hear)
      io.signal.removeEventListener('abort', stop)
    }
    const stop = (): void => {
      end()
      reject(io.signal.reason)
    }
    const hear = (data: Uint8Array, from: { readonly address: string; readonly port: number }): void => {
      const reply = replyIn(data)
      const request = reply && sent.get(reply.nonce)
      const address = parseIp(from.address.replace(/%.*$/, ''))
      if (reply === undefined || request === undefined || address === undefined) return
      end()
      const { at, attempt } = request
      resolve({ reply, from: { address, port: from.port }, rttMs: io.clock.now() - at, attempt })
    }
    const cancel = io.clock.schedule(timeoutMs, () => {
      end()
      resolve(undefined)
    })
    socket.on('message', hear)
    io.signal.addEventListener('abort', stop, { once: true })
  })

/** Whatever else comes, be it from the resolver, is not looked at. */
const replyIn = (data: Uint8Array): MapReply | undefined => {
  try {
    const message = decodeMessage(data)
    return message.type === 'map-reply' ? message : undefined
  } catch (error) {
    if (error instanceof LispError) return undefined
    throw error
  }
}

/** Asks until somebody answers. Throws `unreachable` with what to check when nobody does. */
export const ask = async (io: Io, { eid, resolver, source, timeoutMs, count }: Asking): Promise<Answered> => {
  const address = await addressTowards(resolver).catch((error: Error) => {
    throw new CliError(
      'unreachable',
      `there is no way to ${placeText(resolver)}: ${error.message}`,
      [],
      error,
    )
  })
  const socket = await openSocket(resolver.address)
  const own = { address, port: socket.address().port }
  const sourceEid = source?.address ?? noAddress
  const asker: Asker = { rlocs: [address], port: own.port, encapsulated: true, sourceEid }
  const sent = new Map<bigint, { at: number; attempt: number }>()
  try {
    for (let attempt = 1; attempt <= count; attempt++) {
      const question = { eid, purpose: 'resolve' as const, nonce: nonce(), smrInvoked: false }
      sent.set(question.nonce, { at: io.clock.now(), attempt })
      socket.send(
        encodeRequest(question, asker, resolver) ?? '',
        resolver.port,
        printAddress(resolver.address),
      )
      const answered = await awaitReply(io, socket, sent, timeoutMs)
      if (answered !== undefined) return { ...answered, own }
    }
  } finally {
    socket.close()
  }
  throw silence(resolver, own, timeoutMs, count)
}

const silence = (resolver: Place, own: Place, timeoutMs: number, count: number): CliError => {
  const { port } = resolver
  const times = count === 1 ? 'asked once' : `asked ${count} times`
  return new CliError(
    'unreachable',
    `no answer from ${placeText(resolver)} in ${timeoutMs / 1000} s, ${times}`,
    [
      `is a Map-Resolver listening there? on its machine: ss -lun 'sport = :${port}'`,
      `is there a way back? the answer goes to ${placeText(own)}: a firewall or a NAT stops it`,
      'does it answer the EID itself? it may have sent the request on to a router that is silent',
      'has it just started? for a minute it says nothing of EIDs that are not registered yet',
    ],
  )
}
