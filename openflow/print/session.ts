/** Hello, errors, echo, features, configuration, roles, bundles: as `ovs-ofctl ofp-print` prints them. */
import { offeredVersions } from '../channel/handshake.js'
import { describePeerError } from '../errors.js'
import type { MessageOf } from '../messages.js'
import { asItIs, bitsText, hexDump, hexOrZero } from './parts.js'
import type { PrintContext, Printers } from './printer.js'

const hexByte = (byte: number): string => `0x${byte.toString(16).padStart(2, '0')}`

const fragments = ['normal', 'drop', 'reassemble', 'nx-match'] as const

const config = ({
  flags,
  missSendLength,
}: Pick<MessageOf<'set_config'>, 'flags' | 'missSendLength'>): string =>
  ` frags=${fragments[flags & 3]} miss_send_len=${missSendLength}\n`

const echo = ({ data }: { readonly data: Uint8Array }, { quoted }: PrintContext): string =>
  ` ${data.length} bytes of payload\n${quoted ? '' : hexDump(data)}`

const noGeneration = 0xffff_ffff_ffff_ffffn

const role = (message: Pick<MessageOf<'role_request'>, 'role' | 'generationId'>): string => {
  const generation =
    message.generationId === noGeneration || message.role === 'nochange'
      ? ''
      : ` generation_id=${message.generationId}`
  return ` role=${message.role}${generation}`
}

/** The failing request; plain text where a hello failed. */
const failure = (error: MessageOf<'error'>['error'], quote: (data: Uint8Array) => string): string =>
  error.type === 0 ? Buffer.from(error.data).toString('latin1') : quote(error.data)

export const sessionPrinters = {
  hello: (message, { version }) => {
    const versions = offeredVersions(version, message).map(hexByte)
    return `\n version bitmap: ${versions.join(', ')}`
  },
  error: ({ error }, { quote }) => ` ${describePeerError(error)}\n${failure(error, quote)}`,
  echo_request: echo,
  echo_reply: echo,
  features_reply: (message) => {
    const auxiliary = message.auxiliaryId === 0 ? '' : `, auxiliary_id:${message.auxiliaryId}`
    return (
      ` dpid:${message.datapathId.toString(16).padStart(16, '0')}\n` +
      `n_tables:${message.tableCount}, n_buffers:${message.bufferCount}${auxiliary}\n` +
      `capabilities: ${bitsText(message.capabilities)}\n`
    )
  },
  get_config_reply: config,
  set_config: config,
  role_request: role,
  role_reply: role,
  role_status: (message) => {
    const reason = typeof message.reason === 'number' ? '(unknown)' : message.reason
    return `${role(message)} reason=${reason}`
  },
  bundle_control: ({ bundleId, control, flags }) =>
    `\n bundle_id=${hexOrZero(bundleId)} type=${controlText(control)} flags=${bitsText(flags, ' ', asItIs)}`,
  bundle_add: ({ bundleId, flags, request }, { nested }) =>
    `\n bundle_id=${hexOrZero(bundleId)} flags=${bitsText(flags, ' ', asItIs)}\n${nested(request)}`,
  requestforward: ({ request }, { body }) => ` reason=${request.message.type}${body(request.message)}`,
  set_packet_in_format: ({ format }) => ` format=${format}`,
  set_controller_id: ({ controllerId }) => ` id=${controllerId}`,
  flow_mod_table_id: ({ set }) => (set === 0 ? ' disable' : ' enable'),
  ct_flush_zone: ({ zone }) => ` zone_id=${zone}`,
  desc_reply: (message) =>
    `\nManufacturer: ${message.manufacturer}\nHardware: ${message.hardware}\nSoftware: ${message.software}\n` +
    `Serial Num: ${message.serialNumber}\nDP Description: ${message.datapath}\n`,
} as const satisfies Printers

const controlText = (control: MessageOf<'bundle_control'>['control']): string =>
  typeof control === 'number' ? '' : control.toUpperCase()
