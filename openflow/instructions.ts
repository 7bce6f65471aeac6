/**
 * Actions and instructions on the wire: OpenFlow 1.5, sections 7.2.5 and 7.2.6, and Open vSwitch's extensions. A flow's
 * instructions are one list of actions: those of apply-actions, then the others in the order of the specification.
 */
import type { Codec } from '#wire/codec.js'
import { within } from '#wire/error.js'
import type { Reader } from '#wire/reader.js'
import { Writer } from '#wire/writer.js'
import {
  instructionEntry,
  listOf,
  readInstructionBody,
  verifyInstructions,
  writeInstruction,
} from './actions/codec.js'
import { ActionError, refuse } from './actions/error.js'
import { rankOf } from './actions/instruction.js'
import type { Action } from './actions.js'

/** Actions up to the limit of the structure around them: of a group bucket, a packet-out. */
export const actions: Codec<readonly Action[]> = listOf('actions')

const applied = listOf('instructions')
const applyCode = 4
/** Type, length, padding: what stands before the actions of an instruction. */
const headerSize = 8

const readApplied = (r: Reader, end: number): readonly Action[] => {
  const outer = { end: r.end, start: r.start }
  r.end = end
  try {
    r.take(4)
    const actions = applied.read(r)
    r.end = outer.end
    r.start = outer.start
    return actions
  } catch (error) {
    throw within(error, 'apply_actions')
  }
}

/** Reads one instruction: its code and its actions. */
const readInstruction = (r: Reader): readonly [code: number, actions: readonly Action[]] => {
  const begin = r.pos
  if (r.remaining < headerSize) refuse(r, 'OFPBIC_BAD_LEN', `${r.remaining} bytes are no instruction`)
  const code = r.u16()
  const length = r.u16()
  const end = begin + length
  const badLength = (name: string): unknown =>
    within(new ActionError('OFPBIC_BAD_LEN', `length ${length}, ${r.end - begin} bytes left`, begin), name)
  if (length % 8 !== 0 || length < headerSize || end > r.end) throw badLength(`instruction ${code}`)
  if (code === applyCode) return [code, readApplied(r, end)]
  const entry = instructionEntry(r, code)
  if (entry === undefined) return refuse(r, 'OFPBIC_UNKNOWN_INST', `there is no instruction ${code}`)
  if (length < entry.form.size.min || length > entry.form.size.max) throw badLength(entry.type)
  return [code, [readInstructionBody(r, entry, end)]]
}

/** Instructions up to the limit of the structure around them, as one list of actions. */
export const instructions: Codec<readonly Action[]> = {
  read: (r) => {
    const found = new Map<number, readonly Action[]>()
    while (r.remaining > 0) {
      const [code, list] = readInstruction(r)
      if (found.has(code)) refuse(r, 'OFPBIC_DUP_INST', `instruction ${code} stands twice`)
      found.set(code, list)
    }
    const actions = found.get(applyCode) ?? []
    if (found.size === (found.has(applyCode) ? 1 : 0)) return actions
    found.delete(applyCode)
    const others = [...found.values()].flat().sort((a, b) => rankOf(a) - rankOf(b))
    const all = [...actions, ...others]
    if (actions.some((action) => rankOf(action) > 0)) verifyInstructions(r, all)
    return all
  },
  write: (w, actions) => {
    verifyInstructions(w, actions)
    const first = actions.findIndex((action) => rankOf(action) > 0)
    const direct = first < 0 ? actions : actions.slice(0, first)
    if (direct.length > 0) {
      const mark = w.open()
      w.u16(applyCode)
      w.defer(2, (length) => w.u16(length))
      w.zeros(4)
      applied.write(w, direct)
      w.close(mark)
    }
    for (const action of first < 0 ? [] : actions.slice(first)) {
      // An instruction that adds nothing to the action set is not sent: no switch would tell it from none.
      if (action.type === 'write_actions' && action.actions.length === 0) continue
      writeInstruction(w, action)
    }
  },
}

const scratch = new Writer(1024)

/**
 * A string that two lists of instructions have in common when a switch would report them alike, and only then: their
 * encoding, a character for a byte. Throws as encoding does.
 */
export const actionsKey = (list: readonly Action[]): string => {
  scratch.reset()
  instructions.write(scratch, list)
  const { buffer, byteOffset, byteLength } = scratch.written()
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}
