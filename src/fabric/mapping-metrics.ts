/** What the mapping system counts, for Prometheus. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { MappingFigures } from '#model/mapping-figures.js'

type Labels = Readonly<Record<string, string>>
type Value = readonly [value: number, labels?: Labels]

interface Line {
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
  readonly values: (figures: MappingFigures) => readonly Value[]
}

const gauges: readonly Line[] = [
  {
    name: 'heddle_mappings',
    help: 'Mappings by origin',
    labels: ['origin'],
    values: ({ mappings }) => Object.entries(mappings).map(([origin, count]) => [count, { origin }]),
  },
  {
    name: 'heddle_mapping_sites',
    help: 'Sites of the mapping system, networks included',
    values: ({ sites }) => [[sites]],
  },
  {
    name: 'heddle_lisp_notices',
    help: 'Map-Notify messages that nobody has acknowledged yet',
    values: ({ notices }) => [[notices]],
  },
  {
    name: 'heddle_lisp_subscriptions',
    help: 'Subscriptions to mappings',
    values: ({ subscriptions }) => [[subscriptions]],
  },
  {
    name: 'heddle_map_cache_entries',
    help: 'Answers of mapping systems elsewhere that are kept',
    values: ({ cached }) => [[cached]],
  },
  {
    name: 'heddle_map_servers',
    help: 'Map-Servers elsewhere: 1 in the state in which each is',
    labels: ['server', 'state'],
    values: ({ mapServers }) => [...mapServers].map(([server, state]) => [1, { server, state }]),
  },
]

/** They count from when this controller became the leader. */
const counters: readonly Line[] = [
  {
    name: 'heddle_lisp_messages_total',
    help: 'LISP messages taken, by type',
    labels: ['type'],
    values: ({ requests, registers }) => [
      [requests, { type: 'map-request' }],
      [registers, { type: 'map-register' }],
    ],
  },
  {
    name: 'heddle_lisp_replies_total',
    help: 'Map-Replies sent',
    values: ({ replies }) => [[replies]],
  },
  {
    name: 'heddle_lisp_negatives_total',
    help: 'Negative records in Map-Replies',
    values: ({ negatives }) => [[negatives]],
  },
  {
    name: 'heddle_lisp_forwards_total',
    help: 'Map-Requests sent on to an ETR',
    values: ({ forwards }) => [[forwards]],
  },
  {
    name: 'heddle_lisp_refusals_total',
    help: 'LISP messages and records refused, by reason',
    labels: ['reason'],
    values: ({ refusals }) => [...refusals].map(([reason, count]) => [count, { reason }]),
  },
  {
    name: 'heddle_lisp_unsent_total',
    help: 'LISP datagrams that could not be sent',
    values: ({ unsent }) => [[unsent]],
  },
]

const namesOf = ({ labels = [] }: Line): string[] => [...labels]

/** Adds the metrics of a mapping system to a registry. */
export const addMappingMetrics = (registry: Registry, figures: () => MappingFigures): void => {
  for (const line of gauges) {
    const { name, help, values } = line
    new Gauge({
      name,
      help,
      labelNames: namesOf(line),
      registers: [registry],
      collect() {
        this.reset()
        for (const [value, labels = {}] of values(figures())) this.set(labels, value)
      },
    })
  }
  for (const line of counters) {
    const { name, help, values } = line
    new Counter({
      name,
      help,
      labelNames: namesOf(line),
      registers: [registry],
      collect() {
        this.reset()
        for (const [value, labels = {}] of values(figures())) this.inc(labels, value)
      },
    })
  }
}
