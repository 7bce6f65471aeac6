/**
 * The EID-prefixes that sites and operators' mappings are about, by instance id. Nodes of a network ask about them as they ask about the
 * network's subnets: a LISP router's site may have any prefix. What the fabric says itself is not in it, for that lies in subnets.
 */
import type { Eid } from '#lisp/eid.js'
import { type Cidr, cidrHas, printCidr } from '#model/cidr.js'

export const cidrOfEid = ({ address, length }: Pick<Eid, 'address' | 'length'>): Cidr | undefined => {
  if (address.family === 'ipv4') return { family: 4, value: BigInt(address.value), length }
  return address.family === 'ipv6' ? { family: 6, value: address.value, length } : undefined
}

/** How many have said a prefix. */
interface Said {
  readonly cidr: Cidr
  count: number
}

export class SpokenPrefixes {
  readonly #byIid = new Map<number, Map<string, Said>>()
  /** What `of` has answered; forgotten with the next change. */
  readonly #answers = new Map<number, readonly Cidr[]>()
  readonly #listeners = new Set<(iid: number) => void>()

  /** Somebody says these, and no longer those. */
  change(those: readonly Eid[], these: readonly Eid[]): void {
    const before = new Map([...those, ...these].map(({ iid }) => [iid, this.of(iid)]))
    for (const eid of those) this.#count(eid, -1)
    for (const eid of these) this.#count(eid, 1)
    for (const [iid, was] of before) {
      this.#answers.delete(iid)
      const texts = (all: readonly Cidr[]): string => all.map(printCidr).join(' ')
      if (texts(was) !== texts(this.of(iid))) for (const changed of [...this.#listeners]) changed(iid)
    }
  }

  /** The prefixes of an instance that lie in no other of them, in order. */
  of(iid: number): readonly Cidr[] {
    const known = this.#answers.get(iid)
    if (known !== undefined) return known
    const answer = outermost([...(this.#byIid.get(iid)?.values() ?? [])].map(({ cidr }) => cidr))
    if (answer.length > 0) this.#answers.set(iid, answer)
    return answer
  }

  /** Calls `changed` with each instance id whose prefixes are others, until the returned function is called. */
  watch(changed: (iid: number) => void): () => void {
    this.#listeners.add(changed)
    return () => void this.#listeners.delete(changed)
  }

  #count(eid: Eid, by: 1 | -1): void {
    const cidr = cidrOfEid(eid)
    if (cidr === undefined) return
    const text = printCidr(cidr)
    const prefixes = this.#byIid.get(eid.iid) ?? new Map<string, Said>()
    const said = prefixes.get(text) ?? { cidr, count: 0 }
    said.count += by
    if (said.count > 0) prefixes.set(text, said)
    else prefixes.delete(text)
    if (prefixes.size === 0) this.#byIid.delete(eid.iid)
    else this.#byIid.set(eid.iid, prefixes)
  }
}

/** In order a prefix comes right before those that lie in it. */
const outermost = (prefixes: readonly Cidr[]): readonly Cidr[] => {
  const found: Cidr[] = []
  const sorted = prefixes.toSorted(
    (a, b) =>
      a.family - b.family || (a.value < b.value ? -1 : a.value > b.value ? 1 : 0) || a.length - b.length,
  )
  for (const prefix of sorted) {
    const last = found.at(-1)
    if (last === undefined || last.family !== prefix.family || !cidrHas(last, prefix)) found.push(prefix)
  }
  return found
}
