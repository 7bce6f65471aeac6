/** A map of bounded size: what was set the longest time ago is forgotten for what is new. */
export class RecentMap<K, V> {
  readonly #max: number
  readonly #map = new Map<K, V>()

  constructor(max: number) {
    this.#max = max
  }

  get(key: K): V | undefined {
    return this.#map.get(key)
  }

  set(key: K, value: V): void {
    this.#map.delete(key)
    this.#map.set(key, value)
    if (this.#map.size <= this.#max) return
    for (const oldest of this.#map.keys()) {
      this.#map.delete(oldest)
      break
    }
  }
}
