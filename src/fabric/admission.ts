/**
 * Whether wires may be stored: what a request states is checked against the intent before it is sent to the database, so that
 * the answer names the owner of what is taken. The database's own indexes remain the guard against races.
 */
import { tunnelMtu } from '#compile/status.js'
import { FabricError } from '#model/error.js'
import type { Inventory } from '#model/facts.js'
import { endNames, type Wire, type WireEnd, type WireSpec } from '#model/wire.js'
import type { Intent } from './intent.js'
import type { OverlayIntent } from './overlay-intent.js'
import type { VniLedger } from './vni-ledger.js'

/** A wire as it would be, and where the request states it: '' or 'links[3].'. */
export interface Draft {
  readonly spec: WireSpec
  readonly at: string
  /** Of the wire that it changes; absent for a new one. */
  readonly serial?: number
}

export interface Ground {
  readonly intent: Intent
  /** Networks and endpoints have VNIs and interfaces too. */
  readonly overlay: Pick<OverlayIntent, 'endpointAt' | 'withVni'>
  readonly inventory: Inventory
  readonly vnis: Pick<VniLedger, 'checkFree'>
}

/** Throws the first thing that is wrong with `drafts`, of which those in `leaving` make room. */
export const admit = (drafts: readonly Draft[], leaving: ReadonlySet<number>, ground: Ground): void => {
  const replaced = new Set([...leaving, ...drafts.flatMap(({ serial }) => serial ?? [])])
  const seen = new Seen()
  for (const draft of drafts) {
    checkShape(draft)
    seen.add(draft)
    checkOwners(draft, replaced, ground.intent)
    checkOverlay(draft, ground.overlay)
    checkVni(draft, ground)
    checkMtu(draft, ground.inventory)
  }
}

const checkShape = ({ spec, at }: Draft): void => {
  if (spec.a.node === spec.b.node && spec.a.interface === spec.b.interface) {
    throw new FabricError('same-interface', `both ends of ${spec.name} are ${describe(spec.a)}`, {
      field: `${at}b.interface`,
    })
  }
}

const describe = (end: WireEnd): string => `interface ${end.interface} of node ${end.node}`

/** Collisions inside one request. */
class Seen {
  private readonly taken = new Map<string, string>()

  add({ spec, at }: Draft): void {
    this.claim('name-taken', `name ${spec.name}`, `${at}name`, spec.name)
    for (const end of endNames)
      this.claim('interface-taken', describe(spec[end]), `${at}${end}.interface`, spec.name)
    if (spec.vni !== undefined) this.claim('vni-taken', `VNI ${spec.vni}`, `${at}vni`, spec.name)
  }

  private claim(
    code: 'name-taken' | 'interface-taken' | 'vni-taken',
    what: string,
    field: string,
    by: string,
  ): void {
    const owner = this.taken.get(what)
    if (owner !== undefined)
      throw new FabricError(code, `${what} is stated twice`, { field, owner: `link ${owner}` })
    this.taken.set(what, by)
  }
}

/** Collisions with wires that stay. */
const checkOwners = ({ spec, at }: Draft, replaced: ReadonlySet<number>, intent: Intent): void => {
  const refuse = (
    code: 'name-taken' | 'interface-taken' | 'vni-taken',
    what: string,
    field: string,
    wire: Wire | undefined,
  ): void => {
    if (wire === undefined || replaced.has(wire.serial)) return
    const via = wire.topology === undefined ? '' : ` of topology ${wire.topology}`
    throw new FabricError(code, `${what} belongs to link ${wire.name}${via}`, {
      field: `${at}${field}`,
      owner: `link ${wire.name}`,
    })
  }
  refuse('name-taken', `name ${spec.name}`, 'name', intent.named(spec.name))
  for (const end of endNames) {
    const { node, interface: name } = spec[end]
    refuse('interface-taken', describe(spec[end]), `${end}.interface`, intent.claim(node, name))
  }
  if (spec.vni !== undefined) refuse('vni-taken', `VNI ${spec.vni}`, 'vni', intent.withVni(spec.vni))
}

/** Collisions with networks and endpoints. */
const checkOverlay = ({ spec, at }: Draft, overlay: Ground['overlay']): void => {
  for (const end of endNames) {
    const endpoint = overlay.endpointAt(spec[end].node, spec[end].interface)
    if (endpoint === undefined) continue
    throw new FabricError('interface-taken', `${describe(spec[end])} belongs to endpoint ${endpoint.id}`, {
      field: `${at}${end}.interface`,
      owner: `endpoint ${endpoint.id}`,
    })
  }
  const network = spec.vni === undefined ? undefined : overlay.withVni(spec.vni)
  if (network === undefined) return
  throw new FabricError('vni-taken', `VNI ${spec.vni} belongs to network ${network.name}`, {
    field: `${at}vni`,
    owner: `network ${network.name}`,
  })
}

const checkVni = ({ spec, at, serial }: Draft, { intent, vnis }: Ground): void => {
  const { vni } = spec
  if (vni === undefined || (serial !== undefined && intent.withSerial(serial)?.vni === vni)) return
  vnis.checkFree(vni, `${at}vni`)
}

/** Where both nodes are known; elsewhere the wire is pending until it is clear. */
const checkMtu = ({ spec, at }: Draft, inventory: Inventory): void => {
  if (spec.mtu === undefined || spec.a.node === spec.b.node) return
  const room = tunnelMtu(inventory.node(spec.a.node), inventory.node(spec.b.node))
  if (room !== undefined && spec.mtu > room) {
    throw new FabricError(
      'mtu-too-large',
      `an MTU of ${spec.mtu} is above the ${room} that the underlay between ${spec.a.node} and ${spec.b.node} carries`,
      { field: `${at}mtu` },
    )
  }
}
