/** How the controller wants every switch to be. */
export interface SwitchSettings {
  /** The integration bridge, `br-int`. */
  readonly bridge: string
  readonly tunnelPort: string
  /** UDP port of VXLAN. */
  readonly tunnelUdpPort: number
  /** The port that LISP routers are reached by; absent: nodes have none. */
  readonly gpe?: {
    readonly port: string
    /** UDP port of VXLAN-GPE. */
    readonly udpPort: number
  }
  /** Asked for first; `netdev` is taken where the switch cannot make it. */
  readonly datapathType: string
  /** Marks what belongs to this fabric. */
  readonly fabricId: string
}

/** What of the controller's settings the VXLAN-GPE port depends on. */
export interface GpeWish {
  readonly tunnel: {
    readonly gpe: 'auto' | 'always' | 'never'
    readonly gpePortName: string
    readonly gpeDstPort: number
  }
  readonly lisp: { readonly listen: readonly string[] }
  readonly mapping: { readonly resolvers: readonly unknown[]; readonly servers: readonly unknown[] }
}

const isLoopback = (address: string): boolean => address.startsWith('127.') || address.startsWith('[::1]')

/**
 * The VXLAN-GPE port that nodes get. A LISP router learns of our endpoints from a mapping system that it can reach: with none, nobody
 * would use the port.
 */
export const gpeSettings = ({ tunnel, lisp, mapping }: GpeWish): Pick<SwitchSettings, 'gpe'> => {
  const reached = !lisp.listen.every(isLoopback) || mapping.resolvers.length + mapping.servers.length > 0
  const wanted = tunnel.gpe === 'auto' ? reached : tunnel.gpe === 'always'
  return wanted ? { gpe: { port: tunnel.gpePortName, udpPort: tunnel.gpeDstPort } } : {}
}
