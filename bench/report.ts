/** The form of every bench's result: a table for people, one line of JSON for programs. */
import { createColors } from 'picocolors'
import { type Column, Table } from '#cli/table.js'

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

const noColour = createColors(false)

const targetColumns: readonly Column<BenchTarget>[] = [
  { title: 'TARGET', cell: ({ name }) => name },
  { title: 'MEASURED', align: 'right', cell: ({ value }) => shown(value) },
  { title: 'PROMISED', align: 'right', cell: ({ target }) => shown(target) },
  { title: '', cell: ({ ok }) => (ok ? 'met' : 'MISSED') },
]

const figureColumns: readonly Column<readonly [string, number]>[] = [
  { title: 'FIGURE', cell: ([name]) => name },
  { title: 'MEASURED', align: 'right', cell: ([, value]) => shown(value) },
]

export const tableOf = ({ targets, figures }: BenchResult): string => {
  const promised = targets.length === 0 ? '' : `${new Table(targetColumns, noColour).page(targets)}\n`
  return `${promised}${new Table(figureColumns, noColour).page(Object.entries(figures))}`
}
