/** Why messages are refused: each is counted, and logged once a while for each reason, so that a flood fills no disk. */
import type { Endpoint, Log } from './effects.js'

/** Reasons by name, and for people. `docs/lisp.md` has a line for each. */
export const refusals = {
  malformed: 'bytes that are no LISP message',
  'unknown-type': 'a message type that is not known',
  unsupported: 'a message that a Map-Server has no answer to',
  'source-rate': 'too many messages from one source',
  'total-rate': 'too many messages in all',
  'site-rate': 'too many registrations of one site',
  'no-records': 'a message without records',
  'bad-eid': 'an EID that no mapping can have',
  'bad-instance-id': 'an instance id of over 24 bits',
  'unknown-eid': 'an EID of no site',
  'eid-outside-site': 'an EID that is not the site’s to register',
  'eid-taken': 'an EID that is configured otherwise',
  'unknown-key': 'a key id that the site does not have',
  'unknown-algorithm': 'an authentication algorithm that is not known',
  'refused-algorithm': 'an authentication algorithm that the key is not for',
  'wrong-length': 'authentication data of a wrong length',
  mismatch: 'authentication data that is not right',
  'replayed-nonce': 'a nonce that is not greater than the last',
  'too-many-xtrs': 'more xTRs than the site may have',
  'too-many-mappings': 'more mappings than there is room for',
  'locator-not-allowed': 'a locator that the site may not use',
  'not-owner': 'a withdrawal of what somebody else has registered',
  'no-itr-rloc': 'a request without an address for the answer',
  'wrong-checksum': 'an encapsulated message with a wrong checksum',
  quiet: 'a request that is not answered with “no” so soon after the start',
  'no-etr': 'a request for a site none of whose locators can be asked',
  'unknown-ack': 'an acknowledgement of nothing',
} as const

export type Refusal = keyof typeof refusals

interface LogBox<Name extends string> {
  push(effect: Log<Name>): unknown
}

/** A refusal on its way to whoever counts it. Clients have reasons of their own. */
export interface Refused<Name extends string = Refusal> {
  readonly refusal: Name
  readonly detail: string
}

export const refused = <Name extends string = Refusal>(refusal: Name, detail = ''): Refused<Name> => ({
  refusal,
  detail,
})

export class Refusals<Name extends string = Refusal> {
  readonly counts = new Map<Name, number>()
  readonly #logEveryMs: number
  readonly #logged = new Map<Name, { at: number; unlogged: number }>()

  constructor(logEveryMs: number) {
    this.#logEveryMs = logEveryMs
  }

  /** Counts a refusal, and asks for a line in the log when the last one of its kind is long enough ago. */
  refuse({ refusal, detail }: Refused<Name>, from: Endpoint, now: number, out: LogBox<Name>): void {
    this.counts.set(refusal, (this.counts.get(refusal) ?? 0) + 1)
    const last = this.#logged.get(refusal)
    if (last !== undefined && now - last.at < this.#logEveryMs) {
      last.unlogged += 1
      return
    }
    this.#logged.set(refusal, { at: now, unlogged: 0 })
    out.push({ do: 'log', refusal, from, detail, unlogged: last?.unlogged ?? 0 })
  }
}
