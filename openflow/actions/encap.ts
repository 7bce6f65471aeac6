/** The actions `encap` and `decap`, with the properties of the network service header. */
import { type Codec, enumOf, pad, u32 } from '#wire/codec.js'
import type { Reader } from '#wire/reader.js'
import { struct } from '#wire/struct.js'
import { refuse } from './error.js'
import { action, nx, variable } from './spec.js'
import { badText, keyValues, parseBytes, parseNumber, printHex } from './text.js'

/** Packet types that can be put around a packet: a namespace in the upper 16 bits, a type in the lower. */
const headers = { ethernet: 0, nsh: 0x1_894f, mpls: 0x1_8847, mpls_mc: 0x1_8848 } as const

/** A property of the header to be made; Open vSwitch knows two, of the network service header (class 4). */
export type EncapProperty =
  | { readonly type: 'md_type'; readonly mdType: number }
  | { readonly type: 'tlv'; readonly tlvClass: number; readonly tlvType: number; readonly value: Uint8Array }

interface Encap {
  /** Bytes; 0: the header's usual size. */
  readonly headerSize: number
  readonly header: keyof typeof headers
  readonly properties: readonly EncapProperty[]
}

const nshClass = 4
const mdTypeCode = 1
const tlvCode = 2

const readTlv = (r: Reader, length: number): EncapProperty => {
  const tlvClass = r.u16()
  const tlvType = r.u8()
  const size = r.u8()
  const padded = Math.ceil(size / 8) * 8
  if (length !== 8 + padded) refuse(r, 'NXBAC_BAD_ED_PROP', `length ${length} with a value of ${size} bytes`)
  const value = r.raw(size)
  r.take(padded - size)
  return { type: 'tlv', tlvClass, tlvType, value }
}

const property: Codec<EncapProperty> = {
  read: (r) => {
    const begin = r.pos
    const propertyClass = r.u16()
    const type = r.u8()
    const length = r.u8()
    const padded = Math.ceil(length / 8) * 8
    if (length < 4 || begin + padded > r.end) refuse(r, 'OFPBAC_BAD_LEN', `property of ${length} bytes`)
    if (propertyClass === nshClass && type === tlvCode && length >= 8) return readTlv(r, length)
    if (propertyClass !== nshClass || type !== mdTypeCode) {
      return refuse(r, 'NXBAC_UNKNOWN_ED_PROP', `property ${type} of class ${propertyClass}`)
    }
    if (length !== 5 && length !== 8) refuse(r, 'NXBAC_BAD_ED_PROP', `length ${length} of md_type`)
    const mdType = r.u8()
    r.take(3)
    return { type: 'md_type', mdType }
  },
  write: (w, value) => {
    w.u16(nshClass)
    if (value.type === 'md_type') {
      w.u8(mdTypeCode)
      w.u8(5)
      w.u8(value.mdType)
      return w.zeros(3)
    }
    const padded = Math.ceil(value.value.length / 8) * 8
    w.u8(tlvCode)
    w.u8(8 + padded)
    w.u16(value.tlvClass)
    w.u8(value.tlvType)
    w.u8(value.value.length)
    w.raw(value.value)
    w.zeros(padded - value.value.length)
  },
}

const kind = enumOf(u32, headers)
const headerName: Codec<keyof typeof headers> = {
  read: (r) => {
    try {
      return kind.read(r)
    } catch {
      return refuse(r, 'NXBAC_BAD_HEADER_TYPE', 'no header of this packet type can be put on')
    }
  },
  write: kind.write,
}

const encapBody: Codec<Encap> = {
  read: (r) => {
    const headerSize = r.u16()
    const header = headerName.read(r)
    const properties: EncapProperty[] = []
    while (r.remaining > 0) properties.push(property.read(r))
    return { headerSize, header, properties }
  },
  write: (w, { headerSize, header, properties }) => {
    w.u16(headerSize)
    headerName.write(w, header)
    for (const one of properties) property.write(w, one)
  },
}

const printProperty = (one: EncapProperty): string =>
  one.type === 'md_type'
    ? `md_type=${one.mdType}`
    : `tlv(0x${one.tlvClass.toString(16).padStart(4, '0')},${one.tlvType},0x${Buffer.from(one.value).toString('hex')})`

const parseProperty = (key: string, value: string): EncapProperty => {
  if (key === 'md_type') return { type: 'md_type', mdType: parseNumber(value, 2, key, 1) }
  if (key !== 'tlv') return badText(`encap has no property ${key}`)
  const [tlvClass = '', tlvType = '', data = ''] = value.split(',').map((part) => part.trim())
  const bytes = parseBytes(data.replace(/^0x/i, ''), 'tlv value')
  if (bytes.length > 124) badText(`a tlv value of ${bytes.length} bytes`)
  return {
    type: 'tlv',
    tlvClass: parseNumber(tlvClass, 0xffff, 'tlv class'),
    tlvType: parseNumber(tlvType, 0xff, 'tlv type'),
    value: bytes,
  }
}

const isHeader = (name: string): name is keyof typeof headers => Object.hasOwn(headers, name)

export const encap = action(
  [nx(46, variable(16), encapBody)],
  {
    names: ['encap'],
    syntax: [
      'encap(ethernet)',
      'encap(mpls)',
      'encap(mpls_mc)',
      'encap(nsh(md_type=type,tlv(class,type,hex),…))',
    ],
    print: ({ header, properties }) =>
      `encap(${header}${properties.length === 0 ? '' : `(${properties.map(printProperty).join(',')})`})`,
    parse: (argument) => {
      const [first, ...more] = keyValues(argument)
      if (first === undefined || more.length > 0) return badText('encap takes one header')
      if (!isHeader(first.key)) return badText(`encap cannot put on ${first.key}`)
      const found = keyValues(first.value)
      if (first.key !== 'nsh' && found.length > 0) badText(`${first.key} has no properties`)
      return {
        headerSize: 0,
        header: first.key,
        properties: found.map(({ key, value }) => parseProperty(key, value)),
      }
    },
  },
  'Puts a new outer header on the packet.',
)

/** The packet type that means: what the removed header says is inside. */
const useNextProtocol = 0xfffe

export const decap = action(
  [nx(47, 16, struct({ _pad: pad(2), packetType: u32 }))],
  {
    names: ['decap'],
    syntax: ['decap', 'decap(packet_type(ns=namespace,type=type))'],
    print: ({ packetType }) => {
      if (packetType === useNextProtocol) return 'decap()'
      return `decap(packet_type(ns=${packetType >>> 16},type=${printHex(packetType & 0xffff)}))`
    },
    parse: (argument) => {
      const [first, ...more] = keyValues(argument)
      if (first === undefined) return { packetType: useNextProtocol }
      const [namespace, type] = keyValues(first.value)
      if (first.key !== 'packet_type' || more.length > 0 || namespace?.key !== 'ns' || type?.key !== 'type') {
        return badText('decap takes packet_type(ns=…,type=…)')
      }
      const ns = parseNumber(namespace.value, 0xffff, 'ns')
      return { packetType: ns * 0x1_0000 + parseNumber(type.value, 0xffff, 'type') }
    },
  },
  'Takes the outer header off.',
)
