/** Whether an answer comes, and comes in time. */
import type { Clock } from '#link/clock.js'

export const inTime = (answer: Promise<unknown>, milliseconds: number, clock: Clock): Promise<boolean> =>
  new Promise((resolve) => {
    const cancel = clock.schedule(milliseconds, () => resolve(false))
    const settle = (answered: boolean): void => {
      cancel()
      resolve(answered)
    }
    answer.then(
      () => settle(true),
      () => settle(false),
    )
  })
