/** Ranges of addresses, both ends included, sorted and apart from each other: what must not be given out. Pure. */

export interface Range {
  readonly first: bigint
  readonly last: bigint
}

const byFirst = (a: Range, b: Range): number => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0)

export class Ranges {
  private readonly sorted: readonly Range[]

  constructor(ranges: Iterable<Range>) {
    const merged: Range[] = []
    for (const range of [...ranges].sort(byFirst)) {
      const before = merged.at(-1)
      if (before === undefined || range.first > before.last + 1n) merged.push(range)
      else if (range.last > before.last) merged[merged.length - 1] = { ...before, last: range.last }
    }
    this.sorted = merged
  }

  /** The range that `value` lies in. */
  around(value: bigint): Range | undefined {
    const range = this.sorted[this.indexFrom(value)]
    return range !== undefined && range.first <= value ? range : undefined
  }

  /** The parts of the ranges between `first` and `last`. */
  *within(first: bigint, last: bigint): Generator<Range> {
    for (let index = this.indexFrom(first); ; index++) {
      const range = this.sorted[index]
      if (range === undefined || range.first > last) return
      yield {
        first: range.first < first ? first : range.first,
        last: range.last > last ? last : range.last,
      }
    }
  }

  /** Index of the first range that ends at `value` or behind it: a binary search. */
  private indexFrom(value: bigint): number {
    let low = 0
    let high = this.sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      const range = this.sorted[middle]
      if (range !== undefined && range.last < value) low = middle + 1
      else high = middle
    }
    return low
  }
}
