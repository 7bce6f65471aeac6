/**
 * `heddle demo`: the main job on real switches, from nothing to nothing, each step checked. Unlike the other commands it
 * plays all parts: it raises a lab, runs a controller as a process of its own and is its client.
 */
import { Command } from 'commander'
import { checkMachine } from '#lab/machine.js'
import { type Check, failedCheck } from './demo/check.js'
import { closing, narrateOn, opening } from './demo/narrate.js'
import { performSteps } from './demo/perform.js'
import { Stage } from './demo/stage.js'
import { steps } from './demo/steps.js'
import { CliError } from './exit.js'
import { examples } from './help.js'
import type { Io } from './io.js'
import { paletteFor } from './palette.js'

interface DemoOptions {
  readonly json?: true
}

/** `demo` and six characters: several demos run side by side. */
const labNameOf = (io: Io): string => {
  const number = Math.floor(io.random() * 36 ** 6)
  return `demo${number.toString(36).padStart(6, '0')}`
}

/** What programs read: without the words for people where all went well. */
const resultOf = (checks: readonly Check[], seconds: number): string =>
  JSON.stringify({
    ok: checks.every(({ ok }) => ok),
    seconds: Math.round(seconds * 100) / 100,
    checks: checks.map(({ detail: _, ...check }) => check),
  })

/** Where no lab can be made there is nothing to show and nothing to clear up. */
const checkStage = async (io: Io, { json }: DemoOptions): Promise<void> => {
  try {
    await checkMachine()
  } catch (error) {
    if (json) io.stdout.write(`${resultOf([failedCheck('lab-up', 0, error)], 0)}\n`)
    throw error
  }
}

const demo = async (io: Io, options: DemoOptions): Promise<void> => {
  await checkStage(io, options)
  const { json } = options
  const output = json ? io.stderr : io.stdout
  const palette = paletteFor(output, io.env)
  const begun = io.clock.now()
  const stage = new Stage({
    clock: io.clock,
    random: io.random,
    signal: io.signal,
    env: io.env,
    labName: labNameOf(io),
  })
  output.write(opening(palette, stage.labName))
  const checks = await performSteps(stage, steps, narrateOn(output, io.env)).catch((error: unknown) => {
    if (io.signal.aborted) output.write(`\n\n  ${palette.yellow('interrupted: everything is removed')}\n`)
    throw error
  })
  const seconds = (io.clock.now() - begun) / 1000
  output.write(closing(palette, checks, seconds))
  if (json) io.stdout.write(`${resultOf(checks, seconds)}\n`)
  const failed = checks.filter(({ ok, skipped }) => !ok && !skipped)
  if (failed.length === 0) return
  throw new CliError('failed', `failed: ${failed.map(({ name }) => name).join(', ')}`)
}

export const demoCommand = (io: Io): Command =>
  new Command('demo')
    .description('run the main job on real switches in a lab of its own, and check every step')
    .option('--json', 'end with one line of JSON on standard output; the words go to standard error')
    .addHelpText(
      'after',
      examples(
        ['heddle demo', 'as root; takes some seconds and leaves nothing behind'],
        ['heddle demo --json | jq .ok', 'for a script'],
      ),
    )
    .action((options: DemoOptions) => demo(io, options))
