/** The words that stand for a protocol in a match, as `tcp6`: ovs-fields(7), "Shorthands". */
import { ethertypes, protocols } from './prerequisites.js'

export interface Shorthand {
  readonly ethertype: number
  readonly protocol?: number
}

const { ip, ipv6, arp, rarp, mpls, mplsMulticast } = ethertypes
const { icmp, icmpv6, tcp, udp, sctp } = protocols

/** Of two words for the same thing the first is printed. */
const shorthands: Readonly<Record<string, Shorthand>> = {
  ip: { ethertype: ip },
  ipv4: { ethertype: ip },
  ip4: { ethertype: ip },
  icmp: { ethertype: ip, protocol: icmp },
  tcp: { ethertype: ip, protocol: tcp },
  udp: { ethertype: ip, protocol: udp },
  sctp: { ethertype: ip, protocol: sctp },
  ipv6: { ethertype: ipv6 },
  ip6: { ethertype: ipv6 },
  icmp6: { ethertype: ipv6, protocol: icmpv6 },
  tcp6: { ethertype: ipv6, protocol: tcp },
  udp6: { ethertype: ipv6, protocol: udp },
  sctp6: { ethertype: ipv6, protocol: sctp },
  arp: { ethertype: arp },
  rarp: { ethertype: rarp },
  mpls: { ethertype: mpls },
  mplsm: { ethertype: mplsMulticast },
}

const byWord = new Map(Object.entries(shorthands))

/** What `word` stands for. */
export const shorthandOf = (word: string): Shorthand | undefined => byWord.get(word)

/** The word for an Ethertype and, where it has one, a protocol with it. */
export const wordFor = (
  ethertype: number,
  protocol: number | undefined,
): { readonly word: string; readonly withProtocol: boolean } | undefined => {
  const find = (wanted: number | undefined): string | undefined =>
    Object.keys(shorthands).find((word) => {
      const shorthand = shorthands[word]
      return shorthand?.ethertype === ethertype && shorthand.protocol === wanted
    })
  const both = protocol === undefined ? undefined : find(protocol)
  if (both !== undefined) return { word: both, withProtocol: true }
  const word = find(undefined)
  return word === undefined ? undefined : { word, withProtocol: false }
}
