/**
 * From a connection to a named switch: the database is read, `external_ids:system-id` says who it is. A switch without a name
 * is told so and kept, since the name may still be set. A switch that is dialled comes back through the same client.
 */
import type { Clock } from '#link/clock.js'
import { errorText } from '#model/error.js'
import { objectName } from '#model/wire.js'
import type { ClientState, OvsdbClient } from '#ovsdb/client.js'
import type { OvsSwitch } from './ovs-switch.js'
import { ids, type SwitchTable } from './tables.js'
import { SwitchView } from './view.js'

/** A switch that has said its name. */
export interface Arrived {
  readonly node: string
  readonly client: OvsdbClient<SwitchTable>
  readonly view: SwitchView
  readonly peer: string
  /** Absent for addresses that others cannot reach. */
  readonly peerAddress: string | undefined
  /** The address at which the connection reached us. */
  readonly localAddress: string | undefined
}

export interface ArrivalOptions {
  readonly client: OvsdbClient<SwitchTable>
  readonly peer: string
  readonly bridge: string
  readonly clock: Clock
  /** The name that a dialled switch must bear. */
  readonly expected: string | undefined
  readonly onNamed: (arrived: Arrived) => void
  readonly onRefused: (node: string | undefined, reason: string) => void
  readonly onEnded: () => void
}

type Stage =
  | { readonly state: 'reading' }
  | { readonly state: 'nameless'; readonly said: string }
  /** Its name is being looked at. */
  | { readonly state: 'named'; readonly node: string }
  | { readonly state: 'entered'; readonly node: string; readonly one: OvsSwitch }
  /** It was refused, has left or was dismissed; its connection stays. */
  | { readonly state: 'resting'; readonly node: string | undefined; readonly cancel: () => void }
  | { readonly state: 'ended' }

/** How long a switch that we dial is left alone before it is looked at again. */
const restMs = 2_000

/** An address of this machine means nothing to other nodes. */
const reachable = (address: string | undefined): string | undefined =>
  address === undefined || address === '::1' || address.startsWith('127.') ? undefined : address

export class Arrival {
  private stage: Stage = { state: 'reading' }
  private readonly view: SwitchView

  constructor(private readonly options: ArrivalOptions) {
    const { client, bridge } = options
    this.view = new SwitchView(client.replica, bridge)
    client.onState((state) => this.follow(state))
    client.replica.onChange(() => this.look())
  }

  /** Whether the switch is there under this name and waits to be admitted. */
  isStill(node: string): boolean {
    return this.stage.state === 'named' && this.stage.node === node
  }

  entered(one: OvsSwitch): void {
    if (this.stage.state === 'named') this.stage = { state: 'entered', node: this.stage.node, one }
  }

  /** The switch has left. One that dialled us dials again; one that we dial is looked at again after a while. */
  left(): void {
    const { stage, options } = this
    if (stage.state === 'ended' || stage.state === 'resting') return
    if (options.expected === undefined) this.end('it has left')
    else this.rest(options.clock.schedule(restMs, () => this.again()))
  }

  /** It was not admitted. */
  refuse(): void {
    this.left()
  }

  /** Its node was deleted: the switch is left alone until it connects anew or is recalled. */
  dismiss(node: string): void {
    const { stage } = this
    if (stage.state !== 'entered' || stage.node !== node) return
    this.rest(() => {})
    stage.one.close('the node was deleted')
  }

  /** Its node is wanted again. */
  recall(node: string): void {
    if (this.stage.state === 'resting' && this.stage.node === node) this.again()
  }

  end(reason: string): void {
    const { stage } = this
    if (stage.state === 'ended') return
    this.stage = { state: 'ended' }
    if (stage.state === 'resting') stage.cancel()
    if (stage.state === 'entered') stage.one.close(reason)
    this.options.client.close()
    this.options.onEnded()
  }

  private rest(cancel: () => void): void {
    this.stage = { state: 'resting', node: this.view.systemId, cancel }
  }

  private again(): void {
    if (this.stage.state !== 'resting') return
    this.stage.cancel()
    this.stage = { state: 'reading' }
    this.look()
  }

  private follow(state: ClientState): void {
    switch (state.state) {
      case 'closed':
        this.lost(errorText(state.error ?? 'the connection was closed'))
        this.end('the connection was closed')
        break
      case 'waiting':
        this.lost(errorText(state.error))
        break
      case 'synced':
        this.again()
        this.look()
        break
      default:
        break
    }
  }

  private lost(reason: string): void {
    const { stage } = this
    if (stage.state === 'entered') stage.one.close(reason)
    else if (stage.state === 'reading')
      this.refuseWith(this.options.expected, `its database could not be read: ${reason}`)
    else if (stage.state === 'named' || stage.state === 'nameless') this.left()
  }

  private look(): void {
    const { client, expected } = this.options
    if (client.state.state !== 'synced' || this.stage.state === 'ended' || this.stage.state === 'resting')
      return
    const node = this.view.systemId
    if (this.stage.state === 'named' || this.stage.state === 'entered') {
      if (this.stage.node !== node) this.renamed(node)
      return
    }
    const wrong = this.whatIsWrong(node, expected)
    if (wrong !== undefined || node === undefined) this.wait(wrong ?? '')
    else this.name(node)
  }

  private whatIsWrong(node: string | undefined, expected: string | undefined): string | undefined {
    if (node === undefined || node === '') {
      return `it has no name; on the switch, run: ovs-vsctl set open_vswitch . external_ids:${ids.systemId}=NAME`
    }
    if (!objectName.safeParse(node).success) {
      return `its external_ids:${ids.systemId}, ${JSON.stringify(node)}, cannot be a node name: 1 to 64 letters, digits, dots, dashes or underscores`
    }
    return expected !== undefined && node !== expected
      ? `it says that it is ${node}, and ${expected} was expected`
      : undefined
  }

  private wait(reason: string): void {
    if (this.stage.state === 'nameless' && this.stage.said === reason) return
    this.stage = { state: 'nameless', said: reason }
    this.refuseWith(this.view.systemId, reason)
  }

  private name(node: string): void {
    const { client, peer, onNamed } = this.options
    const { state } = client
    const addresses = state.state === 'synced' ? state.peer : undefined
    this.stage = { state: 'named', node }
    onNamed({
      node,
      client,
      view: this.view,
      peer,
      peerAddress: reachable(addresses?.remoteAddress),
      localAddress: addresses?.localAddress,
    })
  }

  /** It comes back under its new name with its next connection. */
  private renamed(node: string | undefined): void {
    const reason = `its name changed to ${node ?? 'nothing'}`
    if (this.stage.state === 'entered') this.stage.one.close(reason)
    else this.left()
  }

  private refuseWith(node: string | undefined, reason: string): void {
    this.options.onRefused(node, reason)
  }
}
