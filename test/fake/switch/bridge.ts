/** A simulated bridge: its datapath, its ports by row, its channels to controllers. */
import type { Clock } from '#link/clock.js'
import type { Random } from '#link/random.js'
import type { Transport } from '#link/transport.js'
import type { TracedOutput } from '#trace/switch.js'
import { Datapath, type FakePort } from './datapath.js'
import type { FlowChange } from './flow-tables.js'
import { OpenFlowServer, type ServedChannel } from './openflow-server.js'
import { type DialTo, Reconnecting } from './reconnecting.js'

export interface BridgeOptions {
  readonly name: string
  /** Sixteen hexadecimal digits. */
  readonly datapathId: string
  readonly clock: Clock
  readonly random: Random
  readonly dial: DialTo
  readonly hooks: ServedChannel
  readonly onOutput: (port: FakePort, output: TracedOutput) => void
  /** A channel was opened or lost. */
  readonly onConnected: (controllerUuid: string, connected: boolean) => void
  readonly onFlowMods: (count: number) => void
}

export class FakeBridge {
  readonly datapath: Datapath
  /** Row of the port to the port. */
  readonly ports = new Map<string, FakePort>()
  private readonly channels = new Map<string, Reconnecting>()
  private readonly servers = new Set<OpenFlowServer>()

  constructor(readonly options: BridgeOptions) {
    const { clock, onOutput } = options
    this.datapath = new Datapath({ clock, onOutput, onExpired: (changes) => this.tell(changes) })
  }

  get connected(): boolean {
    return this.servers.size > 0
  }

  /** Keeps a channel to a controller. */
  connect(uuid: string, target: string): void {
    if (this.channels.get(uuid)?.target === target) return
    this.disconnect(uuid)
    const { dial, clock, random, onConnected } = this.options
    const open = (transport: Transport, lost: () => void) => {
      const server: OpenFlowServer = new OpenFlowServer(transport, {
        datapath: this.datapath,
        datapathId: BigInt(`0x${this.options.datapathId}`),
        hooks: this.options.hooks,
        onChanges: (changes, by) => this.tell(changes, by),
        onReady: () => onConnected(uuid, true),
        onFlowMods: this.options.onFlowMods,
        onClose: () => {
          this.servers.delete(server)
          onConnected(uuid, false)
          lost()
        },
      })
      this.servers.add(server)
      return { end: () => server.close(), probe: () => server.probe() }
    }
    this.channels.set(uuid, new Reconnecting({ target, dial, clock, random, open }))
  }

  disconnect(uuid: string): void {
    this.channels.get(uuid)?.stop()
    this.channels.delete(uuid)
  }

  /** Loses the channels as a network does. */
  drop(): void {
    for (const channel of this.channels.values()) channel.drop()
  }

  /** Tells of changes that no channel asked for, or another one. */
  tell(changes: readonly FlowChange[], by?: OpenFlowServer): void {
    for (const server of this.servers) if (server !== by) server.tell(changes)
  }

  destroy(): void {
    for (const uuid of [...this.channels.keys()]) this.disconnect(uuid)
    this.datapath.stop()
  }
}
