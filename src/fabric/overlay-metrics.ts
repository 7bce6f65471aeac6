/** What is counted of overlay networks, for Prometheus. */
import { Gauge, type Registry } from 'prom-client'

/** How much there is now. */
export interface OverlayFigures {
  readonly networks: number
  readonly endpoints: number
  readonly leases: { readonly leased: number; readonly resting: number }
  readonly blocks: number
}

export const addOverlayMetrics = (registry: Registry, figures: () => OverlayFigures): void => {
  const gauge = (name: string, help: string, value: (now: OverlayFigures) => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value(figures()))
      },
    })
  }
  gauge('heddle_networks', 'Overlay networks', ({ networks }) => networks)
  gauge('heddle_endpoints', 'Endpoints of overlay networks', ({ endpoints }) => endpoints)
  gauge('heddle_leases', 'Addresses that endpoints have', ({ leases }) => leases.leased)
  gauge(
    'heddle_leases_resting',
    'Addresses that rest before they are given out again',
    ({ leases }) => leases.resting,
  )
  gauge('heddle_blocks', 'Parts of subnets that nodes have', ({ blocks }) => blocks)
}
