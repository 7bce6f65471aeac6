/**
 * The header between the outer UDP header and the inner packet of LISP's data plane: RFC 9300, section 5.3. Switches and routers
 * put it there; this library reads and writes it for tests, tools and captures. UDP port 4341.
 */
import { type Codec, u24, u32 } from '#wire/codec.js'
import { flagWord } from '#wire/flags.js'
import { bits } from '#wire/struct.js'

export const lispDataPort = 4341

export interface DataHeader {
  /** N: 24 bits that the other side may be asked to send back. `echo` (E) asks for that. Not together with versions. */
  readonly nonce?: { readonly value: number; readonly echo: boolean }
  /** V: the versions of the mappings of both EIDs, 12 bits each. RFC 9302, section 6. */
  readonly versions?: { readonly source: number; readonly dest: number }
  /** L: which of the sender's locators are up, the first one lowest: 32 bits, 8 beside an instance id. */
  readonly statusBits?: number
  /** I: 24 bits. */
  readonly instanceId?: number
  /** KK: under which key the payload is encrypted, 1 to 3; 0 is not. RFC 8061. */
  readonly keyId: number
}

const flags = flagWord({ nonce: 0x80, statusBits: 0x40, echo: 0x20, versions: 0x10, instanceId: 0x08 })
const keyMask = 0x03
const twoVersions = bits(u24, 24, { source: 12, dest: 12 })

/** What the low 24 bits of the first word mean. With N and V both, which must not be, they are a nonce. */
const firstOf = (word: number): Pick<DataHeader, 'nonce' | 'versions'> => {
  const set = flags.of(word >>> 24)
  const value = word & 0xff_ffff
  if (set.nonce) return { nonce: { value, echo: set.echo === true } }
  return set.versions ? { versions: { source: value >>> 12, dest: value & 0xfff } } : {}
}

/** What the second word means. */
const secondOf = (first: number, word: number): Pick<DataHeader, 'statusBits' | 'instanceId'> => {
  const set = flags.of(first >>> 24)
  const statusBits = set.instanceId ? word & 0xff : word
  return {
    ...(set.statusBits && { statusBits }),
    ...(set.instanceId && { instanceId: word >>> 8 }),
  }
}

/** Reserved bits are written as zero and not looked at; so are fields whose flag is not set. */
export const dataHeader: Codec<DataHeader> = {
  read: (r) => {
    const first = r.u32()
    const second = r.u32()
    return { ...firstOf(first), ...secondOf(first, second), keyId: (first >>> 24) & keyMask }
  },
  write: (w, { nonce, versions, statusBits, instanceId, keyId }) => {
    if (nonce !== undefined && versions !== undefined) w.fail('a nonce and versions share their bits')
    if (keyId > keyMask) w.fail(`key id ${keyId} is not in 0..${keyMask}`)
    const set = {
      nonce: nonce !== undefined,
      statusBits: statusBits !== undefined,
      echo: nonce?.echo === true,
      versions: versions !== undefined,
      instanceId: instanceId !== undefined,
    }
    w.u8(flags.word(set) | keyId)
    if (versions === undefined) u24.write(w, nonce?.value ?? 0)
    else twoVersions.write(w, versions)
    if (instanceId === undefined) return u32.write(w, statusBits ?? 0)
    u24.write(w, instanceId)
    w.u8(statusBits ?? 0)
  },
}
