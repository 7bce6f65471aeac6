/** Opens connections to `tcp:`, `ssl:` and `unix:` targets. */
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type Credentials, secureOptions } from './credentials.js'
import { linkError } from './errors.js'
import { type SocketOptions, SocketTransport, socketDefaults } from './socket-transport.js'
import { type DialTarget, printTarget } from './targets.js'
import type { Transport } from './transport.js'

export interface DialOptions extends Partial<SocketOptions> {
  /** For `ssl:` targets. */
  readonly credentials?: Credentials
}

/**
 * Resolves with an open transport; for `ssl:` once both certificates have been verified. Rejects with `LinkError`
 * `dial-failed` or `bad-credentials`, or with the signal's reason when it is aborted first. Sets no time limit of its own.
 */
export const dial = async (
  target: DialTarget,
  options: DialOptions = {},
  signal?: AbortSignal,
): Promise<Transport> => {
  signal?.throwIfAborted()
  const peer = printTarget(target)
  const socket = open(target, options, peer)
  await ready(socket, target.kind === 'ssl' ? 'secureConnect' : 'connect', peer, signal)
  return new SocketTransport(socket, peer, { ...socketDefaults, ...options })
}

const open = (target: DialTarget, options: DialOptions, peer: string): Socket => {
  switch (target.kind) {
    case 'unix':
      return connectPlain({ path: target.path })
    case 'tcp':
      return connectPlain({ host: target.host, port: target.port })
    case 'ssl':
      return connectTls({
        host: target.host,
        port: target.port,
        ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
        ...secureOptions(options.credentials, peer),
        rejectUnauthorized: true,
        checkServerIdentity: () => undefined,
      })
  }
}

const ready = (socket: Socket, event: string, peer: string, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const settle = (): void => {
      socket.off(event, onReady)
      socket.off('error', onError)
      socket.off('close', onClose)
      signal?.removeEventListener('abort', onAbort)
    }
    const onReady = (): void => {
      settle()
      resolve()
    }
    const fail = (reason: unknown): void => {
      settle()
      socket.on('error', () => {})
      socket.destroy()
      reject(reason)
    }
    const onError = (error: Error): void => fail(linkError('dial-failed', peer, error))
    const onClose = (): void => fail(linkError('dial-failed', peer, 'closed before it was open'))
    const onAbort = (): void => fail(signal?.reason)
    socket.on(event, onReady)
    socket.on('error', onError)
    socket.on('close', onClose)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
