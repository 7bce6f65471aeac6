/** The largest packet that every two nodes can exchange through their tunnels. Pure. */
import { vxlanOverhead } from '#model/address.js'
import type { NodeFacts } from '#model/facts.js'

/** Bytes; undefined while no node has a tunnel address. A node that has none yet does not count. */
export const overlayMtu = (nodes: Iterable<NodeFacts>): number | undefined => {
  let least: number | undefined
  for (const { rloc, underlayMtu } of nodes) {
    if (rloc === undefined) continue
    const room = underlayMtu - vxlanOverhead(rloc.family)
    if (least === undefined || room < least) least = room
  }
  return least
}
