/** Between hexadecimal digits and OpenFlow text. Loaded only when asked for: the codecs are most of what heddle has to load. */
import { parseFlow } from '#openflow/flow-text.js'
import { type FlowCommand, flowModOf } from '#openflow/messages/flows.js'
import { encodeMessage } from '#openflow/messages.js'
import { printBytes } from '#openflow/print.js'
import { bytesOf, hexOf, splitMessages } from './openflow-hex.js'

/** What is no message is printed as that, with its bytes, as ovs-ofctl does. */
export const printHex = (text: string): string => splitMessages(bytesOf(text)).map(printBytes).join('')

export interface EncodeOptions {
  readonly command: FlowCommand
  readonly xid: number
}

/** The FLOW_MOD of a flow, as a line of digits. Removals look for a match alone: their flow needs no actions. */
export const encodeFlow = (text: string, { command, xid }: EncodeOptions): string => {
  const removal = command.startsWith('delete') && !/\bactions?=/.test(text)
  const flow = parseFlow(removal ? `${text} actions=drop` : text)
  return `${hexOf(encodeMessage(flowModOf(command, flow), xid))}\n`
}
