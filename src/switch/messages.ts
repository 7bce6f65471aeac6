/** Plans as OpenFlow messages and OVSDB operations. Pure. */
import type { HoldWish, MeterWish, PortWish } from '#compile/desired.js'
import { printMac } from '#model/mac.js'
import { flowModOf } from '#openflow/messages/flows.js'
import type { Message, MessageOf } from '#openflow/messages.js'
import { insert, mutate, type Operation, update } from '#ovsdb/operations.js'
import { port as ovsPort } from '#ovsdb/schemas/open-vswitch.js'
import { keyParts } from '#reconcile/flow-book.js'
import type { Change } from '#reconcile/plan.js'
import type { InstalledPort } from './of-ports.js'
import { bridge, type InterfaceRow, ids, iface, owners } from './tables.js'
import type { SwitchView } from './view.js'

const messageOf = (change: Change): Message => {
  switch (change.type) {
    case 'add':
      return flowModOf('add', change.flow)
    case 'modify':
      return flowModOf('modify_strict', change.flow)
    case 'delete':
      return flowModOf(
        'delete_strict',
        { ...keyParts(change.key), cookie: change.cookie, actions: [] },
        // Whoever has put a flow of the same key in its place keeps it.
        { cookieMask: 0xffff_ffff_ffff_ffffn },
      )
  }
}

/** The messages of a bundle, one for each change. */
export const bundleOf = (changes: readonly Change[]): readonly Message[] => changes.map(messageOf)

/** Turns ports down and up again. A port that is gone needs nothing. */
export const portMods = (
  holds: readonly HoldWish[],
  portOf: (ofport: number) => InstalledPort | undefined,
): MessageOf<'port_mod'>[] =>
  holds.flatMap(({ ofport, held }) => {
    const there = portOf(ofport)
    if (there === undefined) return []
    const { hwAddr } = there
    return [
      {
        type: 'port_mod',
        portNo: ofport,
        hwAddr,
        config: held ? ['port_down'] : [],
        mask: ['port_down'],
        properties: [],
      },
    ]
  })

/** Sets meters: those that are there are changed, so that the flows that use them stay. */
export const meterMods = (
  wishes: readonly MeterWish[],
  there: ReadonlyMap<number, MeterWish>,
): MessageOf<'meter_mod'>[] =>
  wishes.map(({ meterId, rateKbps, burstKbits }) => ({
    type: 'meter_mod',
    command: there.has(meterId) ? 'modify' : 'add',
    flags: ['kbps', 'burst', 'stats'],
    meterId,
    bands: [{ type: 'drop', rate: rateKbps, burstSize: burstKbits }],
  }))

export const meterRemovals = (meterIds: readonly number[]): MessageOf<'meter_mod'>[] =>
  meterIds.map((meterId) => ({ type: 'meter_mod', command: 'delete', flags: [], meterId, bands: [] }))

/** A meter that the switch reports, where it is of the kind that we make. */
export const meterWishOf = ({
  meterId,
  bands,
}: MessageOf<'meter_desc_reply'>['items'][number]): MeterWish => {
  const [band] = bands
  return band?.type === 'drop'
    ? { meterId, rateKbps: band.rate, burstKbits: band.burstSize }
    : { meterId, rateKbps: 0, burstKbits: 0 }
}

/** What a device has to be; one that the switch makes itself needs a type and an address. */
const deviceColumns = ({ internalMac }: PortWish) =>
  internalMac === undefined ? {} : { type: 'internal', mac: printMac(internalMac) }

/** Changes the device of a port of ours that is there. */
const changeDevice = (device: InterfaceRow, wish: PortWish): Operation =>
  update(iface, [['_uuid', '==', device._uuid]], {
    mtu_request: wish.mtu ?? null,
    ...(device.type === 'internal' && { type: '', mac: null }),
    ...deviceColumns(wish),
  })

/** Adds ports to the bridge, all of them in one transaction; those that are ours already become what is wanted. */
export const addPorts = (wishes: readonly PortWish[], view: SwitchView, bridgeUuid: string): Operation[] => {
  const operations: Operation[] = []
  const added: { readonly namedUuid: string }[] = []
  wishes.forEach((wish, index) => {
    const { name, mtu, internalMac } = wish
    const device = view.interface(name)
    if (device !== undefined) {
      operations.push(changeDevice(device, wish))
      return
    }
    const [deviceName, portName] = [`i${index}`, `p${index}`]
    const owner = internalMac === undefined ? owners.link : owners.endpoint
    operations.push(
      insert(
        iface,
        { name, ...(mtu !== undefined && { mtu_request: mtu }), ...deviceColumns(wish) },
        deviceName,
      ),
      insert(
        ovsPort,
        { name, interfaces: [{ namedUuid: deviceName }], external_ids: { [ids.owner]: owner } },
        portName,
      ),
    )
    added.push({ namedUuid: portName })
  })
  if (added.length > 0)
    operations.push(mutate(bridge, [['_uuid', '==', bridgeUuid]], [['ports', 'insert', added]]))
  return operations
}

/** Takes ports off the bridge; their rows go with the last reference. Only those of ours. */
export const removePorts = (names: readonly string[], view: SwitchView, bridgeUuid: string): Operation[] => {
  const rows = names.flatMap((name) => view.port(name) ?? []).filter((row) => row.external_ids.has(ids.owner))
  if (rows.length === 0) return []
  return [
    mutate(bridge, [['_uuid', '==', bridgeUuid]], [['ports', 'delete', rows.map(({ _uuid }) => _uuid)]]),
  ]
}
