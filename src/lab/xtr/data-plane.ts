/**
 * The data plane of a simulated xTR: IP packets of its site out to the RLOCs of where they go, and back. A packet to an EID that it has
 * not asked about waits for the answer, as routers let it or do not.
 */
import { bytes, decode, rest, u32, uint } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { addressText } from './eid-text.js'
import { decapsulate, encapsulate, gpePort, ipVersion } from './vxlan-gpe.js'

export interface DataPlaneOptions {
  /** Instance id and VNI. */
  readonly iid: number
  /** Asks the Map-Resolver; none: nobody has the EID. */
  readonly resolve: (eid: string) => Promise<{ readonly rlocs: readonly string[] }>
  readonly toSite: (packet: Uint8Array) => void
  readonly toRloc: (datagram: Uint8Array, port: number, rloc: string) => void
}

/** An entry of its map-cache: where packets go, or those that wait to know. */
type Entry = { readonly rloc: string | undefined } | { readonly waiting: Uint8Array[] }

const waitingMax = 16

/** RFC 791, section 3.1; RFC 8200, section 3. */
const destinations = {
  4: struct({ head: bytes(16), destination: u32, body: rest }),
  6: struct({ head: bytes(24), destination: uint(16), body: rest }),
} as const
const sizes = { 4: 20, 6: 40 } as const

/** RFC 1112, section 4; RFC 4291, section 2.7. */
const isMulticast = (address: number | bigint): boolean =>
  typeof address === 'number' ? address >>> 28 === 0xe : address >> 120n === 0xffn

const destinationOf = (packet: Uint8Array): string | undefined => {
  const version = ipVersion(packet)
  if (version === undefined || packet.length < sizes[version]) return undefined
  const { destination } = version === 4 ? decode(destinations[4], packet) : decode(destinations[6], packet)
  return isMulticast(destination) ? undefined : addressText(destination)
}

export class DataPlane {
  /** Datagrams that were not for this site, and packets that could not go anywhere. */
  dropped = 0
  readonly #options: DataPlaneOptions
  readonly #cache = new Map<string, Entry>()

  constructor(options: DataPlaneOptions) {
    this.#options = options
  }

  /** Where packets to an EID go; undefined while that is not known. */
  rlocOf(eid: string): string | undefined {
    const entry = this.#cache.get(eid)
    return entry !== undefined && 'rloc' in entry ? entry.rloc : undefined
  }

  /** The next packet to the EID asks again. */
  forget(eid: string): void {
    this.#cache.delete(eid)
  }

  /** Multicast, and what is no IP packet, stays in the site. */
  fromSite(packet: Uint8Array): void {
    const eid = destinationOf(packet)
    if (eid === undefined) return
    const entry = this.#cache.get(eid) ?? this.#ask(eid)
    if ('waiting' in entry && entry.waiting.length < waitingMax) entry.waiting.push(packet)
    else this.#send(packet, 'rloc' in entry ? entry.rloc : undefined)
  }

  fromRloc(datagram: Uint8Array): void {
    const packet = decapsulate(this.#options.iid, datagram)
    if (packet === undefined) this.dropped += 1
    else this.#options.toSite(packet)
  }

  #ask(eid: string): Entry {
    const entry = { waiting: [] as Uint8Array[] }
    this.#cache.set(eid, entry)
    const answered = (rloc: string | undefined): void => {
      this.#cache.set(eid, { rloc })
      for (const packet of entry.waiting) this.#send(packet, rloc)
    }
    this.#options.resolve(eid).then(
      ({ rlocs }) => answered(rlocs[0]),
      () => {
        this.#cache.delete(eid)
        this.dropped += entry.waiting.length
      },
    )
    return entry
  }

  #send(packet: Uint8Array, rloc: string | undefined): void {
    const { iid, toRloc } = this.#options
    if (rloc === undefined) this.dropped += 1
    else toRloc(encapsulate(iid, packet), gpePort, rloc)
  }
}
