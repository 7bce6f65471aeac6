/** Accepts connections on `ptcp:`, `pssl:` and `punix:` targets, in bounded number (door.ts). */
import { rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import { type Credentials, secureOptions } from './credentials.js'
import { Door, type DoorCounts, type DoorLimits, peerOf } from './door.js'
import { LinkError, linkError } from './errors.js'
import { type SocketOptions, SocketTransport, socketDefaults } from './socket-transport.js'
import { type ListenTarget, printTarget } from './targets.js'
import type { Transport } from './transport.js'

export interface ListenOptions extends Partial<SocketOptions>, Partial<DoorLimits> {
  /** For `pssl:` targets. */
  readonly credentials?: Credentials
  /** The TLS handshake of one peer. */
  readonly tlsHandshakeMsMax?: number
  /** A connection was turned away or failed before it became a transport. */
  readonly onRefused?: (peer: string, why: string) => void
}

/** Receives each connection and calls `identified` once it knows the peer. Starts the transport before it returns. */
export type Accept = (transport: Transport, identified: () => void) => void

export interface Listener {
  /** The target with the port that the kernel chose. */
  readonly target: ListenTarget
  readonly counts: DoorCounts
  /** Stops listening and closes every connection that was accepted here. */
  close(): Promise<void>
}

const limitDefaults: DoorLimits = { connectionsMax: 10_000, strangersMax: 256 }

/** Resolves once connections can come in; rejects with `LinkError` `listen-failed` or `bad-credentials`. */
export const listen = async (
  target: ListenTarget,
  accept: Accept,
  options: ListenOptions = {},
): Promise<Listener> => {
  const scheme = schemes[target.kind]
  const refused = (socket: Socket, why: string): void => options.onRefused?.(peerOf(scheme, socket), why)
  const door = new Door({ ...limitDefaults, ...options }, refused)
  const hand = (socket: Socket, admitted: Socket): void =>
    accept(new SocketTransport(socket, peerOf(scheme, socket), { ...socketDefaults, ...options }), () =>
      door.identified(admitted),
    )
  const welcome =
    target.kind === 'pssl' ? secured(target, options, door, hand) : (socket: Socket) => hand(socket, socket)
  const server = createServer((socket) => {
    if (door.admit(socket)) welcome(socket)
  })
  await bind(server, target)
  return {
    target: bound(server, target),
    get counts() {
      return door.counts
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        door.closeAll()
      }),
  }
}

const schemes = { ptcp: 'tcp', pssl: 'ssl', punix: 'unix' } as const

/** Puts TLS on admitted sockets. The TLS server does not listen: sockets are given to it, as Node.js documents. */
const secured = (
  target: ListenTarget,
  options: ListenOptions,
  door: Door,
  hand: (socket: Socket, admitted: Socket) => void,
): ((socket: Socket) => void) => {
  const server: TlsServer = createTlsServer({
    ...secureOptions(options.credentials, printTarget(target)),
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: options.tlsHandshakeMsMax ?? 10_000,
  })
  const shaking = new Map<string, Socket>()
  server.on('secureConnection', (socket) => {
    const admitted = shaking.get(fourTuple(socket))
    if (admitted === undefined) socket.destroy()
    else hand(socket, admitted)
  })
  server.on('tlsClientError', (error, socket) => {
    door.refuse(socket, error.message)
    shaking.get(fourTuple(socket))?.destroySoon() // a handshake that timed out would stay open
  })
  return (socket) => {
    const key = fourTuple(socket)
    shaking.set(key, socket)
    socket.on('close', () => shaking.delete(key))
    server.emit('connection', socket)
  }
}

/** The TLS socket does not tell which socket it wraps; both know the connection's addresses. */
const fourTuple = (socket: Socket): string =>
  `${socket.localAddress} ${socket.localPort} ${socket.remoteAddress} ${socket.remotePort}`

const bind = async (server: Server, target: ListenTarget): Promise<void> => {
  if (target.kind === 'punix') await clearStale(target.path)
  await new Promise<void>((resolve, reject) => {
    const onError = (error: Error): void => reject(linkError('listen-failed', printTarget(target), error))
    server.once('error', onError)
    const where =
      target.kind === 'punix'
        ? { path: target.path }
        : { port: target.port, ...(target.host === undefined ? {} : { host: target.host }) }
    server.listen(where, () => {
      server.off('error', onError)
      server.on('error', () => {}) // a failed accept (out of file descriptors) passes; the peer tries again
      resolve()
    })
  })
}

/** Removes the socket file of a process that is gone; one that answers is somebody else's. */
const clearStale = async (path: string): Promise<void> => {
  const code = await new Promise<string | undefined>((resolve) => {
    const probe = connect({ path })
    probe.on('connect', () => {
      probe.destroy()
      resolve('answered')
    })
    probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
  })
  if (code === 'ECONNREFUSED') await rm(path, { force: true })
  if (code === 'answered') throw new LinkError('listen-failed', `punix:${path}: another process listens here`)
}

const bound = (server: Server, target: ListenTarget): ListenTarget => {
  const address = server.address()
  if (target.kind === 'punix' || address === null || typeof address === 'string') return target
  return { ...target, port: address.port }
}
