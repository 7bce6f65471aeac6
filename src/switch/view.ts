/** The replica of a switch read as the controller needs it: the integration bridge, its ports, its name. Pure. */
import { isIP } from 'node:net'
import type { ReplicaView } from '#ovsdb/replica.js'
import {
  type BridgeRow,
  bridge,
  type ControllerRow,
  controller,
  type InterfaceRow,
  ids,
  iface,
  type PortRow,
  port,
  type RootRow,
  root,
  type SwitchTable,
} from './tables.js'

export class SwitchView {
  constructor(
    private readonly replica: ReplicaView<SwitchTable>,
    private readonly bridgeName: string,
  ) {}

  get root(): RootRow | undefined {
    const [row] = this.replica.table(root).rows()
    return row
  }

  get systemId(): string | undefined {
    return this.root?.external_ids.get(ids.systemId)
  }

  get bridge(): BridgeRow | undefined {
    return this.replica.table(bridge).one('name', this.bridgeName)
  }

  get forwardsInUserSpace(): boolean {
    return this.bridge?.datapath_type === 'netdev'
  }

  /** Whether `ovs-vswitchd` has carried out all that was asked of it. */
  get settled(): boolean {
    const row = this.root
    return row !== undefined && row.cur_cfg >= row.next_cfg
  }

  controllers(): ControllerRow[] {
    const rows = this.replica.table(controller)
    return (this.bridge?.controller ?? []).flatMap((uuid) => rows.get(uuid) ?? [])
  }

  port(name: string): PortRow | undefined {
    return this.replica.table(port).one('name', name)
  }

  portRow(uuid: string): PortRow | undefined {
    return this.replica.table(port).get(uuid)
  }

  interface(name: string): InterfaceRow | undefined {
    return this.replica.table(iface).one('name', name)
  }

  interfaces(): Iterable<InterfaceRow> {
    return this.replica.table(iface).rows()
  }

  /** The name of the bridge that a port is on; absent for a row that nothing refers to. */
  bridgeOf({ _uuid }: PortRow): string | undefined {
    // Asked once for each port, so that an index of all ports would cost more than it saves.
    for (const { name, ports } of this.replica.table(bridge).rows()) if (ports.includes(_uuid)) return name
    return undefined
  }

  *ports(): Iterable<PortRow> {
    const rows = this.replica.table(port)
    for (const uuid of this.bridge?.ports ?? []) {
      const row = rows.get(uuid)
      if (row !== undefined) yield row
    }
  }

  /** The tunnel address that the operator has set. */
  get rloc(): string | undefined {
    const text = this.root?.external_ids.get(ids.rloc)
    return text !== undefined && isIP(text) !== 0 ? text : undefined
  }

  get underlayMtu(): number | undefined {
    const mtu = Number(this.root?.external_ids.get(ids.underlayMtu))
    return Number.isInteger(mtu) && mtu >= 576 && mtu <= 65_535 ? mtu : undefined
  }

  get ovsVersion(): string | undefined {
    return this.root?.ovs_version ?? undefined
  }
}
