/** Intent in memory: wires by every key that a change asks for, so that no change scans them all. */
import type { Wire } from '#model/wire.js'
import { endNames } from '#model/wire.js'
import type { Changed } from '#store/store.js'

export class Intent {
  private readonly byName = new Map<string, Wire>()
  private readonly bySerial = new Map<number, Wire>()
  private readonly byVni = new Map<number, Wire>()
  /** node to interface to the wire that claims it */
  private readonly claims = new Map<string, Map<string, Wire>>()
  private readonly byTopology = new Map<string, Map<string, Wire>>()

  get size(): number {
    return this.byName.size
  }

  wires(): Iterable<Wire> {
    return this.byName.values()
  }

  named(name: string): Wire | undefined {
    return this.byName.get(name)
  }

  withSerial(serial: number): Wire | undefined {
    return this.bySerial.get(serial)
  }

  withVni(vni: number): Wire | undefined {
    return this.byVni.get(vni)
  }

  /** The wire that an interface of a node belongs to. */
  claim(node: string, name: string): Wire | undefined {
    return this.claims.get(node)?.get(name)
  }

  /** Interfaces of a node that wires claim, with their wires. */
  claimsAt(node: string): ReadonlyMap<string, Wire> {
    return this.claims.get(node) ?? new Map()
  }

  /** Wires with an end at `node`, each once. */
  wiresAt(node: string): ReadonlySet<Wire> {
    return new Set(this.claimsAt(node).values())
  }

  /** Nodes that wires name. */
  nodes(): Iterable<string> {
    return this.claims.keys()
  }

  inTopology(name: string): ReadonlyMap<string, Wire> {
    return this.byTopology.get(name) ?? new Map()
  }

  /** One transaction's changes. Old ones go first: names and interfaces may pass from one wire to another. */
  apply(changes: readonly Changed<Wire>[]): void {
    for (const { old } of changes) if (old !== undefined) this.remove(old)
    for (const { new: wire } of changes) if (wire !== undefined) this.add(wire)
  }

  private add(wire: Wire): void {
    this.byName.set(wire.name, wire)
    this.bySerial.set(wire.serial, wire)
    this.byVni.set(wire.vni, wire)
    for (const end of endNames) nested(this.claims, wire[end].node).set(wire[end].interface, wire)
    if (wire.topology !== undefined) nested(this.byTopology, wire.topology).set(wire.name, wire)
  }

  private remove(wire: Wire): void {
    this.byName.delete(wire.name)
    this.bySerial.delete(wire.serial)
    this.byVni.delete(wire.vni)
    for (const end of endNames) prune(this.claims, wire[end].node, wire[end].interface)
    if (wire.topology !== undefined) prune(this.byTopology, wire.topology, wire.name)
  }
}

const nested = <V>(outer: Map<string, Map<string, V>>, key: string): Map<string, V> => {
  let inner = outer.get(key)
  if (inner === undefined) {
    inner = new Map()
    outer.set(key, inner)
  }
  return inner
}

const prune = <V>(outer: Map<string, Map<string, V>>, key: string, innerKey: string): void => {
  const inner = outer.get(key)
  inner?.delete(innerKey)
  if (inner?.size === 0) outer.delete(key)
}
