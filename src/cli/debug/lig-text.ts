/** What `heddle lig` has learned: for people, and for programs. */
import { printAddress, printEid, printPrefix } from '#lisp/address-text.js'
import type { Locator, MappingRecord } from '#lisp/records.js'
import type { Palette } from '../palette.js'
import { type Column, detailsOf, tableOf } from '../table.js'
import { duration, plain } from '../text.js'
import { type Answered, type Asking, placeText } from './lig-ask.js'

/** A record's locator, or a record without any. */
interface Row {
  readonly record: MappingRecord
  readonly locator: Locator | undefined
  /** Later rows of a record leave out what is the same. */
  readonly isFirst: boolean
}

const rowsOf = (records: readonly MappingRecord[]): readonly Row[] =>
  records.flatMap((record): readonly Row[] =>
    record.locators.length === 0
      ? [{ record, locator: undefined, isFirst: true }]
      : record.locators.map((locator, index) => ({ record, locator, isFirst: index === 0 })),
  )

const stateText = ({ flags, priority }: Locator, palette: Palette): string => {
  const reach = flags.reachable ? palette.green('up') : palette.red('down')
  const notes = [...(priority === 255 ? ['not for packets'] : []), ...(flags.local ? ['local'] : [])]
  return [reach, ...notes].join(', ')
}

const columns = (palette: Palette): readonly Column<Row>[] => {
  const ofRecord =
    (text: (record: MappingRecord) => string) =>
    ({ record, isFirst }: Row): string =>
      isFirst ? plain(text(record)) : ''
  const ofLocator =
    (text: (locator: Locator) => string) =>
    ({ locator }: Row): string =>
      locator === undefined ? '' : text(locator)
  return [
    { title: 'EID-PREFIX', cell: ofRecord(({ eid, maskLength }) => printPrefix(eid, maskLength)) },
    { title: 'TTL', align: 'right', cell: ofRecord(({ ttl }) => `${ttl} min`) },
    { title: 'ACTION', cell: ofRecord(({ locators, action }) => (locators.length > 0 ? '' : action)) },
    { title: 'LOCATOR', cell: ofLocator(({ rloc }) => plain(printAddress(rloc))) },
    { title: 'PRIORITY', align: 'right', cell: ofLocator(({ priority }) => String(priority)) },
    { title: 'WEIGHT', align: 'right', cell: ofLocator(({ weight }) => String(weight)) },
    { title: 'STATE', cell: ofLocator((locator) => stateText(locator, palette)) },
  ]
}

/** What the answer comes to, in a word. */
const verdictOf = ({ reply }: Answered): string => {
  const [record] = reply.records
  if (record === undefined) return 'empty'
  return record.locators.length > 0 ? 'mapping' : 'negative'
}

export const ligText = (asking: Asking, answered: Answered, palette: Palette): string => {
  const { from, rttMs, attempt, reply } = answered
  const verdict = verdictOf(answered)
  const again = attempt === 1 ? '' : `, at attempt ${attempt}`
  const details = detailsOf(
    [
      ['eid', palette.bold(plain(printEid(asking.eid)))],
      ['resolver', placeText(asking.resolver)],
      ['answer', verdict === 'mapping' ? palette.green(verdict) : palette.yellow(verdict)],
      ['by', `${placeText(from)} in ${duration(rttMs)}${again}`],
    ],
    palette,
  )
  return reply.records.length === 0
    ? details
    : `${details}\n${tableOf(columns(palette), rowsOf(reply.records), palette)}`
}

/** As REST names the same things. */
export const ligValue = (asking: Asking, answered: Answered) => ({
  eid: printEid(asking.eid),
  resolver: placeText(asking.resolver),
  answer: verdictOf(answered),
  from: placeText(answered.from),
  rttMs: Math.round(answered.rttMs * 1_000) / 1_000,
  attempt: answered.attempt,
  records: answered.reply.records.map(({ eid, maskLength, ttl, action, authoritative, locators }) => ({
    eid: printPrefix(eid, maskLength),
    ttl,
    action,
    authoritative,
    locators: locators.map(({ rloc, priority, weight, multicastPriority, multicastWeight, flags }) => ({
      rloc: printAddress(rloc),
      priority,
      weight,
      multicastPriority,
      multicastWeight,
      reachable: flags.reachable === true,
      local: flags.local === true,
    })),
  })),
})
