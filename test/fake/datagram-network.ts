/**
 * State machines of LISP on a network that loses datagrams, doubles them and lets them overtake each other, in virtual time. A seed
 * replays it all.
 */
import type { Random } from '#link/random.js'
import { parseIp, printAddress } from '#lisp/address-text.js'
import type { Endpoint, Send } from '#lisp/map-server/effects.js'

interface Effect {
  readonly do: string
}

interface Machine {
  receive(data: Uint8Array, from: Endpoint, now: number): readonly Effect[]
  tick(now: number): readonly Effect[]
}

export interface Weather {
  readonly loss: number
  readonly doubling: number
  readonly delayMsMax: number
}

export const calm: Weather = { loss: 0, doubling: 0, delayMsMax: 2 }

interface Datagram {
  readonly at: number
  readonly order: number
  readonly from: string
  readonly to: string
  readonly data: Uint8Array
}

const isSend = (effect: Effect): effect is Send => effect.do === 'send'

export class DatagramNetwork {
  now = 0
  weather: Weather = calm
  /** All that was delivered. */
  delivered = 0
  readonly #random: Random
  readonly #machines = new Map<string, { machine: Machine; told: (effect: Effect) => void }>()
  #flying: Datagram[] = []
  #order = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** `told` hears of every effect but datagrams. A machine at the same address takes the other one's place. */
  add(address: string, machine: Machine, told: (effect: Effect) => void = () => {}): void {
    this.#machines.set(address, { machine, told })
  }

  /** Carries out what a machine wants after a call to it. */
  obey(address: string, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (isSend(effect)) this.#send(address, printAddress(effect.to.address), effect.data)
      else this.#machines.get(address)?.told(effect)
    }
  }

  /** Lets time pass in steps of 50 ms. */
  pass(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += 50
      this.#deliver()
      for (const [address, { machine }] of this.#machines) this.obey(address, machine.tick(this.now))
    }
  }

  #send(from: string, to: string, data: Uint8Array): void {
    const { loss, doubling, delayMsMax } = this.weather
    for (const copy of [0, 1]) {
      if ((copy === 1 && this.#random() >= doubling) || this.#random() < loss) continue
      const at = this.now + this.#random() * delayMsMax
      this.#order += 1
      this.#flying.push({ at, order: this.#order, from, to, data: Uint8Array.from(data) })
    }
  }

  #deliver(): void {
    const due = this.#flying
      .filter(({ at }) => at <= this.now)
      .sort((a, b) => a.at - b.at || a.order - b.order)
    this.#flying = this.#flying.filter(({ at }) => at > this.now)
    for (const { from, to, data } of due) {
      const address = parseIp(from)
      const target = this.#machines.get(to)
      if (address === undefined || target === undefined) continue
      this.delivered += 1
      this.obey(to, target.machine.receive(data, { address, port: 4342 }, this.now))
    }
  }
}
