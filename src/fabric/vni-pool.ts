/** Which VNI a new wire gets. Pure: the caller stores what was given. */

export interface VniRange {
  readonly min: number
  readonly max: number
}

/** What the pool must know: a VNI is in use, or was until a short while ago. */
export interface VniUse {
  used(vni: number): boolean
  /** End of its quarantine in milliseconds since the Unix epoch; undefined when it has none. */
  quarantinedUntil(vni: number): number | undefined
}

export class VniPool {
  /** Where the next search begins: going round keeps a VNI unused as long as possible, whatever its quarantine. */
  private cursor: number

  constructor(
    private readonly range: VniRange,
    private readonly use: VniUse,
  ) {
    this.cursor = range.min
  }

  /** The range in words. */
  describe(): string {
    return `${this.range.min} to ${this.range.max}`
  }

  contains(vni: number): boolean {
    return vni >= this.range.min && vni <= this.range.max
  }

  /** `count` VNIs that are neither in use nor in quarantine at `now`, nor in `taken`; undefined when there are not so many. */
  take(count: number, now: number, taken: ReadonlySet<number> = new Set()): number[] | undefined {
    const found: number[] = []
    const size = this.range.max - this.range.min + 1
    let at = this.cursor
    for (let tried = 0; tried < size && found.length < count; tried++) {
      const until = this.use.quarantinedUntil(at)
      if (!this.use.used(at) && !taken.has(at) && (until === undefined || until <= now)) found.push(at)
      at = at === this.range.max ? this.range.min : at + 1
    }
    if (found.length < count) return undefined
    this.cursor = at
    return found
  }

  /** After a restart the search goes on behind the VNIs that are there, not at those freed last. */
  continueAfter(vni: number): void {
    if (this.contains(vni)) this.cursor = vni === this.range.max ? this.range.min : vni + 1
  }
}
