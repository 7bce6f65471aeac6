/** Long lists, printed page by page as they come. */
import type { Io } from './io.js'
import { type Palette, paletteFor } from './palette.js'
import { jsonOf, type PrintOptions, yamlOf } from './print.js'
import { type Column, Table } from './table.js'

/** Prints every page of a list: one table, one JSON array or one YAML list in the end. Resolves with how many there were. */
export const printPages = async <Row>(
  io: Io,
  { output }: PrintOptions,
  pages: AsyncIterable<readonly Row[]>,
  columns: (palette: Palette) => readonly Column<Row>[],
): Promise<number> => {
  const palette = paletteFor(io.stdout, io.env)
  const writer = output === 'table' ? new TablePages(columns(palette), palette) : new writers[output]()
  let count = 0
  for await (const page of pages) {
    if (page.length > 0) io.stdout.write(writer.page(page))
    count += page.length
  }
  io.stdout.write(writer.end())
  return count
}

interface PageWriter<Row> {
  page(rows: readonly Row[]): string
  end(): string
}

class TablePages<Row> implements PageWriter<Row> {
  readonly #table: Table<Row>

  constructor(columns: readonly Column<Row>[], palette: Palette) {
    this.#table = new Table(columns, palette)
  }

  page(rows: readonly Row[]): string {
    return this.#table.page(rows)
  }

  end(): string {
    return ''
  }
}

class JsonPages implements PageWriter<unknown> {
  #before = '['

  page(rows: readonly unknown[]): string {
    const items = rows.map((row) => `\n  ${jsonOf(row).trimEnd().replaceAll('\n', '\n  ')}`)
    const text = this.#before + items.join(',')
    this.#before = ','
    return text
  }

  end(): string {
    return this.#before === '[' ? '[]\n' : '\n]\n'
  }
}

class YamlPages implements PageWriter<unknown> {
  #empty = true

  page(rows: readonly unknown[]): string {
    this.#empty = false
    return yamlOf(rows)
  }

  end(): string {
    return this.#empty ? '[]\n' : ''
  }
}

const writers = { json: JsonPages, yaml: YamlPages }
