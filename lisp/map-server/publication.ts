/**
 * One Map-Notify for many subscribers: it is written once for each key, since nothing but the nonce and the authentication data
 * differs from one to the next.
 */
import { type Proof, sealer } from '../auth.js'
import type { MappingRecord } from '../records.js'
import { type Sealed, SealedLater } from './sealed.js'

interface Written {
  readonly proof: Proof
  readonly sealed: (nonce: bigint) => Uint8Array
}

export class Publication {
  readonly #records: readonly MappingRecord[]
  readonly #written: Written[] = []

  constructor(records: readonly MappingRecord[]) {
    this.#records = records
  }

  /** The message for one subscriber. */
  sealed(nonce: bigint, proof: Proof): Sealed {
    return new SealedLater(this.#sealerFor(proof), nonce)
  }

  #sealerFor(proof: Proof): (nonce: bigint) => Uint8Array {
    for (const one of this.#written) if (isSame(one.proof, proof)) return one.sealed
    const sealed = sealer({ type: 'map-notify', flags: {}, nonce: 0n, records: this.#records }, proof)
    this.#written.push({ proof, sealed })
    return sealed
  }
}

const isSame = (a: Proof, b: Proof): boolean =>
  a.key === b.key && a.keyId === b.keyId && a.algorithm === b.algorithm
