/** Actions that send the packet somewhere: to ports, groups, controllers. */
import { type Action, type ActionOfType, reservedPorts } from '#openflow/actions.js'
import { actionSetList } from './action-set.js'
import type { Execute } from './execute.js'
import { flowHash } from './hash.js'
import type { Run } from './run.js'
import { readBits, writeBits } from './state.js'
import type { TracedBucket, TracedGroup } from './switch.js'

/** Out of a port that has a number of its own, but not back to where the packet came from. */
const toPort = (run: Run, ofport: number): void => {
  if (ofport === run.inPort) run.note('not back to the port that it came in by')
  else run.output(ofport)
}

const toAll = (run: Run): void => {
  for (const { ofport } of run.target.ports()) if (ofport !== run.inPort) run.output(ofport)
}

const toController = (run: Run, options: Omit<ActionOfType<'controller'>, 'type'>): void => {
  run.packetIn({
    table: run.table,
    cookie: run.flow?.cookie ?? 0xffff_ffff_ffff_ffffn,
    reason: options.reason,
    maxLen: options.maxLen,
    controllerId: options.controllerId,
    ...(options.userdata !== undefined && { userdata: options.userdata }),
    paused: options.pause === true,
    state: run.state,
  })
}

/** To a port by number, reserved ones included. */
const send = (run: Run, port: number, maxLen: number): void => {
  switch (port) {
    case reservedPorts.in_port:
      run.output(run.inPort)
      break
    case reservedPorts.table:
      run.resubmit()
      run.deeper(() => run.lookup(0))
      break
    case reservedPorts.normal:
      run.unknown({ type: 'output', port, maxLen })
      break
    case reservedPorts.flood:
    case reservedPorts.all:
      toAll(run)
      break
    case reservedPorts.controller:
      toController(run, { maxLen, reason: 'action', controllerId: 0 })
      break
    case reservedPorts.any:
    case reservedPorts.unset:
      break
    default:
      toPort(run, port)
  }
}

const lives = (run: Run, { watchPort, watchGroup }: TracedBucket, depth = 0): boolean => {
  if (watchPort !== undefined && watchPort !== reservedPorts.any)
    return run.target.port(watchPort)?.forwards === true
  if (watchGroup === undefined || watchGroup === 0xffff_ffff) return true
  const group = run.target.group(watchGroup)
  return depth < 8 && group !== undefined && group.buckets.some((bucket) => lives(run, bucket, depth + 1))
}

/** One bucket of a select group: by a hash of the packet, as its weight has it. */
const selected = (run: Run, buckets: readonly TracedBucket[]): TracedBucket | undefined => {
  const live = buckets.filter((bucket) => lives(run, bucket) && (bucket.weight ?? 1) > 0)
  const total = live.reduce((sum, { weight }) => sum + (weight ?? 1), 0)
  if (live.length > 1)
    run.note(`one of ${live.length} buckets, by a hash that a switch may compute otherwise`)
  let rest = total === 0 ? 0 : flowHash(run.state) % total
  return live.find((bucket) => {
    rest -= bucket.weight ?? 1
    return rest < 0
  })
}

const chosen = (run: Run, { type, buckets }: TracedGroup): readonly TracedBucket[] => {
  switch (type) {
    case 'all':
      return buckets
    case 'indirect':
      return buckets.slice(0, 1)
    case 'select':
      return [selected(run, buckets)].flatMap((bucket) => bucket ?? [])
    case 'fast_failover':
      return buckets.filter((bucket) => lives(run, bucket)).slice(0, 1)
  }
}

const toGroup: Execute<'group'> = (run, { groupId }) => {
  const group = run.target.group(groupId)
  if (group === undefined) {
    run.note(`there is no group ${groupId}`)
    run.ended = 'list'
    return
  }
  run.resubmit()
  const buckets = chosen(run, group)
  if (buckets.length === 0) run.note(`no bucket of group ${groupId} is live`)
  for (const bucket of buckets) run.apart(() => run.execute(actionSetList(bucket.actions)))
}

type Members = Pick<ActionOfType<'bundle'>, 'algorithm' | 'members'>

/** The first member that lives, or one by a hash. */
const member = (run: Run, { algorithm, members }: Members): number => {
  const live = members.filter((port) => run.target.port(port)?.forwards === true)
  if (algorithm === 'active_backup' || live.length < 2) return live[0] ?? reservedPorts.any
  run.note(`one of ${live.length} members, by a hash that a switch may compute otherwise`)
  return live[flowHash(run.state) % live.length] ?? reservedPorts.any
}

type Outputs = 'output' | 'output_reg' | 'output_trunc' | 'controller' | 'group' | 'bundle' | 'bundle_load'

/** A port in 16 bits: the reserved ones are extended by their sign. */
const widened = (port: number): number => (port >= 0xff00 && port <= 0xffff ? port + 0xffff_0000 : port)

export const outputActions: { readonly [T in Outputs & Action['type']]: Execute<T> } = {
  output: (run, { port, maxLen }) => send(run, port, maxLen),
  output_reg: (run, { source, maxLen }) => send(run, widened(Number(readBits(run.state, source))), maxLen),
  output_trunc: (run, { port, maxLen }) => {
    run.truncatedTo = maxLen
    send(run, port, 0xffff)
    run.truncatedTo = undefined
  },
  controller: (run, { type: _type, ...options }) => {
    toController(run, options)
    if (options.pause) run.ended = 'paused'
  },
  group: toGroup,
  bundle: (run, action) => send(run, member(run, action), 0xffff),
  bundle_load: (run, action) => {
    const port = member(run, action)
    run.state = writeBits(run.state, action.destination, BigInt(port & 0xffff))
  },
}
