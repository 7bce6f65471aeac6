/**
 * LISP messages and addresses judged by other projects: the tests of OpenDaylight, captures of tcpdump, FD.io VPP, pylisp
 * (`../shared/vectors/lisp`). Skipped where the folder with the vectors is not there.
 */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Address, address } from '#lisp/address.js'
import { parseAddress, printAddress } from '#lisp/address-text.js'
import { checkAuthentication, makeKey } from '#lisp/auth.js'
import { type DataHeader, dataHeader } from '#lisp/data-header.js'
import { eidOf } from '#lisp/eid.js'
import { LispError } from '#lisp/errors.js'
import { decodeMessage, encodeMessage, type Message } from '#lisp/messages.js'
import { actions, type MappingRecord, mappingRecord } from '#lisp/records.js'
import { decode, encode, rest } from '#wire/codec.js'
import { WireError } from '#wire/error.js'
import { struct } from '#wire/struct.js'

interface Vector {
  readonly name: string
  readonly kind: string
  readonly hex: string
  readonly expect?: 'reject' | 'ignore' | 'auth-failure'
  readonly auth?: { readonly key: string | null; readonly valid?: boolean }
  readonly decode_error?: string
  readonly incomplete_message?: true
  readonly auth_zeroed?: true
  readonly decoded?: Fields
  readonly expected?: { readonly expect?: string; readonly note?: string }
}
type Fields = Readonly<Record<string, unknown>>

const read = (name: string): readonly Vector[] => {
  const file = new URL(`../../../../shared/vectors/lisp/${name}.json`, import.meta.url)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
}
const odl = read('odl-control')
const vpp = read('vpp-pylisp')
const vectors = [...odl, ...read('tcpdump-captures'), ...vpp]
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
const hexOf = (data: Uint8Array): string => Buffer.from(data).toString('hex')

/** Neither a part of a message nor of the data plane. */
const isMessage = ({ kind }: Vector): boolean =>
  !['address', 'mapping-record', 'data-plane-header', 'ecm-header'].includes(kind)

/** The layout of VPP's register is tested before its key id and length are filled in. */
const filledIn = ({ hex, auth_zeroed }: Vector): string =>
  auth_zeroed === true ? `${hex.slice(0, 24)}00010014${hex.slice(32)}` : hex

/** Our value in the words of the vectors. */
const addressFields = (value: Address): Fields => {
  if (value.family === 'none') return { afi: 0 }
  if (value.family === 'instance-id')
    return {
      lcaf: 'instance-id',
      instanceId: value.iid,
      iidMaskLength: value.iidLength,
      address: addressFields(value.address),
    }
  if (value.family === 'source-dest')
    return {
      lcaf: 'source-dest-key',
      sourceMask: value.sourceLength,
      destMask: value.destLength,
      source: addressFields(value.source),
      dest: addressFields(value.dest),
    }
  if (value.family === 'service-path') return { lcaf: 'service-path', lcafType: 17 }
  return { address: printAddress(value) }
}

const recordFields = (record: MappingRecord): Fields => ({
  ttl: record.ttl,
  eidMaskLength: record.maskLength,
  // The vectors give unassigned actions as numbers.
  action: record.action.startsWith('unassigned') ? actions.indexOf(record.action) : record.action,
  authoritative: record.authoritative,
  mapVersion: record.mapVersion,
  eid: addressFields(record.eid),
  locators: record.locators.map((locator) => ({
    priority: locator.priority,
    weight: locator.weight,
    multicastPriority: locator.multicastPriority,
    multicastWeight: locator.multicastWeight,
    local: locator.flags.local,
    probe: locator.flags.probed,
    reachable: locator.flags.reachable,
    rloc: addressFields(locator.rloc),
  })),
})

const nonceOf = (nonce: bigint): string => nonce.toString(16).padStart(16, '0')

const noticeFields = (message: Extract<Message, { type: 'map-register' | 'map-notify' }>): Fields => ({
  nonce: nonceOf(message.nonce),
  keyId: message.authentication.keyId,
  algorithmId: message.authentication.algorithmId,
  authDataLength: message.authentication.data.length,
  authData: hexOf(message.authentication.data),
  records: message.records.map(recordFields),
  ...(message.xtr && {
    xtrId: message.xtr.xtrId.toString(16).padStart(32, '0'),
    siteId: nonceOf(message.xtr.siteId),
  }),
})

const messageFields = (message: Message): Fields => {
  switch (message.type) {
    case 'map-request': {
      const { flags } = message
      return {
        A: flags.authoritative,
        M: flags.mapReply,
        P: flags.probe,
        S: flags.smr,
        p: flags.pitr,
        s: flags.smrInvoked,
        L: flags.localXtr,
        D: flags.dontReply,
        nonce: nonceOf(message.nonce),
        sourceEid: addressFields(message.sourceEid),
        itrRlocs: message.itrRlocs.map(addressFields),
        records: message.records.map(({ eid, maskLength }) => ({
          eidMaskLength: maskLength,
          eid: addressFields(eid),
        })),
        ...(message.mapReply && { mapReplyRecord: recordFields(message.mapReply) }),
      }
    }
    case 'map-reply':
      return { nonce: nonceOf(message.nonce), records: message.records.map(recordFields) }
    case 'map-register': {
      const { flags } = message
      return {
        ...noticeFields(message),
        P: flags.proxyReply,
        S: flags.security,
        E: flags.eidNotify,
        T: flags.useTtl,
        a: flags.merge,
        m: flags.mobileNode,
        M: flags.wantNotify,
      }
    }
    case 'map-notify':
      return noticeFields(message)
    case 'encapsulated': {
      const { inner } = message
      return {
        innerSrc: printAddress(inner.source),
        innerDst: printAddress(inner.dest),
        innerSrcPort: inner.sourcePort,
        innerDstPort: inner.destPort,
        innerUdpLength: inner.payload.length + 8,
        message: messageFields(decodeMessage(inner.payload)),
      }
    }
    default:
      return {}
  }
}

/** What the vectors say of a header: the flags that are set, and what stands in the fields behind them. */
const dataFields = ({ nonce, versions, statusBits, instanceId, keyId }: DataHeader): Fields => {
  expect(keyId).toBe(0)
  const bitsShown = instanceId === undefined ? 8 : 2
  return {
    ...(nonce && { nonce: nonce.value.toString(16).padStart(6, '0'), N: true }),
    ...(nonce?.echo && { E: true }),
    ...(versions && { V: true, sourceMapVersion: versions.source, destMapVersion: versions.dest }),
    ...(statusBits !== undefined && { L: true, lsb: statusBits.toString(16).padStart(bitsShown, '0') }),
    ...(instanceId !== undefined && { I: true, instanceId }),
  }
}

const payloadField = (payload: Uint8Array): Fields =>
  payload.length === 0 ? {} : { payload: Buffer.from(payload).toString('latin1') }

describe.skipIf(vectors.length === 0)('LISP vectors', () => {
  it('are all there', () => expect(vectors).toHaveLength(36 + 11 + 35))

  it('are all of a kind that is read here', () => {
    expect([...new Set(vectors.map(({ kind }) => kind))].sort()).toMatchInlineSnapshot(`
      [
        "address",
        "data-plane-header",
        "ecm",
        "ecm-header",
        "map-notify",
        "map-register",
        "map-reply",
        "map-request",
        "mapping-record",
        "unknown",
      ]
    `)
  })

  const messages = vectors.filter(isMessage)
  const isRefused = (vector: Vector): boolean =>
    vector.expect === 'reject' || vector.incomplete_message === true || vector.decode_error !== undefined

  it.each(messages.filter((vector) => isRefused(vector) && vector.expect !== 'ignore'))(
    '$name is refused',
    ({ hex }) => {
      expect(() => decodeMessage(bytesOf(hex))).toThrow(LispError)
    },
  )

  it.each(messages.filter((vector) => vector.expect === 'ignore'))('$name is not read', ({ hex }) => {
    expect(() => decodeMessage(bytesOf(hex))).toThrow(expect.objectContaining({ code: 'unknown-type' }))
  })

  const accepted = messages.filter((vector) => !isRefused(vector) && vector.expect !== 'ignore')
  /** Checksums that were wrong when read are right when written. */
  const repaired = (message: Message): Message =>
    message.type === 'encapsulated'
      ? { ...message, inner: { ...message.inner, checksums: 'right' } }
      : message

  it.each(accepted)('$name is read as others read it, and written as we read it', (vector) => {
    const message = decodeMessage(bytesOf(filledIn(vector)))
    if (vector.decoded === undefined) expect(vector.auth_zeroed).toBe(true)
    else expect(vector.decoded).toMatchObject(messageFields(message))
    expect(decodeMessage(encodeMessage(message))).toEqual(repaired(message))
  })

  it.each(vectors.filter((vector) => vector.auth_zeroed === true))('$name has one record', (vector) => {
    const message = decodeMessage(bytesOf(filledIn(vector)))
    const { flags, records } = message.type === 'map-register' ? message : expect.fail(message.type)
    expect(flags.wantNotify).toBe(true)
    expect(records.map(recordFields)).toMatchObject([
      {
        ttl: 86_400,
        eid: { address: '01:02:03:04:05:06' },
        locators: [{ priority: 2, weight: 1, local: true, rloc: { address: '102.119.136.153' } }],
      },
    ])
    expect(records.map(eidOf)).toMatchObject([{ iid: 0, length: 48 }])
  })

  const authenticated = odl.filter(({ auth }) => typeof auth?.key === 'string')
  it.each(authenticated)('$name is authentic or not', ({ hex, auth }) => {
    const outcome = checkAuthentication(bytesOf(hex), [makeKey(0, auth?.key ?? '')])
    expect(typeof outcome === 'string' ? outcome : 'authentic').toBe(auth?.valid ? 'authentic' : 'mismatch')
  })

  const addresses = vpp.filter(({ kind }) => kind === 'address')
  const isBad = ({ decode_error }: Vector): boolean => decode_error !== undefined
  it.each(addresses.filter(isBad))('$name is no address', ({ hex }) => {
    expect(() => decode(address, bytesOf(hex))).toThrow(WireError)
  })

  it.each(addresses.filter((vector) => !isBad(vector)))('$name is an address', ({ hex, decoded }) => {
    const value = decode(address, bytesOf(hex))
    expect(decoded).toMatchObject(addressFields(value))
    expect(hexOf(encode(address, value))).toBe(hex)
    expect(parseAddress(printAddress(value))).toEqual(value)
  })

  it.each(vpp.filter(({ kind }) => kind === 'mapping-record'))('$name is a record', ({ hex, decoded }) => {
    const record = decode(mappingRecord, bytesOf(hex))
    expect(decoded).toMatchObject(recordFields(record))
    expect(hexOf(encode(mappingRecord, record))).toBe(hex)
  })

  it.each(vpp.filter(({ kind }) => kind === 'data-plane-header'))('$name is a data header', (vector) => {
    const { hex, expected } = vector
    const packet = struct({ header: dataHeader, payload: rest })
    const value = decode(packet, bytesOf(hex))
    expect({ ...dataFields(value.header), ...payloadField(value.payload) }).toEqual(expected)
    expect(hexOf(encode(packet, value))).toBe(hex)
  })

  it.each(vpp.filter(({ kind }) => kind === 'ecm-header'))(
    '$name is the beginning of a message',
    ({ hex }) => {
      const payload = new Uint8Array(900)
      const whole = Buffer.concat([bytesOf(hex), payload])
      const message = decodeMessage(whole)
      const { source, dest, sourcePort, destPort, ttl } =
        message.type === 'encapsulated' ? message.inner : expect.fail(message.type)
      expect([printAddress(source), sourcePort]).toEqual(['212.195.178.161', 21])
      expect([printAddress(dest), destPort]).toEqual(['99.114.129.144', 20])
      expect(ttl).toBe(255)
    },
  )
})
