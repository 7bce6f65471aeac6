/** Medians and percentiles of measured times. */

/** The value below which `share` of the samples lie, 0 to 1. */
export const percentile = (samples: readonly number[], share: number): number => {
  const sorted = [...samples].sort((a, b) => a - b)
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * share))
  const value = sorted[at]
  if (value === undefined) throw new RangeError('no samples')
  return value
}

export const median = (samples: readonly number[]): number => percentile(samples, 0.5)

/** `wire_ms_median`, `wire_ms_p99` of a list of times. */
export const summary = (name: string, samples: readonly number[]): Record<string, number> => ({
  [`${name} median ms`]: median(samples),
  [`${name} p99 ms`]: percentile(samples, 0.99),
})

/** Milliseconds that `work` takes. */
export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now()
  await work()
  return performance.now() - began
}
