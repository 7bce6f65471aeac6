/** What the `lab` commands have in common: which lab is meant, and how options are read. */
import { type Command, InvalidArgumentError } from 'commander'

export interface NameOption {
  readonly name: string
}

/** Adds `--name`: several labs may be up side by side. */
export const withName = (command: Command): Command =>
  command.option('-n, --name <lab>', 'name of the lab', 'lab')

/** `a,b,c`; refuses an empty list and empty items. */
export const parseList = (text: string): string[] => {
  const items = text.split(',').map((item) => item.trim())
  if (items.every((item) => item !== '')) return items
  throw new InvalidArgumentError('names, separated by commas, are expected.')
}

export const parseCount = (text: string): number => {
  const count = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count
  throw new InvalidArgumentError('a whole number is expected.')
}

/** `KEY=VALUE`, split at the first `=`. */
export const parsePair = (text: string): readonly [key: string, value: string] => {
  const at = text.indexOf('=')
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)]
  throw new InvalidArgumentError('INTERFACE=VALUE is expected.')
}
