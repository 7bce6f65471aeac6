/**
 * ADD: the container gets an interface that is a member of a network, or the end of a wire. Noted first, then made, then told to the
 * controller; after a failure all of it is taken back. The same again answers the same.
 */
import type { Endpoint } from '#api/client.js'
import {
  endpointBodyOf,
  type NetworkWish,
  networkWishOf,
  type Provision,
  provisionOf,
} from './attach-network.js'
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
const offloadOff = ({ checksumOffload }: CniNode, datapathType: string | undefined): boolean =>
  checksumOffload === 'auto' ? datapathType !== 'system' : checksumOffload === 'off'

/** What is known of an attachment when its cable is there. */
interface Ground {
  readonly provision: Provision
  /** Of the node's switch; undefined where that is not known. */
  readonly datapathType: string | undefined
  /** What an IPAM plugin gave out. */
  readonly given: PluginResult | undefined
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

/** The program that sets the container's end up starts before it is known what there is to do. */
const setUp = (node: CniNode, cable: Cable, ground: Promise<Ground>): Promise<void> => {
  const fitting = ground.then(({ provision: { equipment }, datapathType }) => ({
    equipment,
    offloadOff: offloadOff(node, datapathType),
  }))
  return node.interfaces.equip(cable, fitting)
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

interface Answer {
  readonly given: PluginResult | undefined
  readonly endpoint: Endpoint
}

/** Has the controller store the endpoint. Without an IPAM plugin the request is on its way when this returns. */
const askFor = async (
  node: CniNode,
  call: Call,
  id: string,
  wish: NetworkWish,
  before: LedgerRecord | undefined,
  attempt: Attempt,
): Promise<Answer> => {
  const given = ipamOf(call) === undefined ? undefined : await addressesFromIpam(node, call, before)
  const asked = node.controller.putEndpoint(id, endpointBodyOf(node, call, wish, given))
  const endpoint = await asked.catch((error: unknown) => {
    if (!changesNothing(error)) attempt.telling = 'tell'
    throw error
  })
  attempt.telling = 'tell'
  return { given, endpoint }
}

/** Of the endpoint's answer; a node that this does not know is asked for, and so is whether there is one. */
const datapathOf = async (node: CniNode, { datapathType }: Endpoint): Promise<string | undefined> =>
  datapathType ?? (await node.controller.node(node.name)).datapathType

const attachToNetwork = async (node: CniNode, call: Call): Promise<Attached> => {
  const attachment = attachmentOf(call)
  const id = endpointIdOf(node.name, attachment)
  const cable = cableOf(call, hostInterfaceOf(attachment))
  const wish = await networkWishOf(node, call)
  return undoing(node, call, id, cable.host, async (before, attempt) => {
    const lay = async (): Promise<Ground> => {
      // The switch may be told of the cable before it is there: then it opens it when it comes.
      const [{ given, endpoint }] = await together([
        askFor(node, call, id, wish, before, attempt),
        node.interfaces.connect(cable),
      ])
      const datapathType = await datapathOf(node, endpoint)
      return { provision: provisionOf(call, endpoint, wish, given), datapathType, given }
    }
    const ground = lay()
    const [{ provision, given }] = await together([
      ground,
      setUp(node, cable, ground),
      ground.then(({ provision }) => confirm(node, id, wish, provision)),
    ])
    return { attached: { ...provision, cable, mac: provision.equipment.mac }, given }
  })
}

/** What takes its time while the container is set up. */
const confirm = (node: CniNode, id: string, wish: NetworkWish, { equipment }: Provision) =>
  together([
    node.controller.whenUp(id),
    (wish.overlayRouter?.ipMasq ?? node.ipMasq) ? masquerade(node.run, equipment.addresses) : undefined,
    node.nodeEndpoint ? ensureNodeEndpoint(node, wish.network) : undefined,
  ])

const attachToWire = async (node: CniNode, call: Call): Promise<Attached> => {
  const end = await wireEndOf(node, call)
  checkWord(`interface of link ${end.link.name}`, end.host)
  const cable = cableOf(call, end.host)
  return undoing(node, call, endpointIdOf(node.name, attachmentOf(call)), end.host, async (before) => {
    const lay = async (): Promise<Ground> => {
      const [{ datapathType }, given] = await together([
        node.controller.node(node.name),
        addressesFromIpam(node, call, before),
        node.interfaces.connect(cable),
      ])
      return { provision: wireProvisionOf(call, end, given), datapathType, given }
    }
    const ground = lay()
    const [{ provision, given }] = await together([ground, setUp(node, cable, ground)])
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
