/**
 * What one line of the action table says: an action's forms on the wire, its text, its meaning. The type `Action`, the
 * codec (`instructions.ts`), the parser and printer (`action-text.ts`) and the manual (`docs/openflow-actions.md`) come
 * from these lines.
 */
import type { Codec } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import type { Action } from '../actions.js'
import type { PeerErrorName } from '../peer-errors.js'
import { refuse } from './error.js'
import type { TextForm } from './text.js'

/** What a list of actions is part of; it decides which actions may stand there. */
export type Outer = 'actions' | 'instructions' | 'clone' | 'ct' | 'write_actions'

/** Gives an action that contains actions the codec of that list. */
export interface Nesting {
  list(outer: Outer): Codec<readonly Action[]>
}

/** How many bytes an action takes, its header included; the largest is the greatest multiple of 8 below 65536. */
export interface Size {
  readonly min: number
  readonly max: number
}

/** At least `min` bytes and any multiple of 8 more. */
export const variable = (min: number): Size => ({ min, max: 65528 })

interface FormOptions<B> {
  /** Which actions this form is written for; absent: all that no earlier form takes. */
  when?(body: B): boolean
  /** The error where bytes after the last member are not zero; absent: they are not looked at. */
  readonly padding?: PeerErrorName
  /** The form is understood and never written: Open vSwitch writes another one in OpenFlow 1.5. */
  readonly readOnly?: true
}

/** Where a code is unique: standard actions, the extensions of an experimenter, instructions. */
export type Space = 'standard' | 'nicira' | 'onf' | 'instruction'

/** One form of an action on the wire. */
export interface Form<B> extends FormOptions<B> {
  readonly space: Space
  /** The type of a standard action or instruction, else the subtype under its experimenter. */
  readonly code: number
  readonly size: Size
  readonly body: (nesting: Nesting) => Codec<B>
}

type Body<B> = Codec<B> | ((nesting: Nesting) => Codec<B>)

const formOf =
  (space: Space) =>
  <B>(code: number, size: number | Size, body: Body<B>, options: FormOptions<B> = {}): Form<B> => ({
    space,
    code,
    size: typeof size === 'number' ? { min: size, max: size } : size,
    body: typeof body === 'function' ? body : () => body,
    ...options,
  })

/** An action of OpenFlow 1.5, section 7.2.6: 4 bytes of header, then `body`. */
export const standard = formOf('standard')
/** An extension of Open vSwitch: 10 bytes of header (experimenter and subtype included), then `body`. */
export const nx = formOf('nicira')
/** An extension of the ONF, laid out as `nx`. */
export const ext = formOf('onf')
/** An instruction of OpenFlow 1.5, section 7.2.5: 4 bytes of header, then `body`. */
export const instruction = formOf('instruction')

/** The code that says that an experimenter's id follows. */
export const experimenterCode = 0xffff

/** A line of the action table. */
export interface ActionSpec<B> {
  readonly forms: readonly Form<B>[]
  readonly text: TextForm<B>
  /** One sentence: what the action does. */
  readonly doc: string
}

export const action = <B>(forms: readonly Form<B>[], text: TextForm<B>, doc: string): ActionSpec<B> => ({
  forms,
  text,
  doc,
})

/** The body of an action that has only a name. */
export const nothing: Codec<object> = struct({})

/** What is wrong with a value, as the switch would say it. */
export type Fault = readonly [PeerErrorName, string]

/** `codec` for values in which `fault` finds none; both directions. */
export const checked = <T>(codec: Codec<T>, fault: (value: T) => Fault | undefined): Codec<T> => ({
  read: (r) => {
    const value = codec.read(r)
    const found = fault(value)
    return found === undefined ? value : refuse(r, found[0], found[1])
  },
  write: (w, value) => {
    const found = fault(value)
    if (found !== undefined) refuse(w, found[0], found[1])
    codec.write(w, value)
  },
})

type Show<T> = { readonly [K in keyof T]: T[K] }
type BodyOf<S> = S extends ActionSpec<infer B> ? B : never

/** The union of the actions of a table of lines. */
export type ActionOf<T> = { [K in keyof T & string]: Show<{ readonly type: K } & BodyOf<T[K]>> }[keyof T &
  string]
