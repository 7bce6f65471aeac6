/**
 * Reads and writes lists of actions by the table. Lists may contain lists (`clone`, `ct`, `write_actions`): each depth has
 * codecs of its own, made when first used, and there is a deepest one.
 */
import type { Codec } from '#wire/codec.js'
import { WireError, within } from '#wire/error.js'
import type { Reader } from '#wire/reader.js'
import type { Writer } from '#wire/writer.js'
import { nicira, onf, type PeerErrorName } from '../peer-errors.js'
import { ActionError, refuse } from './error.js'
import { type ActionSpec, experimenterCode, type Form, type Nesting, type Outer, type Space } from './spec.js'
import { type Action, actionTable } from './table.js'
import { listFault } from './verify.js'

/** How deep lists may be nested. */
export const maxDepth = 16

/** A form of an action, ready for use at one depth. */
interface Entry {
  readonly type: string
  readonly form: Form<unknown>
  readonly codec: Codec<unknown>
  readonly keepsPadding: boolean
}

interface Depth {
  /** By space and code. */
  readonly read: ReadonlyMap<number, Entry>
  /** By type, in the order in which forms are tried. */
  readonly write: ReadonlyMap<string, readonly Entry[]>
}

const spaces: Readonly<Record<Space, number>> = { standard: 0, nicira: 1, onf: 2, instruction: 3 }
const keyOf = (space: Space, code: number): number => spaces[space] * 0x1_0000 + code

const specs = Object.entries<ActionSpec<unknown>>(actionTable)

const buildDepth = (nesting: Nesting): Depth => {
  const read = new Map<number, Entry>()
  const write = new Map<string, Entry[]>()
  for (const [type, spec] of specs) {
    const entries = spec.forms.map((form) => ({
      type,
      form,
      codec: form.body(nesting),
      keepsPadding: form.padding !== undefined,
    }))
    for (const entry of entries) read.set(keyOf(entry.form.space, entry.form.code), entry)
    write.set(
      type,
      entries.filter(({ form }) => !form.readOnly),
    )
  }
  return { read, write }
}

const depths: Depth[] = []

/** The list codec that an action at `depth` gets for its own actions: one deeper, looked up when used. */
const nestingAt = (depth: number): Nesting => ({
  list: (outer) => ({
    read: (r) => readList(r, outer, depth + 1),
    write: (w, actions) => writeList(w, actions, outer, depth + 1),
  }),
})

const atDepth = (cursor: Reader | Writer, depth: number): Depth => {
  const known = depths[depth]
  if (known !== undefined) return known
  if (depth > maxDepth) refuse(cursor, 'OFPBAC_BAD_ARGUMENT', `actions nested more than ${maxDepth} deep`)
  const made = buildDepth(nestingAt(depth))
  depths[depth] = made
  return made
}

/** Gives an error of a body the name that a switch would answer with. */
const named = (error: unknown, length: PeerErrorName, argument: PeerErrorName): unknown => {
  if (!(error instanceof WireError) || error instanceof ActionError) return error
  const renamed = new ActionError(error.code === 'truncated' ? length : argument, error.reason, error.offset)
  renamed.path = error.path
  return renamed
}

/** The entry of an extension, if the table has it. Leaves the reader behind what it looked at. */
const extension = (r: Reader, known: Depth, length: number): Entry | undefined => {
  const id = r.u32()
  const space = id === nicira ? 'nicira' : id === onf ? 'onf' : undefined
  if (space === undefined) return undefined
  if (length < 16) refuse(r, 'OFPBAC_BAD_LEN', `an extension of ${length} bytes`)
  return known.read.get(keyOf(space, r.u16()))
}

const checkPadding = (r: Reader, entry: Entry): void => {
  if (!entry.keepsPadding) return
  for (let at = r.pos; at < r.end; at++) {
    if (r.bytes[at] !== 0)
      refuse(r, entry.form.padding ?? 'OFPBAC_BAD_ARGUMENT', 'bytes left over are not zero')
  }
}

const readBody = (
  r: Reader,
  entry: Entry,
  end: number,
  names: readonly [PeerErrorName, PeerErrorName],
): object => {
  const outer = { end: r.end, start: r.start }
  r.end = end
  try {
    const body = entry.codec.read(r) as object
    checkPadding(r, entry)
    r.pos = end
    r.end = outer.end
    r.start = outer.start
    return body
  } catch (error) {
    throw within(named(error, names[0], names[1]), entry.type)
  }
}

const actionErrors = ['OFPBAC_BAD_LEN', 'OFPBAC_BAD_ARGUMENT'] as const
const instructionErrors = ['OFPBIC_BAD_LEN', 'OFPBIC_UNSUP_INST'] as const

const readAction = (r: Reader, known: Depth): Action => {
  const begin = r.pos
  if (r.remaining < 8) refuse(r, 'OFPBAC_BAD_LEN', `${r.remaining} bytes are no action`)
  const code = r.u16()
  const length = r.u16()
  let entry = code === experimenterCode ? extension(r, known, r.remaining + 4) : known.read.get(code)
  if (entry === undefined && code === experimenterCode) {
    r.pos = begin + 4
    entry = known.read.get(code)
  }
  if (entry === undefined) return refuse(r, 'OFPBAC_BAD_TYPE', `there is no action ${code}`)
  const { min, max } = entry.form.size
  if (begin + length > r.end || length < min || length > max || length % 8 !== 0) {
    const error = new ActionError('OFPBAC_BAD_LEN', `length ${length}, ${r.end - begin} bytes left`, begin)
    throw within(error, entry.type)
  }
  const body = readBody(r, entry, begin + length, actionErrors)
  return { type: entry.type, ...body } as Action
}

const verify = (cursor: Reader | Writer, actions: readonly Action[], outer: Outer): void => {
  const found = listFault(actions, outer)
  if (found === undefined) return
  const [openflow, reason] = found.fault
  throw within(new ActionError(openflow, reason, cursor.pos), `[${found.index}]`)
}

const readList = (r: Reader, outer: Outer, depth: number): readonly Action[] => {
  const known = atDepth(r, depth)
  const actions: Action[] = []
  while (r.remaining > 0) {
    try {
      actions.push(readAction(r, known))
    } catch (error) {
      throw within(error, `[${actions.length}]`)
    }
  }
  verify(r, actions, outer)
  return actions
}

const formFor = (w: Writer, known: Depth, action: Action): Entry => {
  const entries = known.write.get(action.type) ?? w.fail(`there is no action ${action.type}`)
  return (
    entries.find(({ form }) => form.when === undefined || form.when(action)) ??
    w.fail(`no form fits ${action.type}`)
  )
}

const writeHeader = (w: Writer, { space, code }: Form<unknown>): void => {
  const extended = space === 'nicira' || space === 'onf'
  w.u16(extended ? experimenterCode : code)
  w.defer(2, (length) => w.u16(length))
  if (!extended) return
  w.u32(space === 'nicira' ? nicira : onf)
  w.u16(code)
}

/** Writes an action or instruction, filled up with zeros to its size or a multiple of 8. */
const writeEntry = (w: Writer, known: Depth, action: Action): void => {
  const entry = formFor(w, known, action)
  const mark = w.open()
  const begin = w.pos
  try {
    writeHeader(w, entry.form)
    entry.codec.write(w, action)
    const { min, max } = entry.form.size
    const length = Math.max(min, Math.ceil((w.pos - begin) / 8) * 8)
    if (length > max) refuse(w, 'OFPBAC_BAD_LEN', `${length} bytes, more than ${max}`)
    w.zeros(begin + length - w.pos)
    w.close(mark)
  } catch (error) {
    throw within(error, action.type)
  }
}

const writeList = (w: Writer, actions: readonly Action[], outer: Outer, depth: number): void => {
  const known = atDepth(w, depth)
  verify(w, actions, outer)
  for (let index = 0; index < actions.length; index++) {
    try {
      writeEntry(w, known, actions[index] as Action)
    } catch (error) {
      throw within(error, `[${index}]`)
    }
  }
}

/** Actions up to the limit of the structure around them: in a group bucket, a packet-out, apply-actions. */
export const listOf = (outer: Outer): Codec<readonly Action[]> => ({
  read: (r) => readList(r, outer, 0),
  write: (w, actions) => writeList(w, actions, outer, 0),
})

/** What `instructions.ts` needs of an instruction: its entry, its body, its bytes. */
export const instructionEntry = (r: Reader, code: number): Entry | undefined =>
  atDepth(r, 0).read.get(keyOf('instruction', code))
export const readInstructionBody = (r: Reader, entry: Entry, end: number): Action =>
  ({ type: entry.type, ...readBody(r, entry, end, instructionErrors) }) as Action
export const writeInstruction = (w: Writer, action: Action): void => writeEntry(w, atDepth(w, 0), action)
export const verifyInstructions = (cursor: Reader | Writer, actions: readonly Action[]): void =>
  verify(cursor, actions, 'instructions')
