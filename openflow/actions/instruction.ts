/**
 * Meters, the instructions that text shows as actions, and what other experimenters send. ovs-actions(7),
 * "Instructions". A flow has each instruction once, in the order that `rankOf` gives.
 */
import { type Codec, pad, rest, u8, u32, u64 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import type { Action } from '../actions.js'
import { type ActionSpec, action, experimenterCode, instruction, nx, standard, variable } from './spec.js'
import {
  badText,
  keyword,
  numbered,
  parseBig,
  parseBytes,
  parseNumber,
  printHex,
  type TextForm,
} from './text.js'

const allBits = 0xffff_ffff_ffff_ffffn

const metadata = { metadata: u64, mask: u64 }

const writeMetadata: Codec<{ readonly metadata: bigint; readonly mask: bigint }> = struct({
  _pad: pad(4),
  ...metadata,
})

/** The extension by which OpenFlow 1.0 says the same. */
const nxWriteMetadata: Codec<{ readonly metadata: bigint; readonly mask: bigint }> = struct({
  _pad: pad(6),
  ...metadata,
})

const writeActions: ActionSpec<{ readonly actions: readonly Action[] }> = action(
  [
    instruction(3, variable(8), ({ list }) => {
      const actions = list('write_actions')
      return struct({ _pad: pad(4), actions })
    }),
  ],
  {
    names: ['write_actions'],
    syntax: ['write_actions(action,…)'],
    print: ({ actions }, list) => `write_actions(${list(actions)})`,
    parse: (argument, context) => ({ actions: context.list(argument, 'write_actions') }),
  },
  'Adds actions to the action set, which is carried out at the end of the pipeline.',
)

interface Experimenter {
  readonly experimenter: number
  /** What follows the id; with the 8 bytes before it a multiple of 8. */
  readonly data: Uint8Array
}

const experimenter: Codec<Experimenter> = struct({ experimenter: u32, data: rest })

const experimenterText = (name: string): TextForm<Experimenter> => ({
  names: [name],
  syntax: [`${name}(id,hex)`],
  print: ({ experimenter, data }) =>
    `${name}(0x${experimenter.toString(16)},${Buffer.from(data).toString('hex')})`,
  parse: (argument) => {
    const [id = '', hex = '', ...more] = argument.split(',').map((part) => part.trim())
    if (more.length > 0) badText(`${name} takes (id,hex)`)
    const data = parseBytes(hex, 'data')
    if (data.length % 8 !== 0) badText(`${name}: ${data.length} bytes are not a multiple of 8`)
    return { experimenter: parseNumber(id, 0xffff_ffff, 'id'), data }
  },
})

export const instructionActions = {
  meter: action(
    [standard(29, 8, struct({ meterId: u32 }))],
    numbered('meter', 'meterId', { max: 0xffff_ffff }),
    'Drops or marks the packet when it exceeds a rate.',
  ),
  clear_actions: action(
    [instruction(5, 8, struct({ _pad: pad(4) }) as Codec<object>)],
    keyword('clear_actions'),
    'Empties the action set.',
  ),
  write_actions: writeActions,
  write_metadata: action(
    [instruction(2, 24, writeMetadata), nx(22, 32, nxWriteMetadata, { readOnly: true })],
    {
      names: ['write_metadata'],
      syntax: ['write_metadata:value[/mask]'],
      print: ({ metadata, mask }) =>
        `write_metadata:${printHex(metadata)}${mask === allBits ? '' : `/${printHex(mask)}`}`,
      parse: (argument) => {
        const [value = '', mask, ...more] = argument.split('/')
        if (more.length > 0) badText(`${argument} is not a value and a mask`)
        return {
          metadata: parseBig(value, 64, 'metadata'),
          mask: mask === undefined ? allBits : parseBig(mask, 64, 'mask'),
        }
      },
    },
    'Writes bits of the metadata field.',
  ),
  goto_table: action(
    [instruction(1, 8, struct({ table: u8, _pad: pad(3) }))],
    numbered('goto_table', 'table', { max: 254 }),
    'Goes on in a later table.',
  ),
  experimenter: action(
    [standard(experimenterCode, variable(8), experimenter)],
    experimenterText('experimenter'),
    'An extension that is not in this table, kept as it came.',
  ),
  experimenter_instruction: action(
    [instruction(experimenterCode, variable(8), experimenter)],
    experimenterText('experimenter_instruction'),
    'An instruction that is not in this table, kept as it came.',
  ),
} as const

/** The instructions of a flow in their order; all other actions stand before them, in apply-actions. */
const order: readonly Action['type'][] = [
  'experimenter_instruction',
  'clear_actions',
  'write_actions',
  'write_metadata',
  'goto_table',
]
const ranks: ReadonlyMap<string, number> = new Map(order.map((type, index) => [type, index + 1]))

/** The place of an instruction in its flow, from 1; 0: an action, which stands in apply-actions. */
export const rankOf = ({ type }: Action): number => ranks.get(type) ?? 0
