/** The demo as people read it: a line for each step with its time, what was seen below it. */
import type { Io, Output } from '../io.js'
import { type Palette, paletteFor } from '../palette.js'
import { duration, plain } from '../text.js'
import type { Check } from './check.js'
import type { Narrator } from './perform.js'
import type { Step } from './step.js'

/** Columns of the time, and of the mark and the time together. */
const timeWidth = 7
const indent = ' '.repeat(timeWidth + 6)

const titleLine = (palette: Palette, { title }: Pick<Step, 'title'>, { ok, ms }: Check): string => {
  const mark = ok ? palette.green('✔') : palette.red('✘')
  const time = duration(ms).padStart(timeWidth)
  return `  ${mark} ${palette.cyan(time)}  ${ok ? title : palette.red(title)}\n`
}

const below = (palette: Palette, { detail, expected, found }: Check): string => {
  const lines = [
    ...(detail === undefined ? [] : [palette.dim(plain(detail))]),
    ...(expected === undefined ? [] : [`${palette.yellow('expected')}  ${plain(expected)}`]),
    ...(found === undefined ? [] : [`${palette.yellow('found')}     ${plain(found)}`]),
  ]
  return lines.map((line) => `${indent}${line}\n`).join('')
}

/** Tells of each step when it is over; on a terminal also what is being done, in a line that goes away. */
export const narrateOn = (output: Output, env: Io['env']): Narrator => {
  const palette = paletteFor(output, env)
  const live = output.isTTY === true && env.TERM !== 'dumb'
  return {
    begins: ({ title }) => {
      if (live) output.write(`  ${palette.dim(`… ${' '.repeat(timeWidth)}  ${title}`)}`)
    },
    ends: (step, check) => {
      if (live) output.write('\r\x1b[2K')
      output.write(titleLine(palette, step, check) + below(palette, check))
    },
  }
}

export const opening = (palette: Palette, labName: string): string =>
  `\n${palette.bold('Heddle')} joins containers on three real Open vSwitch nodes (lab ${labName})\n\n`

export const closing = (palette: Palette, checks: readonly Check[], seconds: number): string => {
  const failed = checks.filter(({ ok, skipped }) => !ok && !skipped).length
  const untried = checks.filter(({ skipped }) => skipped).length
  const verdict =
    failed === 0
      ? palette.green(`all ${checks.length} checks passed`)
      : palette.red(
          `${failed} of ${checks.length} checks failed${untried === 0 ? '' : `, ${untried} not tried`}`,
        )
  return `\n  ${verdict} in ${seconds.toFixed(1)} s\n\n`
}
