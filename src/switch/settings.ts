/** How the controller wants every switch to be. */
export interface SwitchSettings {
  /** The integration bridge, `br-int`. */
  readonly bridge: string
  readonly tunnelPort: string
  /** UDP port of VXLAN. */
  readonly tunnelUdpPort: number
  /** Asked for first; `netdev` is taken where the switch cannot make it. */
  readonly datapathType: string
  /** Marks what belongs to this fabric. */
  readonly fabricId: string
}
