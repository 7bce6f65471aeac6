/** Requests about one object take turns: each sees what the one before it stored. Those about others do not wait. */

export class Turns {
  private readonly last = new Map<string, Promise<unknown>>()

  /** Runs `work` when every work of the same key before it has ended, well or badly. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.last.get(key) ?? Promise.resolve()
    const mine = before.then(work, work)
    const ended = mine.catch(() => {})
    this.last.set(key, ended)
    try {
      return await mine
    } finally {
      if (this.last.get(key) === ended) this.last.delete(key)
    }
  }
}
