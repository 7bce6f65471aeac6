/** The wires of the fake fabric: names, VNIs and interfaces are unique, and whoever has them is named. */
import type { Request } from '#api/fabric.js'
import { FabricError } from '#model/error.js'
import type { FlowView } from '#model/node.js'
import { endNames, type Wire, type WireEnd, type WireSpec } from '#model/wire.js'

export class FakeWires {
  readonly #wires = new Map<string, Wire>()
  readonly #interfaces = new Map<string, string>()
  readonly #vnis = new Map<number, string>()
  #serial = 0
  #vni = 4096

  get size(): number {
    return this.#wires.size
  }

  all(): Iterable<Wire> {
    return this.#wires.values()
  }

  get(name: string): Wire {
    const wire = this.#wires.get(name)
    if (wire === undefined) throw new FabricError('not-found', `there is no link ${name}`)
    return wire
  }

  has(name: string): boolean {
    return this.#wires.has(name)
  }

  at(node: string): readonly Wire[] {
    return [...this.#wires.values()].filter((wire) => wire.a.node === node || wire.b.node === node)
  }

  of(topology: string): readonly Wire[] {
    return [...this.#wires.values()].filter((wire) => wire.topology === topology)
  }

  add(spec: WireSpec, { provenance }: Request, topology?: string): void {
    if (this.#wires.has(spec.name)) throw taken('name-taken', 'the name', spec.name, 'name')
    for (const end of endNames) {
      const owner = this.#interfaces.get(keyOf(spec[end]))
      if (owner !== undefined) throw taken('interface-taken', spec[end].interface, owner, `${end}.interface`)
    }
    const owner = spec.vni === undefined ? undefined : this.#vnis.get(spec.vni)
    if (owner !== undefined) throw taken('vni-taken', `VNI ${spec.vni}`, owner, 'vni')
    const { mtu, rateMbps, ...rest } = spec
    const wire: Wire = {
      ...rest,
      ...(mtu === undefined ? {} : { mtu }),
      ...(rateMbps === undefined ? {} : { rateMbps }),
      vni: spec.vni ?? this.#vni++,
      serial: ++this.#serial,
      ...(topology === undefined ? {} : { topology }),
      provenance,
    }
    this.#wires.set(wire.name, wire)
    this.#vnis.set(wire.vni, wire.name)
    for (const end of endNames) this.#interfaces.set(keyOf(wire[end]), wire.name)
  }

  remove(wire: Wire): void {
    this.#wires.delete(wire.name)
    this.#vnis.delete(wire.vni)
    for (const end of endNames) this.#interfaces.delete(keyOf(wire[end]))
  }
}

const keyOf = (end: WireEnd): string => `${end.node}/${end.interface}`

const taken = (
  code: 'name-taken' | 'vni-taken' | 'interface-taken',
  what: string,
  link: string,
  field: string,
): FabricError => new FabricError(code, `${what} belongs to link ${link}`, { owner: `link ${link}`, field })

export const changedFields = (before: Wire | undefined, after: WireSpec): readonly string[] =>
  (['a', 'b', 'vni', 'mtu', 'rateMbps'] as const).filter(
    (field) => after[field] !== undefined && JSON.stringify(before?.[field]) !== JSON.stringify(after[field]),
  )

export const flowOf = ({ serial, name, provenance }: Wire): FlowView => {
  const cookie = `0x${serial.toString(16).padStart(16, '0')}`
  const { requestId, by, at } = provenance
  return {
    table: 'classify',
    priority: 200,
    cookie,
    match: `in_port=${serial}`,
    actions: 'output:1',
    text: ` cookie=${cookie}, duration=1.5s, table=0, n_packets=7, n_bytes=686, priority=200,in_port=${serial} actions=output:1`,
    packets: '7',
    bytes: '686',
    durationSeconds: 1.5,
    origin: { kind: 'link', name, requestId, by, at: new Date(at).toISOString() },
  }
}

export const foreignFlow: FlowView = {
  table: 'classify',
  priority: 0,
  cookie: '0x0000000000000000',
  match: '',
  actions: 'drop',
  text: ' cookie=0x0, duration=9s, table=0, n_packets=0, n_bytes=0, priority=0 actions=drop',
  packets: '0',
  bytes: '0',
  durationSeconds: 9,
}
