/** Taking an attachment away: the cable, the endpoint, the addresses of an IPAM plugin, and the note of it, last. */
import type { Call } from './call.js'
import { ipamOf } from './call.js'
import { CniError } from './error.js'
import { runIpam } from './ipam.js'
import type { LedgerRecord } from './ledger.js'
import { aliasOf } from './names.js'
import type { CniNode } from './node.js'
import { together } from './together.js'

/** Whether the controller has yet to be told: not of an endpoint that it was never asked for. */
export type Telling = 'tell' | 'nothing-to-tell'

/** Whether the controller knows that the endpoint is gone. Whatever keeps it from knowing, the deletion is kept. */
const tell = async ({ controller }: CniNode, { id, endpoint }: LedgerRecord): Promise<boolean> => {
  if (!endpoint) return true
  try {
    await controller.deleteEndpoint(id)
    return true
  } catch (error) {
    if (error instanceof CniError) return false
    throw error
  }
}

/** The name of a wire's end may be another's by now; the names of the others are of the attachment's own. */
const removeCable = ({ interfaces }: CniNode, record: LedgerRecord): Promise<void> =>
  record.endpoint
    ? interfaces.remove(record.host)
    : interfaces.removeOwn(record.host, aliasOf(record.configuration, record))

/**
 * Takes away what a record names; what is not there is taken away already. A controller that cannot be told is told later.
 * @throws CniError `command-failed`, `io-failure`, `try-later` when too many deletions wait
 */
export const detach = async (
  node: CniNode,
  record: LedgerRecord,
  telling: Telling = 'tell',
): Promise<{ readonly told: boolean }> => {
  const [told] = await together([telling === 'tell' ? tell(node, record) : true, removeCable(node, record)])
  if (told) node.ledger.remove(record.id)
  else node.ledger.postpone(record)
  return { told }
}

/** Gives the addresses of an IPAM plugin back, where the configuration has one. */
export const releaseAddresses = async (node: CniNode, call: Call): Promise<void> => {
  const ipam = ipamOf(call)
  if (ipam !== undefined) await runIpam(node.run, ipam, 'DEL', call)
}

/** How many deletions that waited one call takes along. */
const flushMax = 16

/** Tells the controller of deletions that it has missed: some, until it does not answer. */
export const flushPending = async (node: CniNode, max = flushMax): Promise<void> => {
  for (const record of node.ledger.pending(max)) {
    // The container may have come back under its old id.
    if (node.ledger.read(record.id) === undefined && !(await tell(node, record))) return
    node.ledger.settle(record.id)
  }
}
