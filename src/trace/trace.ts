/**
 * What a switch's flow tables do to a packet: where it comes out, and in what form. Pure; behind the fake switch of the tests
 * now, behind tracing for operators later.
 */
import type { Action } from '#openflow/actions.js'
import type { FieldName } from '#openflow/fields.js'
import { executeActionSet, executeActions } from './execute.js'
import { type ParseOptions, parsePacket } from './packet.js'
import { unset } from './pipeline-actions.js'
import { GivenUp, Run, type TraceOptions } from './run.js'
import type { FieldValues, PacketState } from './state.js'
import type { Trace, TracedSwitch, Unfinished } from './switch.js'

export type { TraceOptions } from './run.js'

/** A packet that comes in. `values`: what is known of it beyond its bytes, such as the tunnel it came through. */
export interface Arrival extends ParseOptions {
  readonly inPort: number
  readonly bytes: Uint8Array
  readonly values?: FieldValues
}

export const arrivalState = ({ inPort, bytes, values, ...options }: Arrival): PacketState => ({
  packet: parsePacket(bytes, options),
  values: new Map<FieldName, number | bigint>([
    ['actset_output', unset],
    ...(values ?? []),
    ['in_port', inPort],
  ]),
})

const traced = (run: Run, begin: () => void): Trace => {
  try {
    begin()
    executeActionSet(run)
    return run.finish()
  } catch (error) {
    if (!(error instanceof GivenUp)) throw error
    return run.finish(error.message)
  }
}

/** A packet that comes in by a port: table 0 and what follows. */
export const tracePacket = (target: TracedSwitch, arrival: Arrival, options: TraceOptions = {}): Trace => {
  const run = new Run(target, arrivalState(arrival), options, executeActions)
  return traced(run, () => run.lookup(0))
}

/** A packet that a controller sends (OFPT_PACKET_OUT): its actions and what they lead to. */
export const tracePacketOut = (
  target: TracedSwitch,
  arrival: Arrival,
  actions: readonly Action[],
  options: TraceOptions = {},
): Trace => {
  const run = new Run(target, arrivalState(arrival), options, executeActions)
  return traced(run, () => run.execute(actions))
}

/** A paused packet that goes on (NXT_RESUME), with what it was when it was paused. */
export const traceResumed = (
  target: TracedSwitch,
  state: PacketState,
  unfinished: Unfinished,
  options: TraceOptions = {},
): Trace => {
  const run = new Run(target, state, options, executeActions)
  return traced(run, () => run.takeUp(unfinished))
}
