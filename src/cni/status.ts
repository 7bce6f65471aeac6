/** STATUS: whether an ADD would be served: the controller takes changes and this node's switch is connected. */
import { networkWishOf } from './attach-network.js'
import { type Call, ipamOf } from './call.js'
import { flushPending } from './detach.js'
import { CniError } from './error.js'
import { runIpam } from './ipam.js'
import type { CniNode } from './node.js'
import { ensureNodeEndpoint } from './node-endpoint.js'

/** Without the controller what is there goes on, but nothing new is learnt of other nodes. */
const unavailable = (error: unknown): unknown =>
  error instanceof CniError
    ? new CniError(
        error.code === 'try-later' ? 'connectivity-limited' : 'plugin-unavailable',
        error.message,
        {
          ...(error.details === undefined ? {} : { details: error.details }),
          cause: error,
        },
      )
    : error

/** @throws CniError `plugin-unavailable`, `connectivity-limited`, or what the IPAM plugin says */
export const status = async (node: CniNode, call: Call): Promise<void> => {
  try {
    const reason = await node.controller.unreadiness()
    if (reason !== undefined) throw new CniError('plugin-unavailable', reason)
    await node.controller.node(node.name)
    if (node.nodeEndpoint) await ensureNodeEndpoint(node, (await networkWishOf(node, call)).network)
  } catch (error) {
    throw unavailable(error)
  }
  const ipam = ipamOf(call)
  if (ipam !== undefined) await runIpam(node.run, ipam, 'STATUS', call)
  await flushPending(node)
}
