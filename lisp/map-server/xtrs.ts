/**
 * The xTRs of all sites and the nonces of their Map-Registers. RFC 9301, section 5.6: a nonce that is not greater than the last
 * one of the same xTR and key is a replay, also after a restart of the server.
 */
import type { Random } from '#link/random.js'
import { printAddress } from '../address-text.js'
import type { Proof } from '../auth.js'
import type { MapRegister } from '../messages/map-register.js'
import type { XtrIdentity } from '../messages/parts.js'
import type { Endpoint } from './effects.js'
import type { Xtr } from './owners.js'
import type { Site } from './sites.js'

/** A nonce as it is kept across restarts. */
export interface KeptNonce {
  readonly xtr: string
  readonly nonce: bigint
}

/** Silence after which an xTR that has no nonce to be kept for makes room for another. */
const forgetAfterMs = 3_600_000

const hex = (value: bigint, digits: number): string => value.toString(16).padStart(digits, '0')

const identityKey = ({ siteId, xtrId }: XtrIdentity): string => `${hex(siteId, 16)}/${hex(xtrId, 32)}`

/** The name of an xTR among all. */
export const xtrKey = (site: string, identity: XtrIdentity | undefined, from: Endpoint): string =>
  identity === undefined ? `${site}/${printAddress(from.address)}` : `${site}/${identityKey(identity)}`

/** Whether the nonces of a message must grow: RFC 6833's routers send random ones. */
export const isOrdered = (site: Site, message: Pick<MapRegister, 'xtr'>, proof: Proof): boolean =>
  site.strictNonces ||
  proof.algorithm === 'hmac-sha-256-128+hkdf-sha256' ||
  (message.xtr !== undefined && site.anyNonces !== true)

export class Xtrs {
  readonly #random: Random
  readonly #bySite = new Map<string, Map<string, Xtr>>()
  readonly #byIdentity = new Map<string, Xtr>()
  /** Nonces of xTRs that are not known any more: from before the restart, or of a site that went. */
  readonly #kept = new Map<string, bigint>()

  constructor(random: Random, kept: Iterable<KeptNonce>) {
    this.#random = random
    for (const { xtr, nonce } of kept) this.#kept.set(xtr, nonce)
  }

  of(site: string): Iterable<Xtr> {
    return this.#bySite.get(site)?.values() ?? []
  }

  /** The xTR of a Site-ID and xTR-ID, whatever its site. */
  find(identity: XtrIdentity): Xtr | undefined {
    return this.#byIdentity.get(identityKey(identity))
  }

  /** The xTR that a message comes from; undefined when the site has as many as it may have. */
  meet(
    site: Site,
    identity: XtrIdentity | undefined,
    from: Endpoint,
    proof: Proof,
    now: number,
  ): Xtr | undefined {
    const known = this.#bySite.get(site.name) ?? new Map<string, Xtr>()
    this.#bySite.set(site.name, known)
    const key = xtrKey(site.name, identity, from)
    const xtr = known.get(key)
    if (xtr !== undefined) return xtr
    if (known.size >= site.xtrsMax && !makeRoom(known, now)) return undefined
    const made: Xtr = {
      kind: 'xtr',
      key,
      site: site.name,
      ...(identity && { identity }),
      address: from.address,
      proof,
      nonces: new Map(),
      unconfirmed: new Map(),
      noticeNonce: this.#nonce(),
      seen: now,
    }
    known.set(key, made)
    if (identity !== undefined) this.#byIdentity.set(identityKey(identity), made)
    return made
  }

  /** The last nonce of an xTR under a key. */
  lastNonce(xtr: Xtr, keyId: number): bigint | undefined {
    return xtr.nonces.get(keyId) ?? this.#kept.get(nonceName(xtr, keyId))
  }

  /** Notes a nonce and returns what is to be kept of it. */
  note(xtr: Xtr, keyId: number, nonce: bigint): KeptNonce {
    xtr.nonces.set(keyId, nonce)
    const name = nonceName(xtr, keyId)
    this.#kept.delete(name)
    return { xtr: name, nonce }
  }

  /** Forgets the xTRs of a site, not their nonces. */
  forgetSite(site: string): void {
    for (const xtr of this.of(site)) {
      if (xtr.identity !== undefined) this.#byIdentity.delete(identityKey(xtr.identity))
      for (const [keyId, nonce] of xtr.nonces) this.#kept.set(nonceName(xtr, keyId), nonce)
    }
    this.#bySite.delete(site)
  }

  /** Any 62 bits: room to count up from. */
  #nonce(): bigint {
    return BigInt(Math.floor(this.#random() * 2 ** 52)) << 10n
  }
}

const nonceName = (xtr: Xtr, keyId: number): string => `${xtr.key}/${keyId}`

const makeRoom = (known: Map<string, Xtr>, now: number): boolean => {
  for (const [key, xtr] of known) {
    if (xtr.nonces.size === 0 && now - xtr.seen > forgetAfterMs) return known.delete(key)
  }
  return false
}
