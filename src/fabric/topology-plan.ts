/** What applying a topology changes, wire by wire. Pure. */
import type { TopologyPlan, TopologySpec } from '#model/topology.js'
import { endNames, type Wire, type WireSpec } from '#model/wire.js'

/** Names of what differs between a wire and what is stated of it; a VNI that is not stated stays as it is. */
export const changedFields = (wire: Wire, spec: WireSpec): string[] => {
  const fields: string[] = endNames.filter(
    (end) => wire[end].node !== spec[end].node || wire[end].interface !== spec[end].interface,
  )
  if (spec.vni !== undefined && spec.vni !== wire.vni) fields.push('vni')
  if (spec.mtu !== wire.mtu) fields.push('mtu')
  if (spec.rateMbps !== wire.rateMbps) fields.push('rateMbps')
  return fields
}

/** The wires that come, change and go when `spec` replaces what the topology holds. */
export interface TopologyDifference {
  readonly add: readonly { readonly spec: WireSpec; readonly index: number }[]
  readonly change: readonly {
    readonly wire: Wire
    readonly spec: WireSpec
    readonly index: number
    readonly fields: readonly string[]
  }[]
  readonly remove: readonly Wire[]
  readonly keep: number
}

export const topologyDifference = (
  present: ReadonlyMap<string, Wire>,
  spec: TopologySpec,
): TopologyDifference => {
  const add: TopologyDifference['add'][number][] = []
  const change: TopologyDifference['change'][number][] = []
  const stated = new Set<string>()
  let keep = 0
  spec.links.forEach((link, index) => {
    stated.add(link.name)
    const wire = present.get(link.name)
    if (wire === undefined) {
      add.push({ spec: link, index })
      return
    }
    const fields = changedFields(wire, link)
    if (fields.length === 0) keep++
    else change.push({ wire, spec: link, index, fields })
  })
  return { add, change, remove: [...present.values()].filter(({ name }) => !stated.has(name)), keep }
}

/** The same in words. */
export const describeDifference = ({ add, change, remove, keep }: TopologyDifference): TopologyPlan => ({
  add: add.map(({ spec }) => spec.name),
  change: change.map(({ wire, fields }) => ({ name: wire.name, fields })),
  remove: remove.map(({ name }) => name),
  keep,
})
