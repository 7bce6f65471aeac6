/** The form of every bench's result: a table for people, one line of JSON for programs. */
import Table from 'cli-table3'

/** One thing that was promised. */
export interface BenchTarget {
  readonly name: string
  readonly value: number
  /** `value` must not be above it; at least it where `atLeast`. */
  readonly target: number
  readonly ok: boolean
}

export interface BenchResult {
  readonly bench: string
  /** Whether every target is met. */
  readonly ok: boolean
  readonly targets: readonly BenchTarget[]
  /** Everything else that was measured, by name; the unit is the last word of the name. */
  readonly figures: Readonly<Record<string, number>>
}

const rounded = (value: number): number => Number(value.toPrecision(4))

export const atMost = (name: string, value: number, target: number): BenchTarget => ({
  name,
  value: rounded(value),
  target,
  ok: value <= target,
})

export const atLeast = (name: string, value: number, target: number): BenchTarget => ({
  name,
  value: rounded(value),
  target,
  ok: value >= target,
})

export const result = (
  bench: string,
  targets: readonly BenchTarget[],
  figures: Readonly<Record<string, number>>,
): BenchResult => ({
  bench,
  ok: targets.every(({ ok }) => ok),
  targets,
  figures: Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, rounded(value)])),
})

/** Digits in groups of three. */
const shown = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 3 })

const plain = { head: [], border: [] }

export const tableOf = ({ bench, targets, figures }: BenchResult): string => {
  const promised = new Table({ head: [`${bench}: target`, 'measured', 'promised', ''], style: plain })
  for (const { name, value, target, ok } of targets)
    promised.push([name, shown(value), shown(target), ok ? 'met' : 'MISSED'])
  const measured = new Table({ head: ['figure', 'measured'], style: plain })
  for (const [name, value] of Object.entries(figures)) measured.push([name, shown(value)])
  return [...(targets.length > 0 ? [promised.toString()] : []), measured.toString()].join('\n')
}
