/** Doing many things at once, but not all of them. */
import { availableParallelism } from 'node:os'

/** Commands that mostly wait for the kernel or a daemon: a few more of them than processors. */
export const commandsAtOnce = Math.max(4, availableParallelism() * 2)

/**
 * Applies `work` to every item, at most `limit` at a time, and returns the results in the items' order. After a failure
 * no new work starts; what runs is awaited, so that nothing goes on behind the caller's back; then the first error is thrown.
 */
export const mapConcurrently = async <T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
  limit = commandsAtOnce,
): Promise<R[]> => {
  const results: R[] = []
  const failures: unknown[] = []
  const queue = items.entries()
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failures.length > 0) return
      try {
        results[index] = await work(item, index)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  if (failures.length > 0) throw failures[0]
  return results
}
