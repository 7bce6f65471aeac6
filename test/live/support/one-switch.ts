/** One real node behind the real door to the switches, without a controller: its handle, and everything that the handle tells. */
import { vi } from 'vitest'
import type { Origin } from '#compile/cookie.js'
import { createLab } from '#lab/create-lab.js'
import type { Lab } from '#lab/lab.js'
import type { LabNode } from '#lab/node.js'
import { destroyLab } from '#lab/teardown.js'
import { systemClock } from '#link/clock.js'
import { systemRandom } from '#link/random.js'
import { silentLogger } from '#model/logger.js'
import type { Drift, PacketIn, SwitchHandle } from '#reconcile/switch-handle.js'
import type { SwitchSettings } from '#switch/settings.js'
import { OvsSwitchDoor } from '#switch/switch-door.js'

export const gpe = { port: 'heddle-gpe', udpPort: 4790 } as const

const settings: SwitchSettings = {
  bridge: 'br-int',
  tunnelPort: 'heddle-vxlan',
  tunnelUdpPort: 4789,
  datapathType: 'system',
  fabricId: 'one-switch',
}

export class OneSwitch {
  readonly drift: Drift[] = []
  readonly expired: Origin[] = []
  readonly packets: PacketIn[] = []
  /** What is done with each packet besides. */
  onPacket: (packet: PacketIn) => void = () => {}
  private opened: { readonly door: OvsSwitchDoor; readonly handle: SwitchHandle } | undefined

  private constructor(
    readonly lab: Lab,
    readonly node: LabNode,
  ) {}

  /** A lab of one node that is ready. */
  static async start(name: string): Promise<OneSwitch> {
    await destroyLab(name)
    const lab = await createLab({ name, nodes: 1 })
    const [node] = lab.nodes
    if (node === undefined) throw new Error('a lab without a node')
    const one = new OneSwitch(lab, node)
    await node.setManager(`tcp:${lab.controllerAddress}:6640`)
    await one.reopen({ gpe })
    return one
  }

  get handle(): SwitchHandle {
    if (this.opened === undefined) throw new Error('the door is closed')
    return this.opened.handle
  }

  /** Closes the door and opens it again, as a controller that starts anew, with other settings. */
  async reopen(changes: Pick<SwitchSettings, 'gpe'>): Promise<void> {
    await this.opened?.door.close()
    const host = this.lab.controllerAddress
    const door = new OvsSwitchDoor({
      settings: { ...settings, ...changes },
      ovsdb: [{ kind: 'ptcp', port: 6640, host }],
      openflow: [{ kind: 'ptcp', port: 6653, host }],
      controllerTarget: undefined,
      credentials: undefined,
      limits: { connectionsMax: 10, strangersMax: 10, queueBytesMax: 64 * 1024 * 1024 },
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
    })
    this.opened = { door, handle: await this.joined(door) }
    await vi.waitFor(this.checkReady, { timeout: 20_000, interval: 20 })
  }

  async stop(): Promise<void> {
    await this.opened?.door.close()
    await destroyLab(this.lab.name)
  }

  private readonly checkReady = (): void => {
    if (!this.handle.ready) throw new Error(this.handle.facts.reason ?? 'it is not ready')
  }

  private joined(door: OvsSwitchDoor): Promise<SwitchHandle> {
    return new Promise((resolve, reject) => {
      const joined = (handle: SwitchHandle): void => {
        this.hear(handle)
        resolve(handle)
      }
      const refused = (_peer: string, _node: string | undefined, reason: string): void =>
        reject(new Error(reason))
      door.listen({ joined, refused }).catch(reject)
    })
  }

  private hear(handle: SwitchHandle): void {
    handle.listen({
      changed: () => {},
      ports: () => {},
      closed: () => {},
      drift: (one) => this.drift.push(one),
      expired: (one) => this.expired.push(one),
      packetIn: (one) => {
        this.packets.push(one)
        this.onPacket(one)
      },
    })
  }
}
