/** Puts the answer to a request together: one message, or the parts of a multipart one after the other, within bounds. */
import { OpenFlowError } from '../errors.js'
import type { Message, MessageType } from '../messages.js'

export interface AssemblyLimits {
  /** Items of a multipart reply: flows, ports, groups. */
  readonly itemsMax: number
}

type Step = { readonly state: 'more' } | { readonly state: 'whole'; readonly message: Message }

export class Assembly {
  readonly #expected: string
  readonly #limits: AssemblyLimits
  #items: unknown[] = []

  constructor(request: MessageType, limits: AssemblyLimits) {
    this.#expected = request.replace(/_request$/, '_reply')
    this.#limits = limits
  }

  /** Throws `OpenFlowError` `unexpected` for a message of another type, `too-large` past the bound. */
  add(part: Message): Step {
    if (part.type !== this.#expected) {
      throw new OpenFlowError('unexpected', `the switch answered ${part.type} where ${this.#expected} is due`)
    }
    const more = 'more' in part && part.more === true
    if (!('items' in part)) return more ? { state: 'more' } : { state: 'whole', message: part }
    if (this.#items.length + part.items.length > this.#limits.itemsMax) {
      throw new OpenFlowError('too-large', `${part.type} has more than ${this.#limits.itemsMax} items`)
    }
    if (!more && this.#items.length === 0) return { state: 'whole', message: part }
    for (const item of part.items) this.#items.push(item)
    if (more) return { state: 'more' }
    return { state: 'whole', message: { ...part, items: this.#items } as Message }
  }
}
