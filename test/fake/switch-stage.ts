/** One simulated node behind the real door to the switches, under a virtual clock: its handle, and everything that the handle tells. */
import type { Origin } from '#compile/cookie.js'
import { seededRandom } from '#link/random.js'
import { type Logger, silentLogger } from '#model/logger.js'
import type { Drift, PacketIn, SwitchHandle } from '#reconcile/switch-handle.js'
import type { SwitchSettings } from '#switch/settings.js'
import { OvsSwitchDoor } from '#switch/switch-door.js'
import { FakeSwitch, type Frame } from './fake-switch.js'
import { MemoryNetwork } from './memory-network.js'
import { VirtualClock } from './virtual-clock.js'

const [ovsdbPort, openflowPort] = [6640, 6653]

export const gpe = { port: 'heddle-gpe', udpPort: 4790 } as const

export class SwitchStage {
  readonly clock = new VirtualClock()
  readonly frames: Frame[] = []
  readonly drift: Drift[] = []
  readonly expired: Origin[] = []
  readonly packets: PacketIn[] = []
  readonly warnings: string[] = []
  readonly node: FakeSwitch
  /** Of the switch that joined last. */
  handle: SwitchHandle | undefined
  private door: OvsSwitchDoor | undefined
  private readonly random = seededRandom(1)
  private readonly network = new MemoryNetwork({ clock: this.clock, delayMs: 1 })

  constructor() {
    this.node = new FakeSwitch({
      name: 'n1',
      clock: this.clock,
      random: this.random,
      dial: this.network.dialAs('n1'),
      rloc: '10.0.0.1',
      onFrame: (frame) => this.frames.push(frame),
    })
    this.node.setManager(`tcp:127.0.0.1:${ovsdbPort}`)
  }

  /** Opens the door, in place of one that is open, and waits until the switch is ready. */
  async open(changes: Pick<SwitchSettings, 'gpe'> = { gpe }): Promise<SwitchHandle> {
    await this.door?.close()
    const logger: Logger = { ...silentLogger, warn: (_, words) => this.warnings.push(words) }
    const { clock, random, network } = this
    this.door = new OvsSwitchDoor({
      settings: {
        bridge: 'br-int',
        tunnelPort: 'heddle-vxlan',
        tunnelUdpPort: 4789,
        datapathType: 'system',
        fabricId: 'stage',
        ...changes,
      },
      ovsdb: [{ kind: 'ptcp', port: ovsdbPort }],
      openflow: [{ kind: 'ptcp', port: openflowPort }],
      controllerTarget: `tcp:127.0.0.1:${openflowPort}`,
      credentials: undefined,
      limits: { connectionsMax: 10, strangersMax: 10, queueBytesMax: 64 * 1024 * 1024 },
      clock,
      random,
      logger,
      listen: network.listen,
    })
    await this.door.listen({ joined: (handle) => this.joined(handle), refused: () => {} })
    for (let waits = 0; this.handle?.ready !== true; waits++) {
      if (waits > 100) throw new Error(this.handle?.facts.reason ?? 'no switch has joined')
      await this.clock.run(100)
    }
    return this.handle
  }

  async close(): Promise<void> {
    this.node.stop()
    await this.door?.close()
  }

  private joined(handle: SwitchHandle): void {
    this.handle = handle
    handle.listen({
      changed: () => {},
      ports: () => {},
      closed: () => {},
      drift: (one) => this.drift.push(one),
      expired: (one) => this.expired.push(one),
      packetIn: (one) => this.packets.push(one),
    })
  }
}
