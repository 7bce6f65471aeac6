/** Networks and their leases for people. */
import type { Lease, Network } from '#api/client.js'
import type { Palette } from './palette.js'
import { type Column, detailsOf } from './table.js'
import { counted, duration, plain } from './text.js'

const subnetsText = ({ subnets }: Network): string => subnets.map(({ cidr }) => cidr).join(', ')

export const networkColumns: readonly Column<Network>[] = [
  { title: 'NETWORK', cell: ({ name }) => plain(name) },
  { title: 'VNI', align: 'right', cell: ({ vni }) => String(vni) },
  { title: 'SUBNETS', cell: (network) => plain(subnetsText(network)) },
  { title: 'MTU', align: 'right', cell: ({ mtu }) => String(mtu ?? '') },
  { title: 'RESOLUTION', cell: ({ resolution }) => resolution },
  { title: 'NODES', align: 'right', cell: ({ nodes }) => String(nodes) },
  { title: 'ENDPOINTS', align: 'right', cell: ({ endpoints }) => String(endpoints) },
]

const subnetLine = ({ cidr, gateway, exclude }: Network['subnets'][number]): string => {
  const without = exclude.length === 0 ? '' : `, without ${exclude.join(' ')}`
  return plain(`${cidr} by ${gateway}${without}`)
}

const linesOf = <T>(values: readonly T[], textOf: (value: T) => string): string | undefined =>
  values.length === 0 ? undefined : values.map((value) => plain(textOf(value))).join('\n')

export const networkDetails = (network: Network, palette: Palette): string => {
  const { name, vni, mtu, resolution, idleTimeoutSeconds, routes, reservations } = network
  const learnt =
    resolution === 'proactive' ? resolution : `${resolution}, entries idle for ${idleTimeoutSeconds} s go`
  return detailsOf(
    [
      ['network', palette.bold(plain(name))],
      ['vni', String(vni)],
      ['subnets', network.subnets.map(subnetLine).join('\n')],
      ['mtu', mtu === undefined ? 'what the underlay carries' : String(mtu)],
      ['resolution', learnt],
      [
        'routes',
        linesOf(
          routes,
          ({ destination, gateway }) => `${destination}${gateway === undefined ? '' : ` by ${gateway}`}`,
        ),
      ],
      ['reserved', linesOf(reservations, ({ address, endpoint }) => `${address} for ${endpoint}`)],
      ['isolated', network.isolation ? 'yes' : undefined],
      ['broadcast', network.broadcast ? 'yes' : undefined],
      ['holds', `${counted(network.endpoints, 'endpoint')} on ${counted(network.nodes, 'node')}`],
      ['made', `${network.createdAt} by ${plain(network.createdBy)}, request ${plain(network.requestId)}`],
    ],
    palette,
  )
}

/** `now` is the time of day, in milliseconds since the epoch. */
export const leaseColumns = (now: number): readonly Column<Lease>[] => [
  { title: 'NETWORK', cell: ({ network }) => plain(network) },
  { title: 'ADDRESS', cell: ({ address }) => plain(address) },
  { title: 'ENDPOINT', cell: ({ owner }) => plain(owner ?? '') },
  { title: 'NODE', cell: ({ node }) => plain(node ?? '') },
  { title: 'RESTS', cell: ({ restsUntil }) => restText(restsUntil, now) },
]

const restText = (until: string | undefined, now: number): string => {
  if (until === undefined) return ''
  const left = Date.parse(until) - now
  return left > 0 ? duration(left) : 'over'
}
