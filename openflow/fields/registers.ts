/** Scratch space of the pipeline. ovs-fields(7), "Register Fields"; the mark that leaves the switch with the packet. */
import { line, numbered } from './line.js'

const regs = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
  29, 30, 31,
] as const
const xregs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] as const
const xxregs = [0, 1, 2, 3, 4, 5, 6, 7] as const

const parts = (first: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `reg${first + index}`)

/** Registers 16 to 31 came with Open vSwitch 3.7; older switches answer OFPBMC_BAD_FIELD. */
const regHeader = (n: number): string => (n < 16 ? `NXM_NX_REG${n}(${n})` : `NXOXM_ET_REG${n}(${n + 1})`)
const xxregHeader = (n: number): string =>
  n < 4 ? `NXM_NX_XXREG${n}(${111 + n})` : `NXOXM_ET_XXREG${n}(${29 + n})`

export const registers = {
  ...numbered('reg', regs, (n) =>
    line(32, 'hexadecimal', 'rw masked', regHeader(n), `Register ${n}; 0 at first.`),
  ),
  ...numbered('xreg', xregs, (n) =>
    line(
      64,
      'hexadecimal',
      'rw masked',
      `OXM_OF_PKT_REG${n}(${n})`,
      `reg${2 * n} and, in the lower half, reg${2 * n + 1}.`,
      { viewOf: parts(2 * n, 2) },
    ),
  ),
  ...numbered('xxreg', xxregs, (n) =>
    line(
      128,
      'hexadecimal',
      'rw masked',
      xxregHeader(n),
      `reg${4 * n} to reg${4 * n + 3}, the first one uppermost.`,
      { viewOf: parts(4 * n, 4) },
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
