/** What a command prints: tables for people, JSON and YAML for programs. */
import { type Command, Option } from 'commander'
import { stringify } from 'yaml'
import type { Io } from './io.js'
import { type Palette, paletteFor } from './palette.js'

export const formats = ['table', 'json', 'yaml'] as const
export type Format = (typeof formats)[number]

export interface PrintOptions {
  readonly output: Format
}

export const withOutput = (command: Command): Command =>
  command.addOption(
    new Option('-o, --output <format>', 'table for people; json or yaml for programs')
      .choices(formats)
      .default('table')
      .helpGroup('Output:'),
  )

export const jsonOf = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`

export const yamlOf = (value: unknown): string =>
  stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 })

/** Prints a value: as text for people, made only when asked for, or whole for programs. */
export const print = (
  io: Io,
  { output }: PrintOptions,
  value: unknown,
  forPeople: (palette: Palette) => string,
): void => {
  switch (output) {
    case 'table':
      io.stdout.write(forPeople(paletteFor(io.stdout, io.env)))
      return
    case 'json':
      io.stdout.write(jsonOf(value))
      return
    case 'yaml':
      io.stdout.write(yamlOf(value))
  }
}
