/** A flow that the switch lists, in the words of `ovs-ofctl`. Pure. */
import { printActions } from '#openflow/action-text.js'
import { printMatch } from '#openflow/match-text.js'
import type { MessageOf } from '#openflow/messages.js'
import type { InstalledFlow } from '#reconcile/switch-handle.js'

type FlowDesc = MessageOf<'flow_desc_reply'>['items'][number]

export const installedFlow = ({ flow, stats }: FlowDesc): InstalledFlow => {
  const match = printMatch(flow.match)
  const actions = flow.actions.length === 0 ? 'drop' : printActions(flow.actions)
  const packets = stats.packetCount ?? 0n
  const bytes = stats.byteCount ?? 0n
  const durationSeconds = stats.duration === undefined ? 0 : stats.duration.sec + stats.duration.nsec / 1e9
  const idleSeconds = stats.idleTime?.sec
  const head = `cookie=0x${flow.cookie.toString(16)}, duration=${durationSeconds.toFixed(3)}s, table=${flow.table}`
  return {
    table: flow.table,
    priority: flow.priority,
    cookie: flow.cookie,
    match,
    actions,
    text: `${head}, n_packets=${packets}, n_bytes=${bytes}, priority=${flow.priority}${match === '' ? '' : `,${match}`} actions=${actions}`,
    packets,
    bytes,
    durationSeconds,
    ...(idleSeconds !== undefined && { idleSeconds }),
  }
}
