/** The actions that send a packet somewhere. ovs-actions(7), "Output Actions". */
import { type Codec, pad, u16, u32 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { bundle, bundleLoad } from './bundle.js'
import { controller } from './controller.js'
import { outputPort, outputPort16, parsePort, portFromText, printPort, reservedPorts } from './ports.js'
import { action, checked, nx, standard } from './spec.js'
import {
  isShort,
  legacyField,
  parseSubfield,
  printSubfield,
  range,
  type Subfield,
  sourceFault,
  sourceRangeFirst,
} from './subfield.js'
import { badText, keyValues, numbered, parseNumber, type TextForm } from './text.js'

const output = struct({ port: outputPort, maxLen: u16, _pad: pad(6) })

/** The header of an Ethernet frame: nothing is cut shorter. */
const minTruncated = 14

const outputTrunc = checked(struct({ port: outputPort16, maxLen: u32 }), ({ maxLen }) =>
  maxLen < minTruncated
    ? ['OFPBAC_BAD_ARGUMENT', `max_len ${maxLen} is less than ${minTruncated}`]
    : undefined,
)

/** The member of OFPAT_OUTPUT of that name: how much of the packet a controller gets. */
const outputReg = struct({ source: sourceRangeFirst, maxLen: u16 })

/** As `outputReg`, with room for an experimenter field. */
const outputReg2: Codec<{ readonly source: Subfield; readonly maxLen: number }> = checked(
  {
    read: (r) => {
      const { offset, width } = range.read(r)
      const maxLen = r.u16()
      return { source: { field: legacyField.read(r), offset, width }, maxLen }
    },
    write: (w, { source, maxLen }) => {
      range.write(w, source)
      w.u16(maxLen)
      legacyField.write(w, source.field)
    },
  },
  ({ source }) => sourceFault(source),
)

const parseTruncated = (argument: string) => {
  let port: number | undefined
  let maxLen: number | undefined
  for (const { key, value } of keyValues(argument)) {
    if (key === 'port') port = parsePort(value)
    else if (key === 'max_len') maxLen = parseNumber(value, 0xffff_ffff, key, minTruncated)
    else badText(`output has no argument ${key}`)
  }
  if (port === undefined || maxLen === undefined) return badText('output(…) needs port and max_len')
  if (port >= reservedPorts.unset && port !== reservedPorts.local && port !== reservedPorts.in_port) {
    badText(`port ${printPort(port)} cannot truncate`)
  }
  return { type: 'output_trunc', port, maxLen } as const
}

const outputText: TextForm<{ readonly port: number; readonly maxLen: number }> = {
  names: ['output'],
  syntax: ['port', 'output:port', 'output:field', 'output(port=port,max_len=bytes)'],
  print: ({ port, maxLen }) => {
    if (port === reservedPorts.controller) return `CONTROLLER:${maxLen}`
    return port < reservedPorts.unset ? `output:${port}` : printPort(port)
  },
  parse: (argument) => {
    if (argument.includes('port') && argument.includes('max_len')) return [parseTruncated(argument)]
    const port = portFromText(argument)
    if (port !== undefined) return { port, maxLen: port === reservedPorts.controller ? 0xffff : 0 }
    return [{ type: 'output_reg', source: parseSubfield(argument), maxLen: 0xffff }]
  },
}

export const outputActions = {
  output: action([standard(0, 16, output)], outputText, 'Sends the packet to a port.'),
  output_reg: action(
    [
      nx(15, 24, outputReg, { when: ({ source }) => isShort(source.field), padding: 'OFPBAC_BAD_ARGUMENT' }),
      nx(32, 24, outputReg2, { padding: 'NXBRC_MUST_BE_ZERO' }),
    ],
    {
      names: [],
      syntax: ['output:field'],
      print: ({ source }) => `output:${printSubfield(source)}`,
      parse: (argument) => ({ source: parseSubfield(argument), maxLen: 0xffff }),
    },
    'Sends the packet to the port whose number a field holds.',
  ),
  output_trunc: action(
    [nx(39, 16, outputTrunc)],
    {
      names: [],
      syntax: ['output(port=port,max_len=bytes)'],
      print: ({ port, maxLen }) => `output(port=${printPort(port)},max_len=${maxLen})`,
      parse: parseTruncated,
    },
    'Sends the first bytes of the packet to a port.',
  ),
  controller,
  group: action(
    [
      standard(22, 8, struct({ groupId: u32 })),
      nx(40, 16, struct({ _pad: pad(2), groupId: u32 }), { readOnly: true }),
    ],
    numbered('group', 'groupId', { max: 0xffff_ffff }),
    'Gives the packet to a group.',
  ),
  bundle,
  bundle_load: bundleLoad,
} as const
