/**
 * A real switch of an overlay network without the controller: the bridge with its tunnel ports, the compiler's flows and meters on
 * it, and the least of a controller that its packet-ins need: entries for misses, answers for the rest.
 */
import { type CacheEntry, compileCacheEntry } from '#compile/cache.js'
import type { Desired } from '#compile/desired.js'
import { type PacketReason, readPacketReason } from '#compile/packet-reason.js'
import type { LabNode } from '#lab/node.js'
import { systemClock } from '#link/clock.js'
import type { Listener } from '#link/listen.js'
import { systemRandom } from '#link/random.js'
import type { Inventory } from '#model/facts.js'
import { output, reservedPorts } from '#openflow/actions.js'
import type { Channel, EventMessage } from '#openflow/channel.js'
import type { Flow } from '#openflow/flow.js'
import { listenForSwitches } from '#openflow/listen.js'
import { flowFilter, flowModOf } from '#openflow/messages/flows.js'
import { type PacketInfo, packetInfo } from '#openflow/messages/packets.js'
import { noBuffer } from '#openflow/messages/parts.js'
import { meterMods, meterRemovals } from '#switch/messages.js'

export const bridge = 'br-int'
export const tunnelOfport = 1
export const gpeOfport = 2

const everyMeter = 0xffff_ffff

/** What is answered: an entry for a miss, a frame for the rest, or nothing. */
export interface Answers {
  readonly entry: (reason: PacketReason, packet: Uint8Array) => CacheEntry | undefined
  readonly frame: (reason: PacketReason, packet: Uint8Array) => Uint8Array | undefined
}

export class OverlaySwitch {
  readonly reasons: PacketReason[] = []
  answers: Answers = { entry: () => undefined, frame: () => undefined }
  private channel: Channel | undefined
  private listener: Listener | undefined

  constructor(
    readonly node: LabNode,
    readonly inventory: Inventory,
  ) {}

  async start(): Promise<void> {
    const { node } = this
    const tunnel = (name: string, ofport: number, ...options: string[]) => [
      ...['--', 'add-port', bridge, name, '--', 'set', 'Interface', name, 'type=vxlan'],
      `ofport_request=${ofport}`,
      ...['options:remote_ip=flow', 'options:key=flow', ...options],
    ]
    const settings = ['datapath_type=netdev', 'fail_mode=secure', 'other_config:disable-in-band=true']
    await node.vsctl(
      ...['add-br', bridge, '--', 'set', 'Bridge', bridge, ...settings],
      ...tunnel('vx', tunnelOfport),
      ...tunnel(
        'gpe',
        gpeOfport,
        'options:exts=gpe',
        'options:packet_type=legacy_l3',
        'options:dst_port=4790',
      ),
    )
    // Open vSwitch connects to no other socket than RUNDIR/BRIDGE.controller.
    const path = `${node.directory}/${bridge}.controller`
    this.channel = await new Promise<Channel>((resolve, reject) => {
      const options = { clock: systemClock, random: systemRandom, onEvent: this.take, onSwitch: resolve }
      listenForSwitches({ kind: 'punix', path }, options)
        .then((listener) => {
          this.listener = listener
          return node.vsctl('set-controller', bridge, `unix:${path}`)
        })
        .catch(reject)
    })
    await this.open.batch([{ type: 'set_packet_in_format', format: 'nxt_packet_in2' }])
  }

  async addPort(device: string, ofport: number, ...settings: string[]): Promise<void> {
    const request = `ofport_request=${ofport}`
    await this.node.vsctl('add-port', bridge, device, '--', 'set', 'Interface', device, request, ...settings)
  }

  /** Makes the switch hold this and nothing else. */
  async program(desired: readonly Desired[], entries: readonly CacheEntry[] = []): Promise<readonly Flow[]> {
    const { open } = this
    const meters = desired.flatMap((one) => one.meters)
    const flows = [
      ...desired.flatMap((one) => one.flows),
      ...entries.flatMap((entry) => compileCacheEntry(entry, this.inventory, this.node.name)),
    ]
    await open.batch([...meterRemovals([everyMeter]), ...meterMods(meters, new Map())])
    const all = { table: 255, priority: 0, match: {}, cookie: 0n, actions: [] }
    await open.bundle([flowModOf('delete', all), ...flows.map((flow) => flowModOf('add', flow))])
    return flows
  }

  /** What the switch says that it holds. */
  async flows(): Promise<readonly Flow[]> {
    const { items } = await this.open.request({ type: 'flow_desc_request', ...flowFilter() })
    return items.map(({ flow }) => flow)
  }

  async stop(): Promise<void> {
    await this.listener?.close()
  }

  private get open(): Channel {
    if (this.channel === undefined) throw new Error('the switch has not connected')
    return this.channel
  }

  private readonly take = (event: EventMessage): void => {
    if (event.type === 'error') throw new Error(`the switch refuses: ${JSON.stringify(event)}`)
    if (event.type !== 'packet_in2') return
    const info = packetInfo(event.properties)
    const reason = readPacketReason(info.userdata, info.match)
    if (reason === undefined) return
    this.reasons.push(reason)
    if (reason.reason === 'miss') void this.resolve(reason, info, event.properties)
    else this.reply(info, this.answers.frame(reason, info.packet))
  }

  private async resolve(
    reason: PacketReason,
    info: PacketInfo,
    properties: Extract<EventMessage, { type: 'packet_in2' }>['properties'],
  ): Promise<void> {
    const entry = this.answers.entry(reason, info.packet)
    const flows = entry === undefined ? [] : compileCacheEntry(entry, this.inventory, this.node.name)
    await this.open.bundle(flows.map((flow) => flowModOf('add', flow)))
    this.open.send({ type: 'resume', properties })
  }

  private reply(info: PacketInfo, data: Uint8Array | undefined): void {
    if (data === undefined) return
    const port = Number(info.match.in_port)
    this.open.send({
      type: 'packet_out',
      bufferId: noBuffer,
      match: { in_port: reservedPorts.controller },
      actions: [output(port)],
      data,
    })
  }
}
