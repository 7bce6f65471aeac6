/** Who stands behind a mapping. */
import type { IpAddress } from '../address.js'
import type { Proof } from '../auth.js'
import { addressKey } from '../mapping/locator-set.js'
import type { XtrIdentity } from '../messages/parts.js'
import type { Locator } from '../records.js'
import type { NoticeParty } from './notices.js'

/** An xTR that has registered: it proved a key of its site. It stays known after its mappings, for its last nonce. */
export interface Xtr extends NoticeParty {
  readonly kind: 'xtr'
  /** Site, Site-ID and xTR-ID; the address in place of the latter two for one that does not say. */
  readonly key: string
  readonly site: string
  readonly identity?: XtrIdentity
  /** As of its last message. */
  address: IpAddress
  proof: Proof
  /** Last nonce for each key, by key id. */
  readonly nonces: Map<number, bigint>
  /** The nonce of the last Map-Notify that it did not ask for. */
  noticeNonce: bigint
  seen: number
}

/** An operator. */
export interface Static {
  readonly kind: 'static'
}

/** The controller that runs this server: a node of its own has the EID. `name` is the node's. */
export interface Local {
  readonly kind: 'local'
  readonly name: string
}

/** Several xTRs that want their locators merged (RFC 9301, section 5.6). Who comes or goes makes another one of it. */
export interface Merged {
  readonly kind: 'merged'
  readonly members: ReadonlyMap<Xtr, Contribution>
}

export interface Contribution {
  readonly locators: readonly Locator[]
  /** Later with each refresh. */
  expires: number
  /** It set the M bit: it hears what has become of the mapping. */
  wantNotify: boolean
}

export type Owner = Xtr | Static | Local | Merged

export const operator: Static = { kind: 'static' }

/** The locators of all members, each once: what was registered last counts. */
export const mergedLocators = (members: ReadonlyMap<Xtr, Contribution>): readonly Locator[] => {
  const byRloc = new Map<string, Locator>()
  for (const { locators } of members.values()) {
    for (const locator of locators) byRloc.set(addressKey(locator.rloc), locator)
  }
  return [...byRloc.values()]
}

/** When the first member's time is up. */
export const firstExpiry = (members: ReadonlyMap<Xtr, Contribution>): number => {
  let first = Number.POSITIVE_INFINITY
  for (const { expires } of members.values()) first = Math.min(first, expires)
  return first
}

/** An owner for people. */
export const printOwner = (owner: Owner): string => {
  switch (owner.kind) {
    case 'xtr':
      return owner.key
    case 'merged':
      return [...owner.members.keys()].map((xtr) => xtr.key).join(' + ')
    case 'static':
      return 'static'
    case 'local':
      return owner.name
  }
}
