/**
 * Golden files of the OVSDB library: entries at the margin, what becomes of each indented below it, remarks after `#`. A test writes
 * the file anew from its entries and compares the whole.
 */
import { readFileSync } from 'node:fs'

export const readGolden = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8')

/** The file with `become` applied to every entry, which gives the lines to stand below it. */
export const rewrite = (golden: string, become: (entry: string) => readonly string[]): string => {
  const entries = golden.split('\n').filter((line) => !line.startsWith('  '))
  return entries
    .flatMap((line) => [line, ...(isEntry(line) ? become(line).map((below) => `  ${below}`) : [])])
    .join('\n')
}

const isEntry = (line: string): boolean => line !== '' && !line.startsWith('#')
