/** The bundles of one channel, as Open vSwitch has them: port changes do not join atomic ones, meters join none. */
import type { Message, MessageOf } from '#openflow/messages.js'
import type { PeerErrorName } from '#openflow/peer-errors.js'
import type { Applied } from './flow-tables.js'

/** Messages that change something. */
export type ChangeMessage = MessageOf<'flow_mod' | 'meter_mod' | 'port_mod' | 'group_mod'>

interface Joined {
  readonly message: ChangeMessage
  readonly xid: number
}

interface Bundle {
  readonly flags: readonly string[]
  readonly messages: Joined[]
}

/** How a commit ended. */
export type Commit =
  | { readonly state: 'done'; readonly applied: readonly Applied[]; readonly messages: readonly Joined[] }
  /** Nothing has changed; `xid` is that of the message that failed. */
  | { readonly state: 'failed'; readonly name: PeerErrorName; readonly xid: number }

const joins = (message: Message): message is ChangeMessage =>
  message.type === 'flow_mod' || message.type === 'port_mod' || message.type === 'group_mod'

export class Bundles {
  private readonly open = new Map<number, Bundle>()

  constructor(private readonly apply: (message: ChangeMessage) => Applied | PeerErrorName) {}

  /** OFPT_BUNDLE_ADD_MESSAGE; a bundle that is not open yet is opened by it. */
  add({ bundleId, flags, request }: MessageOf<'bundle_add'>, xid: number): PeerErrorName | undefined {
    const bundle = this.open.get(bundleId) ?? { flags, messages: [] }
    this.open.set(bundleId, bundle)
    if (bundle.flags.join() !== flags.join()) return 'OFPBFC_BAD_FLAGS'
    if (!joins(request.message)) return 'OFPBFC_MSG_UNSUP'
    bundle.messages.push({ message: request.message, xid })
    return undefined
  }

  /** Opens, closes or discards a bundle. */
  control({ bundleId, control, flags }: MessageOf<'bundle_control'>): PeerErrorName | undefined {
    const isOpen = this.open.has(bundleId)
    if (control === 'open_request') {
      if (!isOpen) this.open.set(bundleId, { flags, messages: [] })
      return isOpen ? 'OFPBFC_BAD_ID' : undefined
    }
    if (control === 'discard_request') this.open.delete(bundleId)
    return isOpen ? undefined : 'OFPBFC_BAD_ID'
  }

  /** Carries out all of a bundle or nothing. */
  commit(bundleId: number): Commit | PeerErrorName {
    const bundle = this.open.get(bundleId)
    if (bundle === undefined) return 'OFPBFC_BAD_ID'
    this.open.delete(bundleId)
    const applied: Applied[] = []
    for (const { message, xid } of bundle.messages) {
      const impossible = message.type === 'port_mod' && bundle.flags.includes('atomic')
      const one = impossible ? 'OFPBFC_MSG_FAILED' : this.apply(message)
      if (typeof one === 'string') {
        for (const { undo } of applied.reverse()) undo()
        return { state: 'failed', name: one, xid }
      }
      applied.push(one)
    }
    return { state: 'done', applied, messages: bundle.messages }
  }
}
