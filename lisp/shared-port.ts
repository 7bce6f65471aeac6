/**
 * A Map-Server and a client of other Map-Servers at one port, since all of LISP's control messages come to 4342: what is not for the
 * server is the client's. For `serveLisp`.
 */
import type { Effect, Endpoint } from './map-server/effects.js'
import type { MapServer } from './map-server.js'
import type { ClientEffect, MappingClient } from './mapping-client.js'
import type { LispMachine } from './udp.js'

/** Effects of either, without the server's `pass`. */
export type SharedEffect = Exclude<Effect, { readonly do: 'pass' }> | ClientEffect

export const sharedPort = (server: MapServer, client: MappingClient): LispMachine<SharedEffect> => {
  const passed = (effects: readonly Effect[], now: number): readonly SharedEffect[] =>
    effects.flatMap((effect): readonly SharedEffect[] =>
      effect.do === 'pass' ? client.receive(effect.data, effect.from, now) : [effect],
    )
  return {
    receive: (data: Uint8Array, from: Endpoint, now: number) => passed(server.receive(data, from, now), now),
    tick: (now: number) => [...passed(server.tick(now), now), ...client.tick(now)],
  }
}
