/** A Map-Server and a client of mapping systems elsewhere at one port: each gets the messages that are for it. */
import type { Effect, Endpoint, MapServer } from '#lisp/map-server.js'
import type { ClientEffect, MappingClient } from '#lisp/mapping-client.js'
import type { LispMachine } from '#lisp/udp.js'
import type { ClientRest } from './elsewhere.js'

/** What is left of a Map-Server's effects when datagrams are sent and nonces kept. */
export type ServerRest = Exclude<Effect, { readonly do: 'send' | 'keep-nonce' }>
export type Rest = ServerRest | ClientRest

export interface JunctionParts {
  /** Absent where this controller answers no routers. */
  readonly server?: MapServer | undefined
  readonly client?: MappingClient | undefined
}

export class Junction implements LispMachine<Rest> {
  readonly #parts: JunctionParts

  constructor(parts: JunctionParts) {
    this.#parts = parts
  }

  receive(data: Uint8Array, from: Endpoint, now: number): readonly (Effect | ClientEffect)[] {
    const { server, client } = this.#parts
    if (server === undefined) return client?.receive(data, from, now) ?? []
    const effects = server.receive(data, from, now)
    if (client === undefined || !effects.some((effect) => effect.do === 'pass')) return effects
    return effects.flatMap((effect): readonly (Effect | ClientEffect)[] =>
      effect.do === 'pass' ? client.receive(effect.data, effect.from, now) : [effect],
    )
  }

  tick(now: number): readonly (Effect | ClientEffect)[] {
    const { server, client } = this.#parts
    return [...(server?.tick(now) ?? []), ...(client?.tick(now) ?? [])]
  }
}
