/**
 * DEL: takes the attachment away. It succeeds where there is nothing, where the namespace has gone, and where the controller does not
 * answer (specification 1.1.0, section 2: "Plugins should generally complete a DEL action without error").
 */
import { attachmentOf, type Call } from './call.js'
import { detach, flushPending, releaseAddresses } from './detach.js'
import type { LedgerRecord } from './ledger.js'
import { endpointIdOf, hostInterfaceOf } from './names.js'
import type { CniNode } from './node.js'
import { checkWord } from './plumbing.js'

/** What is taken for made where nothing is noted: everything that has a name of its own. */
const supposed = (call: Call, id: string): LedgerRecord => {
  const attachment = attachmentOf(call)
  return {
    ...attachment,
    id,
    configuration: call.name,
    host: hostInterfaceOf(attachment),
    endpoint: call.configuration.wire === undefined,
    complete: false,
  }
}

/** @throws CniError `command-failed`, `io-failure`, `try-later`, `ipam-failed` or what the IPAM plugin says */
export const del = async (node: CniNode, call: Call): Promise<void> => {
  const { interfaceName, netns } = call.environment
  checkWord('CNI_IFNAME', interfaceName)
  const id = endpointIdOf(node.name, attachmentOf(call))
  const noted = node.ledger.read(id)
  await releaseAddresses(node, call)
  const { told } = await detach(node, noted ?? supposed(call, id))
  // The host's end of a wire has the name that the link gives it: without a note of it, the container's end is what is known.
  if (noted === undefined && call.configuration.wire !== undefined && netns !== '')
    await node.interfaces.removeInside(netns, interfaceName)
  if (told) await flushPending(node)
}
