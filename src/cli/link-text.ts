/** Links for people: a line, a table row, a page of details. */
import type { Link } from '#api/client.js'
import type { WireEnd } from '#model/wire.js'
import type { Palette } from './palette.js'
import { receiptText } from './receipt-text.js'
import { type Column, detailsOf } from './table.js'
import { counted, plain } from './text.js'

export const endText = ({ node, interface: name }: WireEnd): string => plain(`${node}:${name}`)

export const stateText = ({ status: { state } }: Link, palette: Palette): string => {
  const colours = { up: palette.green, down: palette.red, pending: palette.yellow }
  return colours[state](state)
}

/** Why a link is not up; nothing when it is. */
export const reasonsOf = ({ status }: Link): readonly string[] => {
  if (status.state === 'pending') return status.reasons.map(({ message }) => plain(message))
  return status.state === 'down' ? [`no carrier at ${status.lostCarrier.join(' and ')}`] : []
}

const rateText = (rateMbps: number | undefined): string =>
  rateMbps === undefined ? '' : `${rateMbps} Mbit/s`

export const linkColumns = (palette: Palette): readonly Column<Link>[] => [
  { title: 'LINK', cell: ({ name }) => plain(name) },
  { title: 'STATE', cell: (link) => stateText(link, palette) },
  { title: 'A', cell: ({ a }) => endText(a) },
  { title: 'B', cell: ({ b }) => endText(b) },
  { title: 'VNI', align: 'right', cell: ({ vni }) => String(vni) },
  { title: 'MTU', align: 'right', cell: ({ effectiveMtu, mtu }) => String(effectiveMtu ?? mtu ?? '') },
  { title: 'RATE', align: 'right', cell: ({ rateMbps }) => rateText(rateMbps) },
  { title: 'TOPOLOGY', cell: ({ topology }) => plain(topology ?? '') },
  { title: 'WHY', cell: (link) => shortReasons(reasonsOf(link)) },
]

/** The first reason stands for the others; `links show` has them all. */
const shortReasons = ([first = '', ...others]: readonly string[]): string =>
  others.length === 0 ? first : `${first} (and ${counted(others.length, 'other reason')})`

/** What became of a change: `link blue is up: n1:eth0 to n2:eth0, VNI 4096, MTU 1450`. */
export const linkLine = (link: Link, palette: Palette): string => {
  const { name, a, b, vni, effectiveMtu, rateMbps } = link
  const facts = [
    `${endText(a)} to ${endText(b)}`,
    `VNI ${vni}`,
    ...(effectiveMtu === undefined ? [] : [`MTU ${effectiveMtu}`]),
    ...(rateMbps === undefined ? [] : [rateText(rateMbps)]),
  ]
  const receipt = receiptText(link)
  return [
    `link ${palette.bold(plain(name))} is ${stateText(link, palette)}: ${facts.join(', ')}\n`,
    receipt === undefined ? '' : `${palette.dim(receipt)}\n`,
  ].join('')
}

/** What was asked for, and what is in force where that is something else. */
const mtuText = ({ mtu, effectiveMtu }: Link): string | undefined => {
  if (mtu === undefined) return effectiveMtu === undefined ? undefined : String(effectiveMtu)
  return effectiveMtu === undefined || effectiveMtu === mtu ? String(mtu) : `${mtu}, in force ${effectiveMtu}`
}

export const linkDetails = (link: Link, palette: Palette): string => {
  const reasons = reasonsOf(link)
  const { rateMbps, topology } = link
  return detailsOf(
    [
      ['link', palette.bold(plain(link.name))],
      ['state', stateText(link, palette)],
      ['why', reasons.length === 0 ? undefined : reasons.join('\n')],
      ['a', endText(link.a)],
      ['b', endText(link.b)],
      ['vni', String(link.vni)],
      ['mtu', mtuText(link)],
      ['rate', rateMbps === undefined ? undefined : rateText(rateMbps)],
      ['topology', topology === undefined ? undefined : plain(topology)],
      ['made', `${link.createdAt} by ${plain(link.createdBy)}, request ${plain(link.requestId)}`],
      ['receipt', receiptText(link)],
    ],
    palette,
  )
}
