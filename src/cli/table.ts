/** Tables for people: no borders, a quiet title line, columns two spaces apart, nothing cut off. */
import { stripVTControlCharacters } from 'node:util'
import CliTable from 'cli-table3'
import type { Palette } from './palette.js'

export interface Column<Row> {
  readonly title: string
  /** Numbers go to the right. */
  readonly align?: 'left' | 'right'
  readonly cell: (row: Row) => string
}

const edges = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left',
  'left-mid',
  'mid',
  'mid-mid',
  'right',
  'right-mid',
  'middle',
] as const
const borderless = Object.fromEntries(edges.map((edge) => [edge, '']))

const gap = 2

/** Columns that a cell takes on the terminal. Wide characters begin at U+1100: one too many is harmless, one too few cuts. */
const widthOf = (cell: string): number =>
  [...stripVTControlCharacters(cell)].reduce((sum, character) => sum + (character < '\u1100' ? 1 : 2), 0)

/**
 * Prints rows page after page: each call yields the text of one page. A later page keeps the columns of the earlier ones
 * and widens those that need it; the titles come once.
 */
export class Table<Row> {
  readonly #columns: readonly Column<Row>[]
  readonly #palette: Palette
  readonly #widths: number[]
  #titled = false

  constructor(columns: readonly Column<Row>[], palette: Palette) {
    this.#columns = columns
    this.#palette = palette
    this.#widths = columns.map(({ title }) => title.length)
  }

  page(rows: readonly Row[]): string {
    const cells = rows.map((row) => this.#columns.map(({ cell }) => cell(row)))
    for (const line of cells) {
      line.forEach((cell, index) => {
        this.#widths[index] = Math.max(this.#widths[index] ?? 0, widthOf(cell))
      })
    }
    const titles = this.#titled ? [] : [this.#columns.map(({ title }) => this.#palette.dim(title))]
    this.#titled = true
    const lines = [...titles, ...cells]
    return lines.length === 0 ? '' : this.#draw(lines)
  }

  #draw(lines: readonly string[][]): string {
    const table = new CliTable({
      chars: borderless,
      colAligns: this.#columns.map(({ align }) => align ?? 'left'),
      colWidths: this.#widths.map((width) => width + gap),
      style: { 'padding-left': 0, 'padding-right': gap, head: [], border: [], compact: true },
    })
    table.push(...lines)
    return `${table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')}\n`
  }
}

export const tableOf = <Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  palette: Palette,
): string => new Table(columns, palette).page(rows)

/** `name  value` lines about one thing; values that are absent are left out. */
export const detailsOf = (
  details: readonly (readonly [name: string, value: string | undefined])[],
  palette: Palette,
): string => {
  const present = details.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  const width = Math.max(0, ...present.map(([name]) => name.length))
  return present
    .map(([name, value]) => {
      const indented = value.replaceAll('\n', `\n${' '.repeat(width + gap)}`)
      return `${palette.dim(name)}${' '.repeat(width - name.length + gap)}${indented}\n`
    })
    .join('')
}
