/**
 * Monitors over a session: the methods that make a server tell of changes, `monitor` (RFC 7047, section 4.1.5), and `monitor_cond`,
 * `monitor_cond_change`, `monitor_cond_since` (ovsdb-server(7), sections 4.1.12 to 4.1.15). All news of a monitor goes to one sink in the order of
 * the wire: first the reply, then each notification. Their form is read in `monitor.ts`, their meaning is the replica's business.
 */
import type { Json } from './json.js'
import {
  conditionChangeParams,
  type MonitorMethod,
  type MonitorNotification,
  type MonitorReply,
  type MonitorRequest,
  monitorParams,
  readNotification,
  readReply,
} from './monitor.js'
import type { RequestOptions, Session } from './session.js'
import { Topic } from './topic.js'

export type MonitorEvent =
  | { readonly kind: 'reply'; readonly reply: MonitorReply }
  | { readonly kind: 'update'; readonly update: MonitorNotification }
  /** The server ended the monitor: the database's schema changed, or the database is gone. */
  | { readonly kind: 'canceled' }

const notifications = ['update', 'update2', 'update3', 'monitor_canceled'] as const

/**
 * Starts a monitor. Resolves when the sink has the reply; rejects as `Session.request` does (`unknown-method` where the server is too old for
 * this one), or with what the sink threw at the reply. What it throws later ends the session.
 */
export const startMonitor = async (
  session: Session,
  method: MonitorMethod,
  request: MonitorRequest,
  sink: (event: MonitorEvent) => void,
  options?: RequestOptions,
): Promise<void> => {
  const topic = new Topic(sink)
  for (const name of notifications) {
    session.subscribe(name, request.monitor, (params) => topic.deliver(readEvent(name, params)))
  }
  try {
    const reply = await session.request(method, monitorParams(method, request), options)
    topic.open({ kind: 'reply', reply: readReply(method, reply) })
  } catch (error) {
    unsubscribe(session, request.monitor)
    throw error
  }
}

const readEvent = (method: string, params: readonly Json[]): MonitorEvent => {
  const update = readNotification(method, params)
  return update === undefined ? { kind: 'canceled' } : { kind: 'update', update }
}

/** Changes the conditions of a monitor that runs, table by table. What that changes in view comes to its sink before this resolves. */
export const changeConditions = async (
  session: Session,
  monitor: string,
  where: Readonly<Record<string, readonly Json[]>>,
  options?: RequestOptions,
): Promise<void> => {
  await session.request('monitor_cond_change', conditionChangeParams(monitor, where), options)
}

/** Ends a monitor (`monitor_cancel`, 4.1.7). Its sink hears nothing more. */
export const cancelMonitor = async (
  session: Session,
  monitor: string,
  options?: RequestOptions,
): Promise<void> => {
  unsubscribe(session, monitor)
  await session.request('monitor_cancel', [monitor], options)
}

const unsubscribe = (session: Session, monitor: string): void => {
  for (const name of notifications) session.unsubscribe(name, monitor)
}
