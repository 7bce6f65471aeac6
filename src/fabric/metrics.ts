/** What the controller counts and measures, for Prometheus. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { MappingFigures } from '#model/mapping-figures.js'
import type { SwitchPlan } from '#reconcile/plan.js'
import type { Outcome } from '#reconcile/switch-handle.js'
import type { Convergence } from './convergence.js'
import type { Fleet } from './fleet.js'
import { addMappingMetrics } from './mapping-metrics.js'
import { addOverlayMetrics, type OverlayFigures, type PacketFigures } from './overlay-metrics.js'

/** Seconds, from a flow on loopback to a whole switch programmed anew. */
const latencyBuckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]

export class Metrics {
  private readonly registry = new Registry()
  private readonly latency = new Histogram({
    name: 'heddle_reconcile_seconds',
    help: 'Time from sending a plan to a switch to its confirmation',
    buckets: latencyBuckets,
    registers: [this.registry],
  })
  private readonly plans = this.counter('heddle_plans_total', 'Plans sent to switches by outcome', [
    'outcome',
  ])
  private readonly flowMods = this.counter(
    'heddle_flow_mods_total',
    'Changes of flow entries sent, by type',
    ['type'],
  )
  private readonly portChanges = this.counter(
    'heddle_switch_transactions_total',
    'OVSDB changes of ports sent, by type',
    ['type'],
  )
  private readonly driftSeen = this.counter('heddle_drift_total', 'Changes of flow tables made by others', [
    'kind',
  ])
  private readonly refusals = this.counter('heddle_switches_refused_total', 'Switches that were not admitted')
  private readonly stored = this.counter(
    'heddle_northbound_transactions_total',
    'Northbound transactions by outcome',
    ['outcome'],
  )

  /** `mapping`: where a mapping system runs. */
  constructor(convergence: Convergence, fleet: Fleet, mapping?: () => MappingFigures) {
    if (mapping !== undefined) addMappingMetrics(this.registry, mapping)
    this.gauge('heddle_nodes', 'Nodes by state', ['state'], (set) => {
      const counts = { ready: 0, preparing: 0, offline: 0 }
      const { inventory } = convergence
      for (const name of inventory.names()) {
        const { state } = inventory.node(name)
        counts[state === 'unknown' ? 'offline' : state]++
      }
      for (const [state, count] of Object.entries(counts)) set(count, { state })
    })
    this.gauge('heddle_links', 'Links by state', ['state'], (set) => {
      for (const [state, count] of Object.entries(convergence.wireCounts)) set(count, { state })
    })
    this.gauge('heddle_flows', 'Flow entries on all connected switches', [], (set) => {
      let flows = 0
      for (const handle of convergence.inventory.handles.values()) flows += handle.book.size
      set(flows)
    })
    this.gauge('heddle_foreign_flows', 'Flow entries of others on our bridges', [], (set) => {
      let flows = 0
      for (const handle of convergence.inventory.handles.values()) flows += handle.book.foreign
      set(flows)
    })
    this.gauge('heddle_backlog', 'Marks that wait for the loop of their switch', [], (set) =>
      set(fleet.backlog),
    )
    this.gauge('process_resident_memory_bytes', 'Resident memory', [], (set) =>
      set(process.memoryUsage.rss()),
    )
  }

  /** Adds what there is of overlay networks. */
  watchOverlay(figures: () => OverlayFigures & PacketFigures): void {
    addOverlayMetrics(this.registry, figures)
  }

  planned(plan: SwitchPlan, outcome: Outcome, milliseconds: number): void {
    this.latency.observe(milliseconds / 1000)
    this.plans.inc({ outcome: outcome.state })
    for (const { type } of plan.changes) this.flowMods.inc({ type })
    if (plan.addPorts.length > 0) this.portChanges.inc({ type: 'add' }, plan.addPorts.length)
    if (plan.removePorts.length > 0) this.portChanges.inc({ type: 'remove' }, plan.removePorts.length)
  }

  drift(kind: 'repaired' | 'foreign'): void {
    this.driftSeen.inc({ kind })
  }

  refused(): void {
    this.refusals.inc()
  }

  committed(outcome: string): void {
    this.stored.inc({ outcome })
  }

  async expose(): Promise<{ contentType: string; body: string }> {
    return { contentType: this.registry.contentType, body: await this.registry.metrics() }
  }

  private counter<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] })
  }

  private gauge<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    collect: (set: (value: number, labels?: Partial<Record<L, string>>) => void) => void,
  ): void {
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      collect() {
        this.reset()
        collect((value, labels) => this.set(labels ?? {}, value))
      },
    })
  }
}
