/** How it stands with a Map-Server, said when it changes and once a while: not for each message. */
import { printEid } from '../address-text.js'
import type { RegisteringOutbox, ServerState } from './effects.js'
import type { RegisteringOptions, RegistrationServer } from './options.js'
import type { Own } from './own-eids.js'

/** EIDs that are named to people. */
const namedMax = 5

const listOf = (owns: readonly Own[]): string => {
  const names = owns.slice(0, namedMax).map(({ eid }) => printEid(eid))
  const others = owns.length - names.length
  return `${names.join(', ')}${others > 0 ? ` and ${others} more` : ''}`
}

export class Standing {
  readonly #server: RegistrationServer
  readonly #options: RegisteringOptions
  #state: ServerState = 'unknown'
  #toldAt = Number.NEGATIVE_INFINITY
  #heardAt = Number.NEGATIVE_INFINITY
  #badAt = Number.NEGATIVE_INFINITY

  constructor(server: RegistrationServer, options: RegisteringOptions) {
    this.#server = server
    this.#options = options
  }

  get state(): ServerState {
    return this.#state
  }

  heard(now: number): void {
    this.#heardAt = now
  }

  /** A message has been acknowledged as a whole. */
  accepts(settled: boolean, now: number, out: RegisteringOutbox): void {
    // What was refused a moment ago has not had its next turn yet.
    const isOver = settled && now - this.#badAt > this.#options.refreshMs
    if (isOver || this.#state === 'silent') this.#become('registered', 'acknowledges own EIDs', now, out)
  }

  /** A message has been acknowledged without these. */
  refuses(owns: readonly Own[], now: number, out: RegisteringOutbox): void {
    this.#badAt = now
    this.#become('refusing', `does not accept ${listOf(owns)}`, now, out)
  }

  /** These have been sent again and again since a time, and nothing came. */
  ignores(owns: readonly Own[], since: number, now: number, out: RegisteringOutbox): void {
    this.#badAt = now
    if (this.#heardAt >= since) {
      this.#become('refusing', `does not acknowledge ${listOf(owns)}, while it does others`, now, out)
      return
    }
    const hints = 'is it running, is the address right, has it our EIDs and our key?'
    this.#become('silent', `acknowledges nothing: ${hints}`, now, out)
  }

  /** There is nothing to be registered any more. */
  rests(now: number, out: RegisteringOutbox): void {
    this.#become('unknown', 'there are no own EIDs', now, out)
  }

  #become(state: ServerState, detail: string, now: number, out: RegisteringOutbox): void {
    const isNews = state !== this.#state
    const isDue = (state === 'silent' || state === 'refusing') && now - this.#toldAt >= this.#options.remindMs
    if (!isNews && !isDue) return
    this.#state = state
    this.#toldAt = now
    out.push({ do: 'server-state', server: this.#server.name, state, detail })
  }
}
