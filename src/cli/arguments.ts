/** Readers of arguments and options: text from the command line as the values that REST takes. */
import { InvalidArgumentError } from 'commander'
import { eidText } from '#model/site.js'
import { objectName, type WireEnd, wireEnd } from '#model/wire.js'

/** A whole number from `min` to `max`. */
export const integerFrom =
  (min: number, max: number) =>
  (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`)
  }

/** A setting, or the word that takes it away. */
export type OrNone = number | 'none'

/** As `integerFrom`, or `none`. */
export const integerOrNone =
  (min: number, max: number) =>
  (text: string): OrNone =>
    text === 'none' ? 'none' : integerFrom(min, max)(text)

/** As REST has it: null takes the setting away, undefined leaves it. */
export const settingOf = (value: OrNone | undefined): number | null | undefined =>
  value === 'none' ? null : value

/** `NODE:INTERFACE`. */
export const readEnd = (text: string): WireEnd => {
  const [node = '', ...rest] = text.split(':')
  const end = wireEnd.safeParse({ node, interface: rest.join(':') })
  if (end.success) return end.data
  const [issue] = end.error.issues
  throw new InvalidArgumentError(`Expected NODE:INTERFACE; ${issue?.path.join('.')}: ${issue?.message}.`)
}

/** The name of a node, link, site or topology. */
export const readName = (text: string): string => {
  const name = objectName.safeParse(text)
  if (name.success) return name.data
  throw new InvalidArgumentError(`Expected ${name.error.issues[0]?.message}.`)
}

/** An address or a prefix: what is in it is the controller's to judge. */
export const readEid = (text: string): string => {
  const eid = eidText.safeParse(text)
  if (eid.success) return eid.data
  throw new InvalidArgumentError(`Expected ${eid.error.issues[0]?.message}.`)
}

/** Of an option that may be given again. */
export const listOf =
  <T>(read: (text: string) => T) =>
  (text: string, before: readonly T[] = []): readonly T[] => [...before, read(text)]
