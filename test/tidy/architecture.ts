/** The table of who may import whom, as ARCHITECTURE.md shows it: printed from `arrows.ts`. */
import { rows } from './arrows.js'

const code = (names: readonly string[]): string =>
  names.length === 0
    ? 'nothing'
    : names.map((name) => (name === '*' ? 'everything' : `\`${name}\``)).join(', ')

export const arrowTable = (): string =>
  [
    '| Folder or file | may import (of ours) | never contains |',
    '| --- | --- | --- |',
    ...rows.map(({ of, may, never }) => `| \`${of}\` | ${code(may)} | ${never?.what ?? ''} |`),
  ].join('\n')
