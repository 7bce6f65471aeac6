/** Why a packet was not carried on, as its sender is told: RFC 792, RFC 4443. What the numbers are in each family is `src/answers`' business. */

/** One line for each error; the number is how a switch's register holds it. */
export const icmpErrors = {
  /** Its time to live was over. */
  'time-exceeded': 1,
  /** No way to the destination's network. */
  'network-unreachable': 2,
  /** Nobody has the address. */
  'host-unreachable': 3,
  /** The gateway does not serve what was asked of it. */
  'port-unreachable': 4,
  /** The network is isolated. */
  prohibited: 5,
  /** Larger than the way carries. */
  'too-big': 6,
} as const

export type IcmpError = keyof typeof icmpErrors
