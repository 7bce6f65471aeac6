/**
 * Values that many share, each kept once under a small number and counted: a node's set of locators stands in all its mappings
 * as one number, and goes when the last of them does.
 */

export class Interner<K, V> {
  readonly #numbers = new Map<K, number>()
  /** By number; 0 is never given out. */
  readonly #keys: (K | undefined)[] = [undefined]
  readonly #values: (V | undefined)[] = [undefined]
  readonly #uses: number[] = [0]
  readonly #free: number[] = []

  /** Different values in use. */
  get size(): number {
    return this.#numbers.size
  }

  /** The number of the value kept under `key`, one use more; keeps `value` when there is none. */
  acquire(key: K, value: V): number {
    const known = this.#numbers.get(key)
    if (known !== undefined) {
      this.#uses[known] = (this.#uses[known] ?? 0) + 1
      return known
    }
    const number = this.#free.pop() ?? this.#uses.length
    this.#numbers.set(key, number)
    this.#keys[number] = key
    this.#values[number] = value
    this.#uses[number] = 1
    return number
  }

  /** The value of a number that is in use. */
  get(number: number): V {
    const value = this.#values[number]
    if (value === undefined) throw new Error(`number ${number} is not in use`)
    return value
  }

  release(number: number): void {
    const uses = (this.#uses[number] ?? 0) - 1
    this.#uses[number] = uses
    if (uses > 0) return
    this.#numbers.delete(this.#keys[number] as K)
    this.#keys[number] = undefined
    this.#values[number] = undefined
    this.#free.push(number)
  }
}
