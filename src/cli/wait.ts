/** Durations on the command line: `5`, `5s`, `500ms`, `1m`, as REST has them. */
import { type Command, InvalidArgumentError, Option } from 'commander'

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }

/** Milliseconds of a duration; seconds where it says no unit. */
export const readWait = (text: string): number => {
  const [, number, unit = 's'] = /^(\d{1,7}(?:\.\d{1,3})?)(ms|s|m)?$/.exec(text) ?? []
  if (number === undefined) throw new InvalidArgumentError('Expected a duration: 5s, 500ms, 1m or seconds.')
  return Number(number) * (unitMs[unit] ?? 1000)
}

export interface WaitOptions {
  /** Milliseconds. */
  readonly wait: number
}

/** What REST waits for at most: a longer wait goes on here. */
export const restWaitMsMax = 60_000

export const withWait = (command: Command, defaultMs: number): Command =>
  command.addOption(
    new Option('--wait <duration>', 'how long to wait for the switches; 0 returns once it is stored')
      .argParser(readWait)
      .default(defaultMs, `${defaultMs / 1000}s`),
  )
