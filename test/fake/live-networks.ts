/** The real networks of the fabric on a store in memory, with switches that the test speaks for. */
import type { CacheEntryView } from '#api/networks.js'
import type { Clock } from '#link/clock.js'
import type { Endpoint } from '#model/endpoint.js'
import { FabricError } from '#model/error.js'
import { Intent } from '../../src/fabric/intent.js'
import type { NewEvent } from '../../src/fabric/journal.js'
import { LiveNetworks } from '../../src/fabric/networks.js'
import { OverlayIntent } from '../../src/fabric/overlay-intent.js'
import type { SwitchSide } from '../../src/fabric/switch-side.js'
import { VniLedger } from '../../src/fabric/vni-ledger.js'
import { MemoryStore } from './memory-store.js'

/** Switches: every endpoint is up as soon as its node is ready. */
export class FakeSwitches implements SwitchSide {
  readonly ready = new Set(['n1', 'n2'])
  mtu: number | undefined = 1450
  cache: readonly CacheEntryView[] = []
  /** What was waited for last, in milliseconds. */
  waited: number | undefined

  statusOf({ node, interface: name }: Endpoint) {
    if (this.ready.has(node)) return { state: 'up' } as const
    const reason = {
      code: 'node-unknown',
      node,
      interface: name,
      message: `no node ${node} has joined`,
    } as const
    return { state: 'pending', reasons: [reason] } as const
  }

  async whenReady(_serials: readonly number[], waitMs: number): Promise<void> {
    this.waited = waitMs
  }

  async whenGone(_endpoint: Endpoint, waitMs: number): Promise<void> {
    this.waited = waitMs
  }

  overlayMtu(): number | undefined {
    return this.mtu
  }

  async mapCache(node: string): Promise<readonly CacheEntryView[]> {
    if (node === 'offline') throw new FabricError('node-offline', `node ${node} is not connected`)
    return this.cache
  }

  datapathType(node: string): string | undefined {
    return this.ready.has(node) ? 'netdev' : undefined
  }

  knowsNode(name: string): boolean {
    return this.ready.has(name) || name === 'offline'
  }
}

export interface NetworksStage {
  readonly networks: LiveNetworks
  readonly overlay: OverlayIntent
  readonly store: MemoryStore
  readonly switches: FakeSwitches
  readonly intent: Intent
  readonly events: NewEvent[]
  readonly vnis: VniLedger
}

export const stageNetworks = (clock: Clock, store = new MemoryStore()): NetworksStage => {
  const [overlay, intent, switches] = [new OverlayIntent(), new Intent(), new FakeSwitches()]
  const events: NewEvent[] = []
  store.onChange(({ wires }) => intent.apply(wires))
  const vni = { min: 100, max: 199, quarantineSeconds: 300 }
  const vnis = new VniLedger({ store, intent, overlay, clock, vni })
  const networks = new LiveNetworks({
    store,
    overlay,
    vnis,
    clock,
    switches,
    quarantineSeconds: 60,
    linkAt: (node, name) => intent.claim(node, name)?.name,
    linkWithVni: (one) => intent.withVni(one)?.name,
    commit: (batch) => store.commit(batch),
    tell: (event) => events.push(event),
  })
  intent.apply([...store.wires()].map((wire) => ({ new: wire })))
  networks.load()
  vnis.resume()
  return { networks, overlay, store, switches, intent, events, vnis }
}
