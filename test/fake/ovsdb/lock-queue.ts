/** The locks of a fake server: for each, who owns it and who waits (RFC 7047, section 4.1.8). */
import type { Session } from '#ovsdb/session.js'

export class LockQueue {
  /** The first one owns the lock. */
  readonly #queues = new Map<string, readonly Session[]>()

  owns(session: Session, lock: string): boolean {
    return this.#queues.get(lock)?.[0] === session
  }

  /** Whether the session owns the lock now. */
  wait(session: Session, lock: string): boolean {
    const queue = this.#queues.get(lock) ?? []
    if (!queue.includes(session)) this.#queues.set(lock, [...queue, session])
    return this.owns(session, lock)
  }

  /** The owner waits again, first in the queue behind the thief. */
  steal(session: Session, lock: string): void {
    const queue = this.#queues.get(lock) ?? []
    const [owner] = queue
    this.#queues.set(lock, [session, ...queue.filter((other) => other !== session)])
    if (owner !== undefined && owner !== session) owner.notify('stolen', [lock])
  }

  leave(session: Session, lock: string): void {
    const queue = this.#queues.get(lock) ?? []
    const rest = queue.filter((other) => other !== session)
    this.#queues.set(lock, rest)
    const [owner] = rest
    if (queue[0] === session && owner !== undefined) owner.notify('locked', [lock])
  }

  leaveAll(session: Session): void {
    for (const lock of [...this.#queues.keys()]) this.leave(session, lock)
  }
}
