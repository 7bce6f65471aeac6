/** A lock that a client wants for as long as it lives: asked for again with every new connection. */
import { type LockState, lock, steal, unlock } from './locks.js'
import type { Session } from './session.js'

/** `unconnected`: nobody can say; the server gives a lock to the next in the queue when its owner's session ends. */
export type HeldState = LockState | 'unconnected'

export class ClientLock {
  readonly name: string
  readonly #listeners = new Set<(state: HeldState) => void>()
  #state: HeldState = 'unconnected'
  #session: Session | undefined

  constructor(name: string) {
    this.name = name
  }

  get state(): HeldState {
    return this.#state
  }

  onState(listener: (state: HeldState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Takes the lock from its present owner. Without a connection nothing happens. */
  async steal(): Promise<void> {
    const session = this.#session
    if (session === undefined || this.#state === 'locked') return
    await unlock(session, this.name) // the place in the queue: a session may ask only once
    await steal(session, this.name, (state) => this.#set(session, state))
  }

  /** For the client alone: a connection is there. Rejects when the server refuses. */
  async attach(session: Session): Promise<void> {
    this.#session = session
    await lock(session, this.name, (state) => this.#set(session, state))
  }

  /** For the client alone: the connection is gone. */
  detach(): void {
    const session = this.#session
    if (session === undefined) return
    this.#set(session, 'unconnected')
    this.#session = undefined
  }

  /** For the client alone: gives the lock back. */
  async release(): Promise<void> {
    const session = this.#session
    this.detach()
    if (session?.state === 'open') await unlock(session, this.name)
  }

  #set(session: Session, state: HeldState): void {
    if (session !== this.#session || state === this.#state) return
    this.#state = state
    for (const listener of this.#listeners) listener(state)
  }
}
