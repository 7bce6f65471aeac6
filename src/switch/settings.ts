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
