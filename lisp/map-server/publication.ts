/**
 * One Map-Notify for many subscribers: it is written once for each key, since nothing but the nonce and the authentication data
 * differs from one to the next.
 */
import { type Proof, resealed, seal } from '../auth.js'
import type { MappingRecord } from '../records.js'

const noFlags = {}

export class Publication {
  readonly records: readonly MappingRecord[]
  readonly #written: { readonly proof: Proof; readonly data: Uint8Array }[] = []

  constructor(records: readonly MappingRecord[]) {
    this.records = records
  }

  /** The bytes for one subscriber. */
  sealed(nonce: bigint, proof: Proof): Uint8Array {
    for (const one of this.#written) if (isSame(one.proof, proof)) return resealed(one.data, nonce, proof)
    const data = seal({ type: 'map-notify', flags: noFlags, nonce, records: this.records }, proof)
    this.#written.push({ proof, data })
    return data
  }
}

const isSame = (a: Proof, b: Proof): boolean =>
  a.key === b.key && a.keyId === b.keyId && a.algorithm === b.algorithm
