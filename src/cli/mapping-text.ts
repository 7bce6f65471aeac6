/** Mappings, answers and histories for people. */
import type { Mapping, MappingAnswer, MappingHistory } from '#api/client.js'
import type { Palette } from './palette.js'
import { type Column, detailsOf, tableOf } from './table.js'
import { plain } from './text.js'

type Answer = MappingAnswer['answer']
type Record = Pick<Mapping, 'iid' | 'eid' | 'ttl' | 'action' | 'locators'>
type Locator = Mapping['locators'][number]
type State = NonNullable<MappingHistory['changes'][number]['after']>

/** `[100]10.0.0.0/8`; without `[…]` where the instance id is 0. */
export const eidText = ({ iid, eid }: { readonly iid: number; readonly eid: string }): string =>
  plain(iid === 0 ? eid : `[${iid}]${eid}`)

/** `192.0.2.1 1/100`: priority and weight. */
const locatorText = ({ rloc, priority, weight, reachable }: Locator): string =>
  plain(`${rloc} ${priority}/${weight}${reachable ? '' : ' unreachable'}`)

const locatorsText = (locators: readonly Locator[], without: string): string =>
  locators.length === 0 ? without : locators.map(locatorText).join(', ')

export const mappingColumns: readonly Column<Mapping>[] = [
  { title: 'IID', align: 'right', cell: ({ iid }) => String(iid) },
  { title: 'EID', cell: ({ eid }) => plain(eid) },
  { title: 'LOCATORS', cell: ({ locators, action }) => locatorsText(locators, action) },
  { title: 'ORIGIN', cell: ({ origin }) => origin },
  { title: 'OWNER', cell: ({ owner }) => plain(owner) },
  { title: 'SITE', cell: ({ site }) => plain(site ?? '') },
  { title: 'TTL', align: 'right', cell: ({ ttl }) => minutes(ttl) },
]

const minutes = (ttl: number): string => `${ttl} min`

/** What became of a change: `mapping 10.1.0.0/16 is static: 192.0.2.1 1/100, TTL 1440 min`. */
export const mappingLine = (mapping: Mapping, palette: Palette): string =>
  `mapping ${palette.bold(eidText(mapping))} is ${mapping.origin}: ${saidOf(mapping)}\n`

const saidOf = ({ locators, action, ttl }: Record): string =>
  `${locatorsText(locators, action)}, TTL ${minutes(ttl)}`

const recordText = (record: Record): string => `${eidText(record)}: ${saidOf(record)}`

const kindText = (answer: Answer, palette: Palette): string => {
  switch (answer.kind) {
    case 'reply':
      return palette.green('reply')
    case 'negative':
      return palette.yellow('negative reply')
    case 'forward':
      return `${palette.green('forwarded')} to ${plain(answer.to)}`
    case 'no-etr':
      return palette.red('none')
    case 'quiet':
      return `${palette.yellow('none')} before ${answer.until}`
  }
}

const recordsOf = (answer: Answer): readonly Record[] => {
  if (answer.kind === 'reply') return answer.records
  return answer.kind === 'negative' ? [answer.record] : []
}

export const answerDetails = (found: MappingAnswer, palette: Palette): string => {
  const { answer, site, covering } = found
  const records = recordsOf(answer).map(recordText).join('\n')
  const details = detailsOf(
    [
      ['eid', palette.bold(eidText(found))],
      ['answer', kindText(answer, palette)],
      ['why', plain(found.why)],
      [records.includes('\n') ? 'records' : 'record', records || undefined],
      ['site', site === undefined ? undefined : `${plain(site.name)}, by ${plain(site.eid)}`],
    ],
    palette,
  )
  return covering.length === 0 ? details : `${details}\n${tableOf(mappingColumns, covering, palette)}`
}

const stateText = (state: State | undefined): string =>
  state === undefined ? '-' : `${plain(state.owner)}: ${locatorsText(state.locators, 'nowhere')}`

export const historyColumns: readonly Column<MappingHistory['changes'][number]>[] = [
  { title: 'AT', cell: ({ at }) => at },
  { title: 'CAUSE', cell: ({ cause }) => cause },
  { title: 'BEFORE', cell: ({ before }) => stateText(before) },
  { title: 'AFTER', cell: ({ after }) => stateText(after) },
]
