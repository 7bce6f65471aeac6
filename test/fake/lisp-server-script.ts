/**
 * A Map-Server driven by lines of text, and what it does as lines of text: see `test/golden/lisp-map-server`. A line without
 * indentation happens, the indented ones under it are the effects.
 */

import { seededRandom } from '#link/random.js'
import { parseEid, printAddress, printEid, printPrefix } from '#lisp/address-text.js'
import { seal } from '#lisp/auth.js'
import { eidFields } from '#lisp/eid.js'
import { printOwner } from '#lisp/map-server/owners.js'
import { makeSite, type Site } from '#lisp/map-server/sites.js'
import { type Effect, type KeptNonce, MapServer } from '#lisp/map-server.js'
import { decodeMessage, encodeMessage, type Message } from '#lisp/messages.js'
import {
  flagsOf,
  identityOf,
  ip,
  listOf,
  locatorOf,
  locatorText,
  proofOf,
  recordOf,
  recordText,
  type Words,
} from './lisp-script-words.js'

const port = 4342
const tickMs = 250

const siteOf = (name: string, words: Words): Site => {
  const allowed = words.get('locators')
  const proxy = words.get('proxy') as Site['proxyReply'] | undefined
  return makeSite({
    name,
    prefixes: listOf(words.get('prefixes')).map((text) => ({
      eid: parseEid(text.replace('+', '')),
      acceptMoreSpecifics: text.endsWith('+'),
    })),
    keys: listOf(words.get('keys')).map((text) => proofOf(text).key),
    strictNonces: words.has('strict'),
    anyNonces: words.has('any'),
    ...(proxy && { proxyReply: proxy }),
    ...(allowed && { allowedLocators: listOf(allowed).map(parseEid) }),
    ...(words.has('site-id') && { siteIds: [BigInt(`0x${words.get('site-id')}`)] }),
    ...(words.has('max') && { registrationsMax: Number(words.get('max')) }),
    ...(words.has('xtrs') && { xtrsMax: Number(words.get('xtrs')) }),
  })
}

const messageText = (message: Message): string => {
  switch (message.type) {
    case 'map-reply':
    case 'map-notify':
      return `${message.type} ${message.nonce}: ${message.records.map(recordText).join('; ')}`
    case 'map-request':
      return `${message.flags.smr ? 'SMR' : 'map-request'} for ${message.records
        .map(({ eid, maskLength }) => printPrefix(eid, maskLength))
        .join(', ')}`
    case 'encapsulated': {
      const { source, sourcePort, dest, destPort, payload } = message.inner
      const ends = `${printAddress(source)}:${sourcePort} to ${printAddress(dest)}:${destPort}`
      return `encapsulated from ${ends}: ${messageText(decodeMessage(payload))}`
    }
    default:
      return message.type
  }
}

export class LispServerScript {
  #server: MapServer | undefined
  #now = 0
  readonly #kept = new Map<string, bigint>()
  /** Last Map-Notify to each address. */
  readonly #notified = new Map<string, Message>()

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

  #do(line: string): readonly (Effect | string)[] {
    const [verb = '', what = '', ...rest] = line.split(' ')
    const words: Words = new Map(rest.map((word) => this.#pair(word)))
    switch (verb) {
      case 'server':
        return this.#start(new Map([what, ...rest].map((word) => this.#pair(word))))
      case 'site': {
        const done = this.#running.putSite(siteOf(what, words), this.#now)
        return 'over' in done ? [`conflict with ${done.other} over ${done.over}`] : done
      }
      case 'remove-site':
        return this.#running.removeSite(what, this.#now)
      case 'wait':
        return this.#wait(Number(what))
      case 'register':
        return this.#receive(what, this.#register(words))
      case 'request':
        return this.#receive(what, this.#request(what, words))
      case 'ack':
        return this.#receive(what, this.#ack(what, words))
      case 'raw':
        return this.#receive(what, Buffer.from(rest[0] ?? '', 'hex'))
      case 'put': {
        const node = words.get('node')
        const locators = listOf(words.get('at')).map(locatorOf)
        return this.#running.put(
          { eid: parseEid(what), locators, ...(node && { node: { kind: 'local', name: node } }) },
          this.#now,
        )
      }
      case 'remove':
        return this.#running.remove(parseEid(what), this.#now)
      default:
        throw new Error(`what is "${line}"?`)
    }
  }

  #pair(word: string): [string, string] {
    const [name = '', ...value] = word.split('=')
    return [name, value.join('=')]
  }

  get #running(): MapServer {
    if (this.#server === undefined) throw new Error('no server yet')
    return this.#server
  }

  /** Starts, or starts again: only the kept nonces remain. */
  #start(words: Words): readonly [] {
    const rate = (name: string) => {
      const perSecond = words.get(name)
      return perSecond === undefined
        ? {}
        : { [name]: { perSecond: Number(perSecond), burst: Number(perSecond) } }
    }
    const nonces: KeptNonce[] = [...this.#kept].map(([xtr, nonce]) => ({ xtr, nonce }))
    const subscriberKey = words.get('subscriber-key')
    this.#server = new MapServer({
      now: this.#now,
      random: seededRandom(1),
      rloc: ip('192.0.2.254'),
      nonces,
      quiet: words.has('quiet'),
      options: {
        ...rate('sourceRate'),
        ...rate('requestRate'),
        ...rate('siteRate'),
        ...(words.has('mappings') && { mappingsMax: Number(words.get('mappings')) }),
        ...(subscriberKey && { subscriberKeys: [{ key: proofOf(subscriberKey).key }] }),
      },
    })
    return []
  }

  #wait(seconds: number): readonly (Effect | string)[] {
    const done: (Effect | string)[] = []
    const end = this.#now + seconds * 1_000
    while (this.#now < end) {
      this.#now += tickMs
      const effects = this.#running.tick(this.#now)
      if (effects.length > 0) done.push(`after ${this.#now / 1_000} s:`, ...effects)
    }
    return done
  }

  #receive(from: string, data: Uint8Array): readonly Effect[] {
    const [address = '', source = String(port)] = from.split('#')
    return this.#running.receive(data, { address: ip(address), port: Number(source) }, this.#now)
  }

  #register(words: Words): Uint8Array {
    const identity = words.get('as')
    const records = (words.get('records') ?? '').split(';').filter((text) => text !== '')
    const data = seal(
      {
        type: 'map-register',
        flags: flagsOf(words.get('flags')),
        nonce: BigInt(words.get('nonce') ?? 0),
        records: records.map(recordOf),
        ...(identity && { xtr: identityOf(identity) }),
      },
      proofOf(words.get('key') ?? ''),
    )
    // A flipped bit at the very end: in the last locator, or in the Site-ID.
    if (words.has('forged')) data[data.length - 1] = (data.at(-1) ?? 0) ^ 1
    return words.has('cut') ? data.subarray(0, Number(words.get('cut'))) : data
  }

  #request(from: string, words: Words): Uint8Array {
    const identity = words.get('as')
    const [address = '', source = String(port)] = from.split('#')
    const eids = listOf(words.get('for'))
    const data = encodeMessage({
      type: 'map-request',
      flags: flagsOf(words.get('flags')),
      nonce: BigInt(words.get('nonce') ?? 0),
      sourceEid: { family: 'none' },
      itrRlocs: listOf(words.get('itr') ?? address).map((text) =>
        text === 'none' ? { family: 'none' } : ip(text),
      ),
      records: eids.map((text) => ({
        ...eidFields(parseEid(text.replace('*', ''))),
        notify: text.endsWith('*'),
      })),
      ...(identity && { xtr: identityOf(identity) }),
    })
    if (!words.has('ecm')) return data
    const inner = {
      source: ip(address),
      dest: ip('198.51.100.1'),
      sourcePort: Number(source),
      destPort: port,
      ttl: 64,
    }
    const whole = encodeMessage({ type: 'encapsulated', flags: {}, inner: { ...inner, payload: data } })
    // A flipped bit in the inner UDP checksum: behind 4 bytes of ours, 20 of IPv4 and 6 of UDP.
    if (words.has('forged')) whole[30] = (whole[30] ?? 0) ^ 1
    return whole
  }

  #ack(from: string, words: Words): Uint8Array {
    const notify = this.#notified.get(from)
    if (notify?.type !== 'map-notify') throw new Error(`nothing was sent to ${from}`)
    const { flags, nonce, records } = notify
    return seal({ type: 'map-notify-ack', flags, nonce, records }, proofOf(words.get('key') ?? ''))
  }

  #text(effect: Effect | string): string {
    if (typeof effect === 'string') return effect
    switch (effect.do) {
      case 'send': {
        const message = decodeMessage(effect.data)
        const to = printAddress(effect.to.address)
        if (message.type === 'map-notify') this.#notified.set(to, message)
        return `to ${to}:${effect.to.port} ${messageText(message)}`
      }
      case 'tell': {
        const { eid, before, after, cause } = effect.change
        const side = (mapping: typeof before): string =>
          mapping === undefined
            ? 'nothing'
            : `${printOwner(mapping.owner)} (${mapping.locators.locators.map(locatorText).join(', ')})`
        return `tell ${printEid(eid)} ${cause}: ${side(before)} => ${side(after)}`
      }
      case 'keep-nonce':
        this.#kept.set(effect.xtr, effect.nonce)
        return `keep ${effect.xtr}: ${effect.nonce}`
      case 'log':
        return `log ${effect.refusal}${effect.detail === '' ? '' : ` (${effect.detail})`}${effect.unlogged === 0 ? '' : `, ${effect.unlogged} more before`}`
      case 'pass':
        return `pass ${effect.message.type}`
    }
  }
}
