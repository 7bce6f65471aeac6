/**
 * Map-Requests, plain and encapsulated: answered, sent on to an ETR, or taken as subscriptions. RFC 9301, sections 5.2, 5.8 and 8.3;
 * RFC 9437, section 5.
 */
import type { Address, IpAddress } from '../address.js'
import { printEid } from '../address-text.js'
import { type Proof, seal } from '../auth.js'
import { type Eid, eidOf } from '../eid.js'
import type { Answer, MapResolver } from '../map-resolver.js'
import type { Encapsulated } from '../messages/encapsulated.js'
import type { Datagram } from '../messages/inner-packet.js'
import { ipAddressOf, type MapRequest } from '../messages/map-request.js'
import type { XtrIdentity } from '../messages/parts.js'
import { decodeMessage, encodeMessage } from '../messages.js'
import type { EidRecord, MappingRecord } from '../records.js'
import { negativeRecord, nobodysTtl, recordOf } from './answers.js'
import type { Askers } from './askers.js'
import type { Endpoint, Outbox } from './effects.js'
import type { SourceBuckets } from './limits.js'
import type { MapServerOptions } from './options.js'
import { type Refusals, type Refused, refused } from './refusals.js'
import { checkedEid } from './registration.js'
import type { Sites } from './sites.js'
import type { Subscriptions } from './subscriptions.js'
import type { Xtrs } from './xtrs.js'

export interface ResolutionParts {
  readonly resolver: MapResolver
  readonly sites: Sites
  readonly xtrs: Xtrs
  readonly subscriptions: Subscriptions
  readonly askers: Askers
  readonly refusals: Refusals
  readonly sources: SourceBuckets
  readonly counters: { replies: number; negatives: number; forwards: number }
  readonly options: MapServerOptions
  readonly rloc: IpAddress
  /** No negative reply before this time. */
  readonly quietUntil: number
}

/** A Map-Request, and who is to have the answer. */
interface Question {
  readonly message: MapRequest
  readonly from: Endpoint
  /** The source of the request itself: that of the inner packet where it came encapsulated. */
  readonly asker: Endpoint
  readonly inner?: Datagram
  readonly now: number
  readonly out: Outbox
}

const noFlags = {}

/** A record that wants to subscribe. */
interface Wish {
  readonly identity: XtrIdentity
  readonly wanted: EidRecord
  readonly asked: Eid
  readonly answer: Answer
  /** What is to be replied. */
  readonly records: MappingRecord[]
}

export class Resolution {
  readonly #parts: ResolutionParts

  constructor(parts: ResolutionParts) {
    this.#parts = parts
  }

  take(
    message: MapRequest | Encapsulated,
    data: Uint8Array,
    from: Endpoint,
    now: number,
    out: Outbox,
  ): Refused | undefined {
    if (message.type === 'map-request')
      return this.#takeRequest({ message, from, asker: from, now, out }, data)
    const { inner } = message
    const asker = { address: inner.source, port: inner.sourcePort }
    if (inner.checksums === 'wrong') return refused('wrong-checksum')
    const request = decodeMessage(inner.payload)
    if (request.type !== 'map-request') return refused('unsupported', `encapsulated ${request.type}`)
    return this.#takeRequest({ message: request, from, asker, inner, now, out }, inner.payload)
  }

  #takeRequest(question: Question, data: Uint8Array): Refused | undefined {
    const { message, from, now, out } = question
    // A probe is for an ETR.
    if (message.flags.probe) return refused('unsupported', 'RLOC-probe')
    if (message.records.length === 0) return refused('no-records')
    if (message.flags.smr) {
      out.push({ do: 'pass', message, data, from })
      return undefined
    }
    const records: MappingRecord[] = []
    for (const wanted of message.records) {
      const refusal = this.#answer(question, wanted, data, records)
      if (refusal !== undefined) this.#parts.refusals.refuse(refusal, from, now, out)
    }
    return records.length === 0 || message.flags.dontReply ? undefined : this.#reply(question, records)
  }

  /** Adds what is to be replied to `records`; or subscribes; or sends the request on. */
  #answer(
    question: Question,
    wanted: EidRecord,
    data: Uint8Array,
    records: MappingRecord[],
  ): Refused | undefined {
    const eid = checkedEid(wanted)
    if (typeof eid === 'string') return refused(eid)
    const { message } = question
    const answer = this.#parts.resolver.answer(eid, message.flags.authoritative === true)
    if (wanted.notify && message.xtr !== undefined) {
      return this.#subscribe(question, { identity: message.xtr, wanted, asked: eid, answer, records })
    }
    switch (answer.kind) {
      case 'reply':
        this.#noteAsker(question, answer.mapping.id)
        return this.#give(wanted, answer.records, records)
      case 'negative':
        if (question.now < this.#parts.quietUntil) return refused('quiet', printEid(eid))
        return this.#give(wanted, [answer.record], records)
      case 'forward':
        return this.#forward(question, answer.to, wanted, data)
      case 'no-etr':
        return refused('no-etr', printEid(answer.mapping.eid))
    }
  }

  #give(wanted: EidRecord, answers: readonly MappingRecord[], records: MappingRecord[]): undefined {
    const { counters } = this.#parts
    for (const record of answers) {
      if (record.locators.length === 0) counters.negatives += 1
      records.push(inFormOf(wanted, record))
    }
  }

  #noteAsker({ message, from, now }: Question, id: number): void {
    const address = replyAddress(message)
    if (address === undefined) return
    // The source is one object for all its requests: kept instead of its equal, it leaves nothing to be collected.
    const kept = address.value === from.address.value ? from.address : address
    this.#parts.askers.note(id, kept, now)
  }

  /** RFC 9301, section 5.5: to an ITR-RLOC, and to the port that the request came from. */
  #reply(question: Question, records: readonly MappingRecord[]): Refused | undefined {
    const { message, from, asker, now, out } = question
    const address = replyAddress(message)
    if (address === undefined) return refused('no-itr-rloc')
    if (!this.#maySend(address, from, now)) return refused('source-rate', 'replies')
    this.#parts.counters.replies += 1
    const data = encodeMessage({ type: 'map-reply', flags: noFlags, nonce: message.nonce, records })
    out.push({ do: 'send', to: { address, port: asker.port }, data })
    return undefined
  }

  /** Whoever asks in another's name floods him no more than he could flood us. */
  #maySend(to: IpAddress, from: Endpoint, now: number): boolean {
    return to.value === from.address.value || this.#parts.sources.take(to, now)
  }

  /** RFC 9301, section 8.3: the request as it is, encapsulated anew. */
  #forward({ inner, asker, out }: Question, to: IpAddress, wanted: EidRecord, data: Uint8Array): undefined {
    const { counters, options } = this.#parts
    counters.forwards += 1
    const packet = inner ?? this.#packet(asker, wanted, data)
    const message = encodeMessage({ type: 'encapsulated', flags: { toEtr: true }, inner: packet })
    out.push({ do: 'send', to: { address: to, port: options.controlPort }, data: message })
  }

  /** A header for a request that came without one: its destination is the EID, where that is an address of the asker's family. */
  #packet(
    { address: source, port: sourcePort }: Endpoint,
    { eid }: EidRecord,
    payload: Uint8Array,
  ): Datagram {
    const bare = eid.family === 'instance-id' ? eid.address : eid
    const { rloc, options } = this.#parts
    const sameFamily = [bare, rloc].find((one) => one.family === source.family)
    const dest = sameFamily?.family === 'ipv4' || sameFamily?.family === 'ipv6' ? sameFamily : source
    return { source, dest, sourcePort, destPort: options.controlPort, ttl: 64, payload }
  }

  /** RFC 9437, section 5. */
  #subscribe(question: Question, wish: Wish): Refused | undefined {
    const { message, from, now, out } = question
    const { identity, wanted, asked, answer, records } = wish
    const { subscriptions, askers } = this.#parts
    if (answer.kind === 'negative' && now < this.#parts.quietUntil) return refused('quiet', printEid(asked))
    const [record, ...within] = told(answer)
    const eid = eidOf(record) ?? asked
    const last = subscriptions.book.lastNonce(identity, eid) ?? subscriptions.book.lastNonce(identity, asked)
    if (last !== undefined && message.nonce <= last) return refused('replayed-nonce', printEid(asked))
    const proof = this.#proofOf(identity)
    if (proof === undefined)
      return this.#give(wanted, [negativeRecord(asked, 'drop-auth-failure', nobodysTtl)], records)
    if (isFarewell(message)) return this.#farewell(question, wish, proof)
    const rlocs = message.itrRlocs.flatMap((rloc) => ipAddressOf(rloc) ?? [])
    const [first] = rlocs
    if (first !== undefined && !this.#maySend(first, from, now)) return refused('source-rate', 'notices')
    const temporary = answer.kind === 'negative'
    const request = { identity, asked, eid, rlocs, nonce: message.nonce, proof, temporary }
    const known = [record, ...within].map((one) => inFormOf(wanted, one))
    if (subscriptions.subscribe({ ...request, records: known }, now, out)) {
      if (answer.kind !== 'negative') for (const rloc of rlocs) askers.forget(answer.mapping.id, rloc)
      return undefined
    }
    // No room is no reason to say nothing: the request is answered as any other.
    return this.#give(wanted, [record, ...within], records)
  }

  #farewell({ message, asker, out }: Question, { identity, asked, answer }: Wish, proof: Proof): undefined {
    const { nonce } = message
    this.#parts.subscriptions.unsubscribe(identity, asked, nonce)
    const data = seal({ type: 'map-notify', flags: {}, nonce, records: told(answer) }, proof)
    out.push({ do: 'send', to: { address: asker.address, port: this.#parts.options.controlPort }, data })
  }

  /**
   * The security association with a subscriber (RFC 9437, section 7.1): what it registers with, the key of its Site-ID's site, or
   * one configured for subscribers.
   */
  #proofOf(identity: XtrIdentity): Proof | undefined {
    const { xtrs, sites, options } = this.#parts
    const known = xtrs.find(identity)
    if (known !== undefined) return known.proof
    const { siteId } = identity
    const own = options.subscriberKeys.find((one) => one.siteId === siteId)
    const key =
      own?.key ??
      sites.bySiteId(siteId)?.keys[0] ??
      options.subscriberKeys.find((one) => one.siteId === undefined)?.key
    if (key === undefined) return undefined
    const algorithm = key.algorithms.includes('hmac-sha-256-128') ? 'hmac-sha-256-128' : key.algorithms[0]
    return algorithm === undefined ? undefined : { key, keyId: key.keyId, algorithm }
  }
}

/** The first ITR-RLOC that an answer can go to. */
const replyAddress = ({ itrRlocs }: MapRequest): IpAddress | undefined => {
  for (const rloc of itrRlocs) {
    const address = ipAddressOf(rloc)
    if (address !== undefined) return address
  }
  return undefined
}

/** A request to end a subscription: its one ITR-RLOC is no address. RFC 9437, section 5. */
const isFarewell = ({ itrRlocs }: MapRequest): boolean =>
  itrRlocs.length === 1 && itrRlocs[0]?.family === 'none'

/**
 * What a subscriber is told at once: the mapping with the more specific ones, as in a Map-Reply (RFC 9437, section 5); also where the
 * site answers requests itself.
 */
const told = (answer: Answer): readonly [MappingRecord, ...MappingRecord[]] => {
  if (answer.kind === 'negative') return [answer.record]
  const [record, ...within] = answer.kind === 'reply' ? answer.records : []
  return record === undefined ? [recordOf(answer.mapping)] : [record, ...within]
}

/** A record in the form of the question: the older AFI of MAC addresses is answered with itself. */
const inFormOf = ({ eid: asked }: EidRecord, record: MappingRecord): MappingRecord => {
  const bare = asked.family === 'instance-id' ? asked.address : asked
  return bare.family === 'mac-802' ? { ...record, eid: asOlderMac(record.eid) } : record
}

const asOlderMac = (eid: Address): Address => {
  if (eid.family === 'instance-id') return { ...eid, address: asOlderMac(eid.address) }
  return eid.family === 'mac' ? { family: 'mac-802', value: eid.value } : eid
}
