/** Durations on the command line: `5`, `5s`, `500ms`, `1m`, as REST has them. */
import { type Command, InvalidArgumentError, Option } from 'commander'

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }

/** Milliseconds of a duration; seconds where it says no unit. */
const readWait = (text: string): number => {
  const [, number, unit = 's'] = /^(\d{1,7}(?:\.\d{1,3})?)(ms|s|m)?$/.exec(text) ?? []
  if (number === undefined) throw new InvalidArgumentError('Expected a duration: 5s, 500ms, 1m or seconds.')
  return Number(number) * (unitMs[unit] ?? 1000)
}

export interface WaitOptions {
  /** Milliseconds. */
  readonly wait: number
}

/** What REST waits for at most. */
const restWaitMsMax = 60_000

const readRestWait = (text: string): number => {
  const ms = readWait(text)
  if (ms <= restWaitMsMax) return ms
  throw new InvalidArgumentError(`Expected at most ${restWaitMsMax / 1000}s.`)
}

const waitOption = (defaultMs: number): Option =>
  new Option('--wait <duration>', 'how long to wait for the switches; 0 returns once it is stored').default(
    defaultMs,
    `${defaultMs / 1000}s`,
  )

/** For a change that REST waits for. */
export const withWait = (command: Command): Command =>
  command.addOption(waitOption(5000).argParser(readRestWait))

/** For a change that is watched from here, as long as the user likes. */
export const withLongWait = (command: Command): Command =>
  command.addOption(waitOption(60_000).argParser(readWait))
