/** What is counted of overlay networks, for Prometheus. */
import { Counter, Gauge, type Registry } from 'prom-client'

/** How much there is now. */
export interface OverlayFigures {
  readonly networks: number
  readonly endpoints: number
  readonly leases: { readonly leased: number; readonly resting: number }
  readonly blocks: number
}

/** Packets that switches send to the controller. */
export interface PacketFigures {
  /** How many have come, by reason. */
  readonly packets: Readonly<Record<string, number>>
  /** Packets that wait for an answer, and those for which there was no room. */
  readonly waiting: number
  readonly dropped: number
  /** EIDs that nodes have asked about and hold. */
  readonly resolved: number
}

type Figures = OverlayFigures & PacketFigures

const gauges: readonly (readonly [name: string, help: string, value: (now: Figures) => number])[] = [
  ['heddle_networks', 'Overlay networks', ({ networks }) => networks],
  ['heddle_endpoints', 'Endpoints of overlay networks', ({ endpoints }) => endpoints],
  ['heddle_leases', 'Addresses that endpoints have', ({ leases }) => leases.leased],
  [
    'heddle_leases_resting',
    'Addresses that rest before they are given out again',
    ({ leases }) => leases.resting,
  ],
  ['heddle_blocks', 'Parts of subnets that nodes have', ({ blocks }) => blocks],
  ['heddle_resolved_eids', 'EIDs that nodes have asked about and hold', ({ resolved }) => resolved],
  ['heddle_packets_waiting', 'Packets that wait in switches for their EID', ({ waiting }) => waiting],
]

export const addOverlayMetrics = (registry: Registry, figures: () => Figures): void => {
  const registers = [registry]
  for (const [name, help, value] of gauges)
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value(figures()))
      },
    })
  new Counter({
    name: 'heddle_packets_to_controller_total',
    help: 'Packets of endpoints that came to the controller, by reason',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset()
      for (const [reason, count] of Object.entries(figures().packets)) this.inc({ reason }, count)
    },
  })
  new Counter({
    name: 'heddle_packets_dropped_total',
    help: 'Packets to unknown EIDs for which there was no room to wait',
    registers,
    collect() {
      this.reset()
      this.inc(figures().dropped)
    },
  })
}
