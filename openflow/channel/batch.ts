/** Messages that are not answered, and a barrier behind them: by its answer the switch has refused what it refuses. */
import { describePeerError, OpenFlowError, type PeerError } from '../errors.js'
import type { Message } from '../messages.js'
import type { Outlet } from './outlet.js'
import type { Waiter } from './waiting.js'

/**
 * Resolves when the switch has carried out all messages, one after the other and each for itself. Rejects with
 * `OpenFlowError` `rejected` for the first that it refused (`index`; the others have taken effect), with
 * `outcome-unknown` where the barrier's answer did not come, `busy` or `unencodable` where nothing was sent.
 */
export const batch = (outlet: Outlet, messages: readonly Message[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const { waiting, clock, limits } = outlet
    const first = waiting.allocate(messages.length + 1)
    const barrier = first + messages.length
    let failure: { readonly peer: PeerError; readonly index: number } | undefined
    let cancel = (): void => {}
    const end = (): void => {
      cancel()
      waiting.remove(waiter)
    }
    const fail = (error: Error): void => {
      end()
      reject(error)
    }
    const interrupted = (cause: Error): void =>
      fail(new OpenFlowError('outcome-unknown', `the batch was not confirmed: ${cause.message}`, { cause }))
    const waiter: Waiter = {
      first,
      count: messages.length + 1,
      onMessage: ({ xid, message }) => {
        if (message.type === 'error') failure ??= { peer: message.error, index: xid - first }
        if (xid !== barrier) return
        if (failure !== undefined) fail(refusal(messages, failure))
        else {
          end()
          resolve()
        }
      },
      onMalformed: interrupted,
      onClose: interrupted,
    }
    waiting.add(waiter)
    try {
      const addressed = messages.map((message, index) => [message, first + index] as const)
      outlet.send([...addressed, [{ type: 'barrier_request' }, barrier]])
      cancel = clock.schedule(limits.requestMsMax, () =>
        interrupted(new Error(`${limits.requestMsMax} ms passed`)),
      )
    } catch (error) {
      fail(error as Error)
    }
  })

const refusal = (
  messages: readonly Message[],
  { peer, index }: { readonly peer: PeerError; readonly index: number },
): OpenFlowError => {
  const what = messages[index]?.type ?? 'the barrier'
  const words = `the switch refused message ${index} (${what}): ${describePeerError(peer)}`
  return new OpenFlowError('rejected', words, { peer, index })
}
