/** A message that is answered: sent, waited for, put together from its parts. */
import { describePeerError, OpenFlowError } from '../errors.js'
import type { Message } from '../messages.js'
import { Assembly } from './assembly.js'
import type { Outlet } from './outlet.js'
import type { Waiter } from './waiting.js'

/**
 * Resolves with the answer; rejects with `OpenFlowError` `rejected`, `unexpected`, `malformed`, `too-large`, `timeout`,
 * `busy` or `unencodable`, or with what ended the channel.
 */
export const request = (outlet: Outlet, message: Message): Promise<Message> =>
  new Promise((resolve, reject) => {
    const { waiting, clock, limits } = outlet
    const assembly = new Assembly(message.type, limits)
    const xid = waiting.allocate()
    const end = (): void => {
      cancel()
      waiting.remove(waiter)
    }
    const fail = (error: Error): void => {
      end()
      reject(error)
    }
    const overdue = (): void =>
      fail(new OpenFlowError('timeout', `no answer to ${message.type} in ${limits.requestMsMax} ms`))
    const waiter: Waiter = {
      first: xid,
      count: 1,
      onMessage: (envelope) => {
        try {
          const step = assembly.add(answerOf(message, envelope.message))
          cancel()
          cancel = clock.schedule(limits.requestMsMax, overdue)
          if (step.state !== 'whole') return
          end()
          resolve(step.message)
        } catch (error) {
          fail(error as Error)
        }
      },
      onMalformed: fail,
      onClose: fail,
    }
    let cancel = (): void => {}
    waiting.add(waiter)
    try {
      outlet.send([[message, xid]])
      cancel = clock.schedule(limits.requestMsMax, overdue)
    } catch (error) {
      fail(error as Error)
    }
  })

/** The answer, unless it is an error. */
const answerOf = (request: Message, answer: Message): Message => {
  if (answer.type !== 'error') return answer
  const { error } = answer
  throw new OpenFlowError('rejected', `the switch refused ${request.type}: ${describePeerError(error)}`, {
    peer: error,
  })
}
