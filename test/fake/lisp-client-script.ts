/**
 * A client of a mapping system driven by lines of text, and what it does as lines of text: see `test/golden/lisp-clients`. A line
 * without indentation happens, the indented ones under it are the effects. Nonces are shown as n1, n2 in the order in which they come up.
 */
import { seededRandom } from '#link/random.js'
import { parseEid, printAddress, printEid, printPrefix } from '#lisp/address-text.js'
import { type Proof, seal } from '#lisp/auth.js'
import { eidFields } from '#lisp/eid.js'
import { type ClientEffect, type KeptNonce, MappingClient, type Resolved } from '#lisp/mapping-client.js'
import { decodeMessage, encodeMessage, type Message } from '#lisp/messages.js'
import type { MappingRecord } from '#lisp/records.js'
import {
  identityOf,
  ip,
  listOf,
  locatorOf,
  locatorText,
  proofOf,
  recordsOf,
  recordText,
  type Words,
  wordsOf,
} from './lisp-script-words.js'

const port = 4342
const tickMs = 250
const epoch = Date.UTC(2026, 0, 31, 12)

const endpointOf = (text: string) => ({ address: ip(text), port })

/** `ms1@192.0.2.1@1:secret`: name, address, key; behind it `@merge`, `@quiet` (acknowledges nothing). */
const serverOf = (text: string) => {
  const [name = '', address = '', key = '', ...flags] = text.split('@')
  return {
    name,
    endpoint: endpointOf(address),
    proof: proofOf(key),
    proxyReply: true,
    merge: flags.includes('merge'),
    wantNotify: !flags.includes('quiet'),
  }
}

const numbersOf = (words: Words, ...names: readonly string[]) =>
  Object.fromEntries(names.flatMap((name) => (words.has(name) ? [[name, Number(words.get(name))]] : [])))

const resolvedText = (mapping: Resolved | undefined): string => {
  if (mapping === undefined) return 'nothing'
  const { eid, ttl, action, locators } = mapping
  const where = locators.length === 0 ? action : `-> ${locators.map(locatorText).join(', ')}`
  return `${printEid(eid)} ttl ${ttl} ${where}`
}

export class LispClientScript {
  #client: MappingClient | undefined
  #now = 0
  #names = new Map<bigint, string>()
  readonly #kept = new Map<string, bigint>()
  /** The last message to each address that wants an answer. */
  readonly #sent = new Map<string, { readonly nonce: bigint; readonly records: readonly MappingRecord[] }>()

  /** Plays the lines that are not indented and returns them with their effects. */
  play(script: string): string {
    const played: string[] = []
    for (const line of script.split('\n')) {
      if (line.startsWith(' ')) continue
      played.push(line)
      if (line === '' || line.startsWith('#')) continue
      for (const effect of this.#do(line)) played.push(`  ${this.#text(effect)}`)
    }
    return played.join('\n')
  }

  #do(line: string): readonly (ClientEffect | string)[] {
    const [verb = '', what = '', ...rest] = line.split(' ')
    const words = wordsOf(rest)
    switch (verb) {
      case 'client':
        return this.#start(wordsOf([what, ...rest]))
      case 'resolve':
        return this.#running.resolve(parseEid(what), this.#now)
      case 'watch':
        return this.#running.watch(parseEid(what), this.#now)
      case 'unwatch':
        return this.#running.unwatch(parseEid(what), this.#now)
      case 'lookup':
        return [resolvedText(this.#running.lookup(parseEid(what)))]
      case 'register':
        return this.#register(what)
      case 'deregister':
        this.#running.deregister(parseEid(what))
        return this.#running.tick(this.#now)
      case 'end':
        return this.#running.end(this.#now)
      case 'wait':
        return this.#wait(Number(what))
      default:
        return this.#running.receive(this.#datagram(verb, what, words), endpointOf(what), this.#now)
    }
  }

  get #running(): MappingClient {
    if (this.#client === undefined) throw new Error('no client yet')
    return this.#client
  }

  /** Starts, or starts again: only the kept nonces remain. */
  #start(words: Words): readonly [] {
    const identity = words.get('as')
    const subscriberKey = words.get('subscriber-key')
    const nonces: KeptNonce[] = [...this.#kept].map(([xtr, nonce]) => ({ xtr, nonce }))
    this.#names = new Map()
    this.#sent.clear()
    this.#client = new MappingClient({
      now: this.#now,
      wallTime: epoch + this.#now,
      random: seededRandom(1),
      rlocs: listOf(words.get('rloc') ?? '192.0.2.10').map(ip),
      nonces,
      ...(identity && { identity: identityOf(identity) }),
      resolving: {
        resolvers: listOf(words.get('resolvers')).map(endpointOf),
        ...(subscriberKey && { subscriberKeys: [proofOf(subscriberKey).key] }),
        options: {
          encapsulated: !words.has('plain'),
          ...numbersOf(words, 'entriesMax', 'inFlightMax', 'waitingMax', 'watchesMax', 'attemptsMax'),
        },
      },
      registering: {
        servers: listOf(words.get('servers')).map(serverOf),
        options: numbersOf(words, 'messageBytes', 'windowMax', 'eidsMax'),
      },
    })
    return []
  }

  #register(what: string): readonly (ClientEffect | string)[] {
    const [, eid = '', ttl, at = ''] = /^([^@]*)(?:@(\d+))?=(.*)$/.exec(what) ?? []
    const locators = listOf(at).map(locatorOf)
    const taken = this.#running.register({
      eid: parseEid(eid),
      locators,
      ...(ttl !== undefined && { ttl: Number(ttl) }),
    })
    return taken ? this.#running.tick(this.#now) : ['no room']
  }

  #wait(seconds: number): readonly (ClientEffect | string)[] {
    const done: (ClientEffect | string)[] = []
    const end = this.#now + seconds * 1_000
    while (this.#now < end) {
      this.#now += tickMs
      const effects = this.#running.tick(this.#now)
      if (effects.length > 0) done.push(`after ${this.#now / 1_000} s:`, ...effects)
    }
    return done
  }

  /** `reply`, `notify`, `accept`, `smr` and `raw`, as they come from an address. */
  #datagram(verb: string, from: string, words: Words): Uint8Array {
    const nonce = this.#nonceOf(words.get('nonce'), from)
    switch (verb) {
      case 'reply':
        return encodeMessage({
          type: 'map-reply',
          flags: {},
          nonce,
          records: recordsOf(words.get('records')),
        })
      case 'notify':
        return this.#notify(nonce, recordsOf(words.get('records')), words)
      case 'accept':
        return this.#notify(nonce, this.#accepted(from, words), words)
      case 'smr':
        return this.#solicit(from, words)
      case 'raw':
        return Buffer.from(words.get('hex') ?? '', 'hex')
      default:
        throw new Error(`what is "${verb}"?`)
    }
  }

  /** The records of the last Map-Register to an address, but for some. */
  #accepted(address: string, words: Words): readonly MappingRecord[] {
    const without = listOf(words.get('without'))
    const { records = [] } = this.#sent.get(address) ?? {}
    return records.filter(({ eid, maskLength }) => !without.includes(printPrefix(eid, maskLength)))
  }

  #notify(nonce: bigint, records: readonly MappingRecord[], words: Words): Uint8Array {
    const proof: Proof = proofOf(words.get('key') ?? '1:secret')
    const data = seal({ type: 'map-notify', flags: {}, nonce, records }, proof)
    if (words.has('forged')) data[data.length - 1] = (data.at(-1) ?? 0) ^ 1
    return data
  }

  #solicit(from: string, words: Words): Uint8Array {
    const source = words.get('source')
    const named = words.get('for')
    const eid = named === undefined ? undefined : eidFields(parseEid(named))
    return encodeMessage({
      type: 'map-request',
      flags: { smr: true },
      nonce: 1n,
      sourceEid: source === undefined ? { family: 'none' } : eidFields(parseEid(source)).eid,
      itrRlocs: [ip(from)],
      records: eid === undefined ? [] : [{ ...eid, notify: false }],
    })
  }

  /** `n3`, `n3+2`; without a word that of the last message to the address, or to whomever. */
  #nonceOf(word: string | undefined, address: string): bigint {
    if (word === undefined) return (this.#sent.get(address) ?? [...this.#sent.values()].at(-1))?.nonce ?? 0n
    const [name = '', more = '0'] = word.split('+')
    const [known] = [...this.#names].find(([, other]) => other === name) ?? []
    return (known ?? BigInt(name.replace(/^n/, '9999'))) + BigInt(more)
  }

  #nameOf(nonce: bigint): string {
    const known = this.#names.get(nonce)
    if (known !== undefined) return known
    for (const [other, name] of this.#names) {
      if (nonce > other && nonce - other < 100n) return `${name}+${nonce - other}`
    }
    const name = `n${this.#names.size + 1}`
    this.#names.set(nonce, name)
    return name
  }

  #note(to: string, nonce: bigint, records: readonly MappingRecord[]): void {
    this.#sent.delete(to)
    this.#sent.set(to, { nonce, records })
  }

  #sentText(message: Message, to: string): string {
    switch (message.type) {
      case 'encapsulated':
        return `encapsulated ${this.#sentText(decodeMessage(message.inner.payload), to)}`
      case 'map-request': {
        this.#note(to, message.nonce, [])
        const [record] = message.records
        const prefix = record === undefined ? 'nothing' : printPrefix(record.eid, record.maskLength)
        const [rloc] = message.itrRlocs
        const ends = rloc?.family === 'none'
        const notes = [
          ...(record?.notify ? [ends ? 'unsubscribe' : 'subscribe'] : []),
          ...(message.flags.smrInvoked ? ['smr-invoked'] : []),
        ]
        return `map-request ${this.#nameOf(message.nonce)} for ${[prefix, ...notes].join(', ')}`
      }
      case 'map-register':
        this.#note(to, message.nonce, message.records)
        return `map-register ${this.#nameOf(message.nonce)}: ${message.records.map(recordText).join('; ')}`
      case 'map-notify-ack':
        return `map-notify-ack ${this.#nameOf(message.nonce)}`
      default:
        return message.type
    }
  }

  #text(effect: ClientEffect | string): string {
    if (typeof effect === 'string') return effect
    switch (effect.do) {
      case 'send': {
        const to = printAddress(effect.to.address)
        return `to ${to}:${effect.to.port} ${this.#sentText(decodeMessage(effect.data), to)}`
      }
      case 'keep-nonce':
        this.#kept.set(effect.xtr, effect.nonce)
        return `keep ${effect.xtr}: ${this.#nameOf(effect.nonce)}`
      case 'answered': {
        const source = effect.from ? ` by ${printAddress(effect.from.address)} in ${effect.rttMs} ms` : ''
        return `answered ${printEid(effect.asked)}: ${resolvedText(effect.mapping)}${source}`
      }
      case 'changed':
        return `changed ${printEid(effect.eid)} ${effect.cause}: ${resolvedText(effect.before)} => ${resolvedText(effect.after)}`
      case 'failed':
        return `failed ${printEid(effect.asked)}: ${effect.reason}`
      case 'server-state':
        return `server ${effect.server} ${effect.state}: ${effect.detail}`
      case 'displaced':
        return `displaced ${printEid(effect.eid)}, says ${effect.server}: ${recordText(effect.record)}`
      case 'log':
        return `log ${effect.refusal}${effect.detail === '' ? '' : ` (${effect.detail})`}${effect.unlogged === 0 ? '' : `, ${effect.unlogged} more before`}`
    }
  }
}
