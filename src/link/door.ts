/**
 * The bound on a listener: counts the connections and, among them, those whose peer has not been identified, and turns the
 * excess away, so that a crowd at the door does not keep known peers out.
 */
import type { Socket } from 'node:net'
import { plainAddress } from './socket-transport.js'
import { bracketed } from './targets.js'

export interface DoorLimits {
  readonly connectionsMax: number
  /** Connections whose peer has not been identified; more are closed at once. */
  readonly strangersMax: number
}

export interface DoorCounts {
  /** Open now. */
  readonly connections: number
  /** Open now and not identified. */
  readonly strangers: number
  /** Since the listener was opened. */
  readonly accepted: number
  readonly refused: number
}

export class Door {
  readonly #limits: DoorLimits
  readonly #onRefused: ((socket: Socket, why: string) => void) | undefined
  readonly #inside = new Set<Socket>()
  readonly #strangers = new Set<Socket>()
  #accepted = 0
  #refused = 0

  constructor(limits: DoorLimits, onRefused?: (socket: Socket, why: string) => void) {
    this.#limits = limits
    this.#onRefused = onRefused
  }

  get counts(): DoorCounts {
    return {
      connections: this.#inside.size,
      strangers: this.#strangers.size,
      accepted: this.#accepted,
      refused: this.#refused,
    }
  }

  /** False when the socket was turned away. One that enters leaves by itself when it closes. */
  admit(socket: Socket): boolean {
    socket.on('error', () => {}) // whoever uses the socket reports it; here it must only not go unheard
    const { connectionsMax, strangersMax } = this.#limits
    if (this.#inside.size >= connectionsMax)
      return this.#turnAway(socket, `${connectionsMax} connections are open`)
    if (this.#strangers.size >= strangersMax) {
      return this.#turnAway(socket, `${strangersMax} connections are not identified yet`)
    }
    this.#accepted += 1
    this.#inside.add(socket)
    this.#strangers.add(socket)
    socket.on('close', () => {
      this.#inside.delete(socket)
      this.#strangers.delete(socket)
    })
    return true
  }

  identified(socket: Socket): void {
    this.#strangers.delete(socket)
  }

  /** Counts and reports one that failed before it was of use. */
  refuse(socket: Socket, why: string): void {
    this.#refused += 1
    this.#onRefused?.(socket, why)
  }

  closeAll(): void {
    for (const socket of this.#inside) socket.destroy()
  }

  #turnAway(socket: Socket, why: string): false {
    this.refuse(socket, why)
    socket.destroy()
    return false
  }
}

/** Who is at the other end, in target notation; a Unix socket's client has no name. */
export const peerOf = (scheme: 'tcp' | 'ssl' | 'unix', socket: Socket): string => {
  const { remoteAddress, remotePort } = socket
  if (remoteAddress === undefined) return `${scheme}:`
  return `${scheme}:${bracketed(plainAddress(remoteAddress))}:${remotePort ?? 0}`
}
