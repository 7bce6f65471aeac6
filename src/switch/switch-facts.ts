/** What is known of a connected switch, from its database. Pure. */
import type { SwitchFacts } from '#reconcile/switch-handle.js'
import type { SwitchSettings } from './settings.js'
import type { SwitchView } from './view.js'

export interface FactsSource {
  readonly view: SwitchView
  readonly settings: SwitchSettings
  readonly peer: string
  readonly peerAddress: string | undefined
}

const ofportOf = (view: SwitchView, name: string | undefined): number | undefined => {
  const ofport = name === undefined ? undefined : view.interface(name)?.ofport
  return ofport != null && ofport > 0 ? ofport : undefined
}

/** `reason`: why the switch is not ready, in words. */
export const factsOf = (
  { view, settings, peer, peerAddress }: FactsSource,
  connectedAt: number,
  reason: string | undefined,
): SwitchFacts => {
  const rloc = view.rloc ?? peerAddress
  const tunnelOfport = ofportOf(view, settings.tunnelPort)
  const gpeOfport = ofportOf(view, settings.gpe?.port)
  const row = view.bridge
  return {
    peer,
    connectedAt,
    ...(rloc !== undefined && { rloc }),
    ...(view.underlayMtu !== undefined && { underlayMtu: view.underlayMtu }),
    ...(tunnelOfport !== undefined && { tunnelOfport }),
    ...(gpeOfport !== undefined && { gpeOfport }),
    ...(row?.datapath_id != null && { datapathId: row.datapath_id }),
    ...(row !== undefined && { datapathType: row.datapath_type === '' ? 'system' : row.datapath_type }),
    ...(view.ovsVersion !== undefined && { ovsVersion: view.ovsVersion }),
    ...(reason !== undefined && { reason }),
  }
}
