/** What endpoints of an overlay network send, as bytes. */

import { type Envelope, writeIpFrame, writeUdpFrame } from '#answers/frame.js'
import { writeIcmpFrame } from '#answers/icmp.js'
import type { Ip } from '#model/cidr.js'
import { hexBytes } from './frames.js'

const hexOf = (value: number | bigint, size: number): string => value.toString(16).padStart(size * 2, '0')

export interface ArpFacts {
  readonly mac: number
  readonly from: bigint
  readonly asks: bigint
  /** Sender's hardware address, where it is not the sender's. */
  readonly sha?: number
  readonly op?: number
}

export const arpFrame = ({ mac, from, asks, sha = mac, op = 1 }: ArpFacts): Uint8Array =>
  hexBytes(
    `ffffffffffff ${hexOf(mac, 6)} 0806 0001 0800 06 04 ${hexOf(op, 2)} ${hexOf(sha, 6)} ${hexOf(from, 4)} 000000000000 ${hexOf(asks, 4)}`,
  )

export interface DiscoveryFacts {
  readonly mac: number
  readonly from: bigint
  readonly asks: bigint
  /** Source link-layer address option; undefined: none. */
  readonly option?: number
  readonly type?: number
}

/** A neighbour solicitation to the target's solicited-node group. */
export const discoveryFrame = ({ mac, from, asks, option, type = 135 }: DiscoveryFacts): Uint8Array => {
  const group = (0xff02n << 112n) | 0x1_ff00_0000n | (asks & 0xff_ffffn)
  const envelope: Envelope = {
    sourceMac: mac,
    destinationMac: 0x3333_0000_0000 + Number(group & 0xffff_ffffn),
    source: { family: 6, value: from },
    destination: { family: 6, value: group },
  }
  const body = hexBytes(
    `00000000 ${hexOf(asks, 16)} ${option === undefined ? '' : `0101 ${hexOf(option, 6)}`}`,
  )
  return writeIcmpFrame(envelope, { type, code: 0, body }, { ttl: 255 })
}

export const echoFrame = (envelope: Envelope, ttl = 64, size = 8): Uint8Array =>
  writeIcmpFrame(
    envelope,
    { type: envelope.source.family === 4 ? 8 : 128, code: 0, body: new Uint8Array(size).fill(0x61) },
    { ttl },
  )

export const udpFrame = (envelope: Envelope, from = 1000, to = 2000): Uint8Array =>
  writeUdpFrame(envelope, { source: from, destination: to }, new Uint8Array(Buffer.from('hello')))

/** A packet with a TTL of choice. */
export const ttlFrame = (envelope: Envelope, ttl: number): Uint8Array =>
  writeIpFrame(envelope, { protocol: 253, ttl }, new Uint8Array(8))

export const ip = (family: 4 | 6, value: bigint): Ip => ({ family, value })
