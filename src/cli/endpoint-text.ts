/** Endpoints and map-caches for people. */
import type { Endpoint, MapCacheEntry } from '#api/client.js'
import type { Palette } from './palette.js'
import { receiptText } from './receipt-text.js'
import { type Column, detailsOf } from './table.js'
import { counted, duration, plain } from './text.js'

const stateText = ({ status: { state } }: Endpoint, palette: Palette): string =>
  state === 'up' ? palette.green(state) : palette.yellow(state)

/** Why an endpoint is not up; nothing when it is. */
export const reasonsOf = ({ status }: Endpoint): readonly string[] =>
  status.state === 'pending' ? status.reasons.map(({ message }) => plain(message)) : []

const addressesText = ({ addresses }: Endpoint): string =>
  plain(addresses.map(({ address }) => address).join(', '))

/** The pod, or the container, that an endpoint is for. */
const containerText = ({ container }: Endpoint): string => {
  if (container === undefined) return ''
  const { id, namespace, pod } = container
  return plain(
    pod === undefined ? id.slice(0, 12) : `${namespace === undefined ? '' : `${namespace}/`}${pod}`,
  )
}

export const endpointColumns = (palette: Palette): readonly Column<Endpoint>[] => [
  { title: 'ENDPOINT', cell: ({ id }) => plain(id) },
  { title: 'STATE', cell: (endpoint) => stateText(endpoint, palette) },
  { title: 'NETWORK', cell: ({ network }) => plain(network) },
  { title: 'NODE', cell: ({ node }) => plain(node) },
  { title: 'INTERFACE', cell: ({ interface: name }) => plain(name) },
  { title: 'ADDRESSES', cell: addressesText },
  { title: 'FOR', cell: containerText },
  { title: 'WHY', cell: (endpoint) => shortReasons(reasonsOf(endpoint)) },
]

/** The first reason stands for the others; `endpoints show` has them all. */
const shortReasons = ([first = '', ...others]: readonly string[]): string =>
  others.length === 0 ? first : `${first} (and ${counted(others.length, 'other reason')})`

/** What became of a change: `endpoint web is up: n1:veth7 in red, 10.0.0.2/24, 0a:58:0a:00:00:02`. */
export const endpointLine = (endpoint: Endpoint, palette: Palette): string => {
  const { id, node, network, mac, addresses } = endpoint
  const facts = [
    `${node}:${endpoint.interface} in ${network}`,
    ...addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
    mac,
  ]
  const receipt = receiptText(endpoint)
  return [
    `endpoint ${palette.bold(plain(id))} is ${stateText(endpoint, palette)}: ${plain(facts.join(', '))}\n`,
    receipt === undefined ? '' : `${palette.dim(receipt)}\n`,
  ].join('')
}

export const endpointDetails = (endpoint: Endpoint, palette: Palette): string => {
  const { container, routes, mtu } = endpoint
  const reasons = reasonsOf(endpoint)
  const labels = Object.entries(endpoint.labels).map(([name, value]) => plain(`${name}=${value}`))
  return detailsOf(
    [
      ['endpoint', palette.bold(plain(endpoint.id))],
      ['state', stateText(endpoint, palette)],
      ['why', reasons.length === 0 ? undefined : reasons.join('\n')],
      ['network', plain(`${endpoint.network}, VNI ${endpoint.vni}`)],
      ['interface', plain(`${endpoint.node}:${endpoint.interface}`)],
      ['mac', plain(endpoint.mac)],
      ['addresses', endpoint.addresses.map(addressLine).join('\n')],
      [
        'routes',
        routes.length === 0 ? undefined : routes.map(({ destination }) => plain(destination)).join('\n'),
      ],
      ['mtu', mtu === undefined ? undefined : String(mtu)],
      ['container', container === undefined ? undefined : plain(`${container.id}, ${container.interface}`)],
      ['pod', container?.pod === undefined ? undefined : containerText(endpoint)],
      ['labels', labels.length === 0 ? undefined : labels.join('\n')],
      ['made', `${endpoint.createdAt} by ${plain(endpoint.createdBy)}, request ${plain(endpoint.requestId)}`],
      ['receipt', receiptText(endpoint)],
    ],
    palette,
  )
}

const addressLine = ({ address, prefixLength, gateway }: Endpoint['addresses'][number]): string =>
  plain(`${address}/${prefixLength} by ${gateway}`)

const whyText: Readonly<Record<MapCacheEntry['why'], string>> = {
  local: 'is on this node',
  resolved: 'traffic asked for it',
  proactive: 'the network is proactive',
  moved: 'has moved away',
  negative: 'nobody has it',
}

export const cacheColumns: readonly Column<MapCacheEntry>[] = [
  { title: 'NETWORK', cell: ({ network }) => plain(network) },
  { title: 'EID', cell: ({ eid }) => plain(eid) },
  { title: 'NODE', cell: ({ node }) => plain(node ?? '') },
  { title: 'RLOC', cell: ({ rloc }) => plain(rloc ?? '') },
  { title: 'PACKETS', align: 'right', cell: ({ packets }) => packets },
  {
    title: 'IDLE',
    align: 'right',
    cell: ({ idleSeconds }) => (idleSeconds === undefined ? '' : duration(idleSeconds * 1000)),
  },
  { title: 'WHY', cell: ({ why }) => whyText[why] },
]
