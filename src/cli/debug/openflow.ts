/** `heddle openflow`: OpenFlow 1.5 messages by hand, by Heddle's own library. For whoever debugs the protocol or the library. */
import { Command, Option } from 'commander'
import type { FlowCommand } from '#openflow/messages/flows.js'
import { integerFrom } from '../arguments.js'
import { CliError, usageError } from '../exit.js'
import { examples } from '../help.js'
import { type Io, stdinLines } from '../io.js'
import { paletteFor } from '../palette.js'
import { counted } from '../text.js'
import type { EncodeOptions } from './openflow-bytes.js'

export const openflowCommand = (io: Io): Command =>
  new Command('openflow')
    .description('read and write OpenFlow 1.5 messages, as ovs-ofctl does')
    .addCommand(printCommand(io))
    .addCommand(encodeFlowCommand(io))

const printCommand = (io: Io): Command =>
  new Command('print')
    .description('print messages as ovs-ofctl ofp-print does')
    .argument('[hex...]', 'the bytes of one or more messages; otherwise standard input, a message a line')
    .addHelpText(
      'after',
      examples(
        ['heddle openflow print 0602000800000007', 'one message'],
        ['tshark -r x.pcap -Y openflow -T fields -e tcp.payload | heddle openflow print', 'a capture'],
      ),
    )
    .action(async (words: readonly string[]) => {
      const { printHex } = await import('./openflow-bytes.js')
      if (words.length > 0) io.stdout.write(printHex(words.join('')))
      else await eachLine(io, printHex)
    })

const flowCommands = [
  'add',
  'modify',
  'modify_strict',
  'delete',
  'delete_strict',
] as const satisfies FlowCommand[]

const encodeFlowCommand = (io: Io): Command =>
  new Command('encode-flow')
    .description("print the bytes of a flow's FLOW_MOD as hexadecimal digits")
    .argument('[flow]', 'as ovs-ofctl add-flow reads it; otherwise standard input, a flow a line')
    .addOption(new Option('--command <command>', 'what to do').choices(flowCommands).default('add'))
    .option('--xid <xid>', 'transaction id', integerFrom(0, 0xffff_ffff), 0)
    .addHelpText(
      'after',
      examples(
        ["heddle openflow encode-flow 'table=0,in_port=1,actions=output:2'", 'the bytes of an addition'],
        ["heddle openflow encode-flow --command delete 'in_port=1'", 'and of a removal'],
      ),
    )
    .action(async (text: string | undefined, options: EncodeOptions) => {
      const { encodeFlow } = await import('./openflow-bytes.js')
      const encode = (line: string): string => encodeFlow(line, options)
      if (text !== undefined) io.stdout.write(encode(text))
      else await eachLine(io, encode)
    })

/** Shows each line that holds something; tells of each that is no good, goes on, and fails in the end. */
const eachLine = async (io: Io, show: (line: string) => string): Promise<void> => {
  const mark = paletteFor(io.stderr, io.env).red('heddle:')
  let number = 0
  let failures = 0
  for await (const line of stdinLines(io)) {
    number += 1
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue
    try {
      io.stdout.write(show(line))
    } catch (error) {
      failures += 1
      io.stderr.write(`${mark} line ${number}: ${error instanceof Error ? error.message : String(error)}\n`)
    }
  }
  if (number === 0) throw usageError('standard input is empty')
  if (failures > 0)
    throw new CliError('failed', `${counted(failures, 'line')} of ${number} could not be read`)
}
