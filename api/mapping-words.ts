/** Mappings, answers and histories in the words of REST: their schemas, and the model's values as such. */
import { z } from 'zod'
import {
  type AnswerView,
  type LocatorView,
  type MappingChangeView,
  type MappingExplanation,
  type MappingRecordView,
  type MappingStateView,
  type MappingView,
  mappingCauses,
  mappingOrigins,
} from '#model/mapping.js'
import { mappingActions } from '#model/site.js'
import { whyOf } from './mapping-why.js'
import { madeBy } from './routes/sites.js'

const locator = z
  .object({
    rloc: z.string(),
    priority: z.int().describe('0 is preferred, 255: not for unicast packets'),
    weight: z.int().describe('Share among locators of one priority'),
    multicastPriority: z.int(),
    multicastWeight: z.int(),
    reachable: z.boolean(),
  } satisfies Record<keyof LocatorView, z.ZodType>)
  .meta({ id: 'Locator' })

const record = {
  iid: z.int().describe('Instance id'),
  eid: z.string().describe('With the length of its prefix'),
  ttl: z.int().describe('Minutes'),
  action: z
    .enum([...mappingActions, 'unassigned-6', 'unassigned-7'])
    .describe('What becomes of packets where there are no locators'),
  locators: z.array(locator),
} satisfies Record<keyof MappingRecordView, z.ZodType>

export const mapping = z
  .object({
    ...record,
    origin: z.enum(mappingOrigins).describe('Said by a router, by an operator, or on a node of the fabric'),
    owner: z.string().describe('For people: the router, `static`, or the node'),
    node: z.string().optional(),
    site: z.string().optional(),
    proxyReply: z.boolean().describe('Heddle answers for it; otherwise the request goes on to a router'),
    mapVersion: z.int(),
    since: z.iso.datetime().describe('The prefix came in'),
    refreshed: z.iso.datetime().describe('It was said last'),
    expires: z.iso.datetime().optional().describe('Absent: it stays'),
    createdBy: z.string().optional().describe('The name of the bearer token, for a static one'),
    createdAt: z.iso.datetime().optional(),
    requestId: z.string().optional(),
  })
  .meta({ id: 'Mapping' })
export type Mapping = z.infer<typeof mapping>

export const mappingList = z
  .object({ mappings: z.array(mapping), next: z.string().optional().describe('`after` of the next page') })
  .meta({ id: 'MappingList' })
export type MappingList = z.infer<typeof mappingList>

const mappingRecord = z.object(record).meta({ id: 'MappingRecord' })

const answer = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('reply'), records: z.array(mappingRecord) }),
    z.object({
      kind: z.literal('negative'),
      record: mappingRecord.describe('Its EID is the hole around the one that was asked for'),
    }),
    z.object({ kind: z.literal('forward'), to: z.string().describe('The router that answers') }),
    z.object({ kind: z.literal('no-etr') }),
    z.object({ kind: z.literal('quiet'), until: z.iso.datetime() }),
  ])
  .meta({
    id: 'MapAnswer',
    description:
      'What a Map-Request is answered. `forward`: a router answers; `no-etr` and `quiet`: nobody does',
  })

export const explanation = z
  .object({
    iid: z.int(),
    eid: z.string().describe('What was asked for, in one form'),
    answer,
    why: z.string().describe('For people'),
    mapping: mapping.optional().describe('The longest match, where the answer comes from it'),
    covering: z.array(mapping).describe('All mappings that cover the EID, the shortest prefix first'),
    site: z.object({ name: z.string(), eid: z.string() }).optional().describe('Whose EID it is'),
  } satisfies Record<keyof MappingExplanation | 'why', z.ZodType>)
  .meta({ id: 'MappingAnswer' })
export type MappingAnswer = z.infer<typeof explanation>

const state = z
  .object({
    owner: z.string(),
    locators: z.array(locator),
    ttl: z.int().describe('Minutes'),
  } satisfies Record<keyof MappingStateView, z.ZodType>)
  .meta({ id: 'MappingState' })

export const mappingHistory = z
  .object({
    changes: z.array(
      z.object({
        at: z.iso.datetime(),
        cause: z.enum(mappingCauses),
        before: state.optional().describe('Absent: it came in'),
        after: state.optional().describe('Absent: it went'),
      } satisfies Record<keyof MappingChangeView, z.ZodType>),
    ),
  })
  .meta({ id: 'MappingHistory' })
export type MappingHistory = z.infer<typeof mappingHistory>

const timeText = (at: number): string => new Date(at).toISOString()

const recordOf = ({ iid, eid, ttl, action, locators }: MappingRecordView) => ({
  iid,
  eid,
  ttl,
  action,
  locators: [...locators],
})

export const mappingOf = (view: MappingView): Mapping => {
  const { origin, owner, node, site, proxyReply, mapVersion, since, refreshed, expires } = view
  return {
    ...recordOf(view),
    origin,
    owner,
    ...(node === undefined ? {} : { node }),
    ...(site === undefined ? {} : { site }),
    proxyReply,
    mapVersion,
    since: timeText(since),
    refreshed: timeText(refreshed),
    ...(expires === undefined ? {} : { expires: timeText(expires) }),
    ...madeBy(view.provenance),
  }
}

const answerOf = (view: AnswerView): MappingAnswer['answer'] => {
  switch (view.kind) {
    case 'reply':
      return { kind: 'reply', records: view.records.map(recordOf) }
    case 'negative':
      return { kind: 'negative', record: recordOf(view.record) }
    case 'quiet':
      return { kind: 'quiet', until: timeText(view.until) }
    default:
      return view
  }
}

export const explanationOf = (view: MappingExplanation): MappingAnswer => ({
  iid: view.iid,
  eid: view.eid,
  answer: answerOf(view.answer),
  why: whyOf(view),
  ...(view.mapping === undefined ? {} : { mapping: mappingOf(view.mapping) }),
  covering: view.covering.map(mappingOf),
  ...(view.site === undefined ? {} : { site: view.site }),
})

const stateOf = ({ owner, locators, ttl }: MappingStateView) => ({ owner, locators: [...locators], ttl })

export const historyOf = (changes: readonly MappingChangeView[]): MappingHistory => ({
  changes: changes.map(({ at, cause, before, after }) => ({
    at: timeText(at),
    cause,
    ...(before === undefined ? {} : { before: stateOf(before) }),
    ...(after === undefined ? {} : { after: stateOf(after) }),
  })),
})
