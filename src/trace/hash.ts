/** A hash of the packet's flow, the same in both directions: for choices that only have to stay the same. */
import { type PacketState, readField } from './state.js'

const pairs = [
  ['eth_src', 'eth_dst'],
  ['ip_src', 'ip_dst'],
  ['ipv6_src', 'ipv6_dst'],
  ['tcp_src', 'tcp_dst'],
  ['udp_src', 'udp_dst'],
] as const

/** FNV-1a over the sums of both sides. */
export const flowHash = (state: PacketState): number => {
  let hash = 0x811c_9dc5
  for (const [a, b] of pairs) {
    const sum = BigInt(readField(state, a)) + BigInt(readField(state, b))
    for (const char of sum.toString(16)) hash = Math.imul(hash ^ char.charCodeAt(0), 0x0100_0193) >>> 0
  }
  return hash
}
