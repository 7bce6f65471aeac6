/**
 * ADD: the container gets an interface that is a member of a network, or the end of a wire. Noted first, then made, then told to the
 * controller; after a failure all of it is taken back. The same again answers the same.
 */
import type { Node } from '#api/client.js'
import { endpointBodyOf, networkWishOf, type Provision, provisionOf } from './attach-network.js'
import { wireEndOf, wireProvisionOf } from './attach-wire.js'
import { attachmentOf, type Call, checkNetns, ipamOf } from './call.js'
import { changesNothing } from './controller.js'
import { detach, flushPending, releaseAddresses, type Telling } from './detach.js'
import { runIpam } from './ipam.js'
import type { LedgerRecord } from './ledger.js'
import { masquerade } from './masquerade.js'
import { aliasOf, endpointIdOf, hostInterfaceOf, hostMacOf } from './names.js'
import type { CniNode } from './node.js'
import { ensureNodeEndpoint } from './node-endpoint.js'
import { type Cable, checkWord } from './plumbing.js'
import { emptyResult, joinResults, type PluginResult, parseResult } from './result.js'
import { together } from './together.js'

/** Bytes of the host's end before more is known; the container's end is set to what the network carries. */
const hostMtuDefault = 1500

interface Attached extends Provision {
  readonly cable: Cable
  readonly mac: string | undefined
}

const cableOf = (call: Call, host: string): Cable => {
  const { environment, configuration } = call
  const attachment = attachmentOf(call)
  return {
    host,
    hostMac: hostMacOf(attachment),
    interfaceName: environment.interfaceName,
    netns: environment.netns,
    mtu: Math.max(configuration.mtu ?? 0, hostMtuDefault),
    alias: aliasOf(call.name, attachment),
  }
}

/** Whether the container has to fill in checksums itself: always, unless the kernel's datapath is known to forward. */
const offloadOff = ({ checksumOffload }: CniNode, { datapathType }: Node): boolean =>
  checksumOffload === 'auto' ? datapathType !== 'system' : checksumOffload === 'off'

/** What an attachment begins with, whatever it is to become: the node at the controller, addresses, the cable. */
interface Ground {
  readonly where: Node
  readonly given: PluginResult | undefined
}

const layGround = async (
  node: CniNode,
  call: Call,
  cable: Cable,
  before: LedgerRecord | undefined,
): Promise<Ground> => {
  const [where, given] = await together([
    node.controller.node(node.name),
    addressesFromIpam(node, call, before),
    node.interfaces.connect(cable),
  ])
  return { where, given }
}

/** An IPAM plugin is asked once for an attachment; after an ADD that did not come to its end, once more. */
const addressesFromIpam = async (
  node: CniNode,
  call: Call,
  before: LedgerRecord | undefined,
): Promise<PluginResult | undefined> => {
  const ipam = ipamOf(call)
  if (ipam === undefined) return undefined
  if (before?.complete === true && before.ipam !== undefined)
    return parseResult(before.ipam, 'the record of the attachment')
  if (before !== undefined) await releaseAddresses(node, call)
  return runIpam(node.run, ipam, 'ADD', call)
}

const setUp = async (node: CniNode, cable: Cable, provision: Provision, where: Node): Promise<void> => {
  const { mtu } = provision.equipment
  await together([
    node.interfaces.equip(cable, provision.equipment, offloadOff(node, where)),
    mtu > cable.mtu ? node.interfaces.setMtu(cable.host, mtu) : undefined,
  ])
}

/** How far an ADD has come: what there is to take back. */
interface Attempt {
  telling: Telling
}

type Work = (
  before: LedgerRecord | undefined,
  attempt: Attempt,
) => Promise<{ readonly attached: Attached; readonly given: PluginResult | undefined }>

/** Everything that `work` made is taken back when it fails, unless an earlier ADD had come to its end. */
const undoing = async (
  node: CniNode,
  call: Call,
  id: string,
  host: string,
  work: Work,
): Promise<Attached> => {
  const before = node.ledger.read(id)
  const endpoint = call.configuration.wire === undefined
  const record = { ...attachmentOf(call), id, configuration: call.name, host, endpoint, complete: false }
  if (before?.complete !== true) node.ledger.write(record)
  const attempt: Attempt = { telling: before === undefined ? 'nothing-to-tell' : 'tell' }
  try {
    const { attached, given } = await work(before, attempt)
    node.ledger.write({ ...record, complete: true, ipam: given })
    return attached
  } catch (error) {
    if (before?.complete !== true) await takeBack(node, call, record, attempt)
    throw error
  }
}

/** The failure that led here is what the runtime has to know: others on the way back are not told, and GC finds what they left. */
const takeBack = async (
  node: CniNode,
  call: Call,
  record: LedgerRecord,
  { telling }: Attempt,
): Promise<void> => {
  await releaseAddresses(node, call).catch(() => {})
  await detach(node, record, telling).catch(() => {})
}

const attachToNetwork = async (node: CniNode, call: Call): Promise<Attached> => {
  const attachment = attachmentOf(call)
  const id = endpointIdOf(node.name, attachment)
  const cable = cableOf(call, hostInterfaceOf(attachment))
  const wish = await networkWishOf(node, call)
  return undoing(node, call, id, cable.host, async (before, attempt) => {
    const ask = async () => {
      const given = await addressesFromIpam(node, call, before)
      const asked = node.controller.putEndpoint(id, endpointBodyOf(node, call, wish, given))
      const endpoint = await asked.catch((error: unknown) => {
        if (!changesNothing(error)) attempt.telling = 'tell'
        throw error
      })
      attempt.telling = 'tell'
      return { given, endpoint }
    }
    // The switch may be told of the cable before it is there: then it opens it when it comes.
    const [{ given, endpoint }, where] = await together([
      ask(),
      node.controller.node(node.name),
      node.interfaces.connect(cable),
    ])
    const provision = provisionOf(call, endpoint, wish, given)
    const { addresses } = provision.equipment
    await together([
      setUp(node, cable, provision, where),
      node.controller.whenUp(id),
      (wish.overlayRouter?.ipMasq ?? node.ipMasq) ? masquerade(node.run, addresses) : undefined,
      node.nodeEndpoint ? ensureNodeEndpoint(node, wish.network) : undefined,
    ])
    return { attached: { ...provision, cable, mac: endpoint.mac }, given }
  })
}

const attachToWire = async (node: CniNode, call: Call): Promise<Attached> => {
  const end = await wireEndOf(node, call)
  checkWord(`interface of link ${end.link.name}`, end.host)
  const cable = cableOf(call, end.host)
  return undoing(node, call, endpointIdOf(node.name, attachmentOf(call)), end.host, async (before) => {
    const { where, given } = await layGround(node, call, cable, before)
    const provision = wireProvisionOf(call, end, given)
    await setUp(node, cable, provision, where)
    const mac =
      provision.equipment.mac ?? (await node.interfaces.lookInside(cable.netns, cable.interfaceName))?.mac
    return { attached: { ...provision, cable, mac }, given }
  })
}

const resultOf = ({ cable, mac, ips, equipment }: Attached, call: Call): PluginResult => ({
  interfaces: [
    { name: cable.host, mac: cable.hostMac },
    {
      name: cable.interfaceName,
      ...(mac === undefined ? {} : { mac }),
      mtu: equipment.mtu,
      sandbox: cable.netns,
    },
  ],
  ips,
  routes: equipment.routes,
  dns: call.configuration.dns ?? {},
})

/** @throws CniError of every code but those of STATUS and CHECK */
export const add = async (node: CniNode, call: Call): Promise<PluginResult> => {
  const { environment, configuration } = call
  checkWord('CNI_IFNAME', environment.interfaceName)
  checkWord('CNI_NETNS', environment.netns)
  const { prevResult } = configuration
  const before = prevResult === undefined ? emptyResult : parseResult(prevResult, 'prevResult')
  checkNetns(environment.netns)
  const attached = await (configuration.wire === undefined ? attachToNetwork : attachToWire)(node, call)
  await flushPending(node)
  return joinResults(before, resultOf(attached, call))
}
