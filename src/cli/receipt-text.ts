/** How long a change took, part by part, for people. */
import type { Link } from '#api/client.js'
import { duration, plain } from './text.js'

export const receiptText = ({ receipt }: Pick<Link, 'receipt'>): string | undefined => {
  if (receipt === undefined) return undefined
  const { storedMs, portsReadyMs, flowsConfirmedMs, totalMs } = receipt
  return [
    `stored ${duration(storedMs)}`,
    ...(portsReadyMs === undefined ? [] : [`ports ready ${duration(portsReadyMs)}`]),
    ...Object.entries(flowsConfirmedMs).map(([node, ms]) => `${plain(node)} confirmed ${duration(ms)}`),
    ...(totalMs === undefined ? [] : [`all ${duration(totalMs)}`]),
  ].join(', ')
}
