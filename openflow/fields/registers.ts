/** Scratch space of the pipeline. ovs-fields(7), "Register Fields"; the mark that leaves the switch with the packet. */
import { line, numbered } from './line.js'

const sixteen = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] as const

const parts = (first: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `reg${first + index}`)

export const registers = {
  ...numbered('reg', sixteen, (index) =>
    line(32, 'hexadecimal', 'rw masked', `NXM_NX_REG${index}(${index})`, `Register ${index}; 0 at first.`),
  ),
  ...numbered('xreg', [0, 1, 2, 3, 4, 5, 6, 7], (index) =>
    line(
      64,
      'hexadecimal',
      'rw masked',
      `OXM_OF_PKT_REG${index}(${index})`,
      `reg${2 * index} and, in the lower half, reg${2 * index + 1}.`,
      { viewOf: parts(2 * index, 2) },
    ),
  ),
  ...numbered('xxreg', [0, 1, 2, 3], (index) =>
    line(
      128,
      'hexadecimal',
      'rw masked',
      `NXM_NX_XXREG${index}(${111 + index})`,
      `reg${4 * index} to reg${4 * index + 3}, the first one uppermost.`,
      { viewOf: parts(4 * index, 4) },
    ),
  ),
  pkt_mark: line(
    32,
    'hexadecimal',
    'rw masked',
    'NXM_NX_PKT_MARK(33)',
    'Mark that the operating system sees on the packet too.',
  ),
} as const

export const metadata = {
  metadata: line(
    64,
    'hexadecimal',
    'rw masked',
    'OXM_OF_METADATA(2)',
    'Scratch space that the instruction `write_metadata` fills; 0 at first.',
  ),
} as const
