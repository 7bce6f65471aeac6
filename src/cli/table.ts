/**
 * Tables for people: no borders, a quiet title line, columns two spaces apart, nothing cut off. Laid out here, since
 * 50,000 links must be a matter of a moment: the usual library takes a third of a millisecond a row.
 */
import { stripVTControlCharacters } from 'node:util'
import type { Palette } from './palette.js'

export interface Column<Row> {
  readonly title: string
  /** Numbers go to the right. */
  readonly align?: 'left' | 'right'
  readonly cell: (row: Row) => string
}

/** Spaces between columns. */
const gap = 2

/** Columns that a cell takes on the terminal. Wide characters begin at U+1100: one too many is harmless, one too few cuts. */
const widthOf = (cell: string): number => (ascii.test(cell) ? cell.length : wideWidthOf(cell))

const ascii = /^[\x20-\x7e]*$/
const wideWidthOf = (cell: string): number =>
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
    return [...titles, ...cells].map((line) => this.#draw(line)).join('')
  }

  #draw(cells: readonly string[]): string {
    const padded = cells.map((cell, index) => {
      const space = ' '.repeat(Math.max(0, (this.#widths[index] ?? 0) - widthOf(cell)))
      return this.#columns[index]?.align === 'right' ? space + cell : cell + space
    })
    return `${padded.join(' '.repeat(gap)).trimEnd()}\n`
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
