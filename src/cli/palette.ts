/** Colours, where they help: on a terminal, unless the user does not want them (no-color.org). */
import { createColors } from 'picocolors'
import type { Output } from './io.js'

export type Palette = ReturnType<typeof createColors>

type Environment = Readonly<Record<string, string | undefined>>

/** Whether an output gets colours: NO_COLOR takes them away, FORCE_COLOR gives them to files and pipes. */
export const wantsColour = (output: Output, env: Environment): boolean => {
  if ((env.NO_COLOR ?? '') !== '') return false
  if ((env.FORCE_COLOR ?? '') !== '' && env.FORCE_COLOR !== '0') return true
  return output.isTTY === true && env.TERM !== 'dumb'
}

export const paletteFor = (output: Output, env: Environment): Palette =>
  createColors(wantsColour(output, env))
