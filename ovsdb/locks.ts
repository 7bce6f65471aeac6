/**
 * Locks: RFC 7047, sections 4.1.8 to 4.1.10. A session that asks for a lock waits in the server's queue until it owns it; another
 * may steal it. A lock guards nothing by itself: an `assertLock` in each transaction does.
 */
import { excerpt } from './atoms.js'
import { OvsdbError } from './errors.js'
import { isJsonObject, type Json, member } from './json.js'
import type { RequestOptions, Session } from './session.js'
import { Topic } from './topic.js'

/** `waiting`: someone else has it; `stolen`: someone took it from us, and we wait for it again. */
export type LockState = 'locked' | 'waiting' | 'stolen'

export type LockSink = (state: LockState) => void

/** Asks for a lock. The sink hears the state at once and at every change, until `unlock`. */
export const lock = (
  session: Session,
  name: string,
  sink: LockSink,
  options?: RequestOptions,
): Promise<void> => acquire(session, 'lock', name, sink, options)

/** Takes a lock from its owner, whoever that is. */
export const steal = (
  session: Session,
  name: string,
  sink: LockSink,
  options?: RequestOptions,
): Promise<void> => acquire(session, 'steal', name, sink, options)

/** Gives a lock back, or leaves the queue for it. */
export const unlock = async (session: Session, name: string, options?: RequestOptions): Promise<void> => {
  stop(session, name)
  await session.request('unlock', [name], options)
}

const notifications = ['locked', 'stolen'] as const

const stop = (session: Session, name: string): void => {
  for (const method of notifications) session.unsubscribe(method, name)
}

const acquire = async (
  session: Session,
  method: 'lock' | 'steal',
  name: string,
  sink: LockSink,
  options?: RequestOptions,
): Promise<void> => {
  const topic = new Topic(sink)
  for (const state of notifications) session.subscribe(state, name, () => topic.deliver(state))
  try {
    topic.open(readReply(method, await session.request(method, [name], options)))
  } catch (error) {
    stop(session, name)
    throw error
  }
}

const readReply = (method: string, reply: Json): LockState => {
  const locked = isJsonObject(reply) ? member(reply, 'locked') : undefined
  if (typeof locked === 'boolean') return locked ? 'locked' : 'waiting'
  throw new OvsdbError('malformed-message', `${method} was answered with ${excerpt(reply)}`)
}
