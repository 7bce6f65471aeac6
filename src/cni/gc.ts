/**
 * GC: what no attachment of the runtime's list stands behind is taken away, from wherever it is known: the notes on the node, the
 * controller's endpoints, the marks of interfaces. Only what belongs to the network configuration of the call: the lists of others are others'.
 */
import type { Endpoint } from '#api/client.js'
import { type Call, ipamOf } from './call.js'
import { detach, flushPending } from './detach.js'
import { CniError } from './error.js'
import { runIpam } from './ipam.js'
import type { LedgerRecord } from './ledger.js'
import { type Attachment, aliasOf } from './names.js'
import type { CniNode } from './node.js'
import { listOf, objectWith, text } from './reading.js'
import { configurationLabel } from './wishes.js'

/** 1.1.0 has the first; runtimes of its drafts say the second. */
const validKeys = ['cni.dev/valid-attachments', 'cni.dev/attachments']

const readValid = listOf(objectWith({ containerID: text, ifname: text }, 'containerID', 'ifname'))

/** @throws CniError `invalid-config`: a list that is missing would not mean that nothing is valid */
const validOf = ({ raw }: Call): readonly Attachment[] => {
  const key = validKeys.find((each) => Object.hasOwn(raw, each))
  if (key === undefined) throw new CniError('invalid-config', `${validKeys[0]} is missing`)
  try {
    return readValid(raw[key] ?? []).map(({ containerID, ifname }) => ({
      containerId: containerID,
      interfaceName: ifname,
    }))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new CniError('invalid-config', `${key} cannot be read`, { details: error.message })
  }
}

const recordOf = (call: Call, { id, container, interface: host }: Endpoint): LedgerRecord => ({
  id,
  configuration: call.name,
  containerId: container?.id ?? '',
  interfaceName: container?.interface ?? '',
  host,
  endpoint: true,
  complete: false,
})

/** Steps that are all taken, whatever becomes of one; then the first failure is thrown. */
const eachOf = async <T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> => {
  const failures: unknown[] = []
  for (const item of items) await work(item).catch((error: unknown) => failures.push(error))
  if (failures.length > 0) throw failures[0]
}

/** @throws CniError `invalid-config`; `try-later` where the controller does not answer, everything else done */
export const gc = async (node: CniNode, call: Call): Promise<void> => {
  // An alias is of the attachment as well as of the configuration: it tells them apart in every source.
  const valid = new Set(validOf(call).map((attachment) => aliasOf(call.name, attachment)))
  const isValid = (attachment: Attachment): boolean => valid.has(aliasOf(call.name, attachment))

  const noted = async (): Promise<void> => {
    const records = node.ledger.attachments(call.name)
    await eachOf(
      records.filter((record) => !isValid(record)),
      (record) => detach(node, record),
    )
    node.ledger.sweep()
  }
  const marked = async (): Promise<void> => {
    const prefix = aliasOf(call.name, { containerId: '', interfaceName: '' }).replace(/[^:]*$/, '')
    const interfaces = await node.interfaces.list()
    const left = interfaces.filter(({ alias }) => alias.startsWith(prefix) && !valid.has(alias))
    await eachOf(left, ({ name }) => node.interfaces.remove(name))
  }
  const told = async (): Promise<void> => {
    const endpoints = await node.controller.endpointsOf(node.name)
    const left = endpoints
      .filter(({ labels, container }) => container !== undefined && labels[configurationLabel] === call.name)
      .map((endpoint) => recordOf(call, endpoint))
      .filter((record) => !isValid(record))
    await eachOf(left, (record) => detach(node, record))
    await flushPending(node, Number.POSITIVE_INFINITY)
  }
  const ipam = ipamOf(call)
  const addresses = async (): Promise<unknown> =>
    ipam === undefined ? undefined : runIpam(node.run, ipam, 'GC', call)
  await eachOf([noted, marked, told, addresses], (step) => step())
}
