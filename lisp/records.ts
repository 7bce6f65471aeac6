/**
 * Mapping records and their locators: what Map-Reply, Map-Register and Map-Notify carry (RFC 9301, section 5.4), and the
 * EID-prefixes that a Map-Request asks for (section 5.2).
 */
import { type Codec, mapped, u8, u16, u32 } from '#wire/codec.js'
import { type Flags, flagField } from '#wire/flags.js'
import { countOf, repeat, struct } from '#wire/struct.js'
import { type Address, address } from './address.js'
import { checkPrefix } from './eid.js'

/** What an ITR does with packets for which there is no locator, by number. RFC 9301, sections 5.4 and 12.3. */
export const actions = [
  'no-action',
  'natively-forward',
  'send-map-request',
  'drop',
  'drop-policy-denied',
  'drop-auth-failure',
  'unassigned-6',
  'unassigned-7',
] as const

export type Action = (typeof actions)[number]

/** One locator of a mapping: RFC 9301, section 5.4. */
export interface Locator {
  /** 0 is preferred, 255 means: not for unicast packets. */
  readonly priority: number
  /** Share among locators of one priority. */
  readonly weight: number
  readonly multicastPriority: number
  readonly multicastWeight: number
  /** `local`: the sender's own; `probed`: this one answers the probe; `reachable`: as the sender sees it. */
  readonly flags: Flags<'local' | 'probed' | 'reachable'>
  readonly rloc: Address
}

/** A mapping: an EID-prefix and where it is. Without locators it says by `action` what to do with packets. */
export interface MappingRecord {
  /** Minutes; 0 in a Map-Register takes the mapping away. */
  readonly ttl: number
  /** Bits of `eid` that count; of what it holds, where that is an instance-id LCAF. */
  readonly maskLength: number
  readonly action: Action
  /** Said by an ETR of the site itself, not by a Map-Server for it. */
  readonly authoritative: boolean
  /** RFC 9302; 0 where versions are not used. */
  readonly mapVersion: number
  readonly eid: Address
  readonly locators: readonly Locator[]
}

export const locator: Codec<Locator> = struct({
  priority: u8,
  weight: u8,
  multicastPriority: u8,
  multicastWeight: u8,
  flags: flagField(u16, { local: 4, probed: 2, reachable: 1 }),
  rloc: address,
})

const recordFields = struct({
  ttl: u32,
  _count: countOf('locators', u8),
  maskLength: u8,
  /** Action (3 bits), authoritative (1 bit), reserved. */
  bits: u16,
  /** Reserved (4 bits), map-version (12 bits). */
  version: u16,
  eid: address,
  locators: repeat('_count', locator),
})

export const mappingRecord: Codec<MappingRecord> = mapped(
  recordFields,
  ({ ttl, maskLength, bits, version, eid, locators }, r) => ({
    ttl,
    maskLength: checkPrefix(r, eid, maskLength),
    action: actions[bits >>> 13] ?? 'no-action',
    authoritative: (bits & 0x1000) !== 0,
    mapVersion: version & 0xfff,
    eid,
    locators,
  }),
  ({ ttl, maskLength, action, authoritative, mapVersion, eid, locators }) => ({
    ttl,
    maskLength,
    bits: (actions.indexOf(action) << 13) | (authoritative ? 0x1000 : 0),
    version: mapVersion & 0xfff,
    eid,
    locators,
  }),
)

/** An EID-prefix that is asked for. */
export interface EidRecord {
  /** RFC 9437: the sender wants to hear of changes. */
  readonly notify: boolean
  readonly maskLength: number
  readonly eid: Address
}

const eidFields = struct({ bits: u8, maskLength: u8, eid: address })

export const eidRecord: Codec<EidRecord> = mapped(
  eidFields,
  ({ bits, maskLength, eid }, r) => ({
    notify: (bits & 0x80) !== 0,
    maskLength: checkPrefix(r, eid, maskLength),
    eid,
  }),
  ({ notify, maskLength, eid }) => ({ bits: notify ? 0x80 : 0, maskLength, eid }),
)
