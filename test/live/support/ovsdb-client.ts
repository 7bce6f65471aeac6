/** Clients and bare sessions for live tests, closed when the test is over. */
import { onTestFinished } from 'vitest'
import { systemClock } from '#link/clock.js'
import { type DialOptions, dial } from '#link/dial.js'
import type { Dial } from '#link/link-driver.js'
import { systemRandom } from '#link/random.js'
import { parseDialTarget } from '#link/targets.js'
import { type ClientOptions, type ClientState, OvsdbClient } from '#ovsdb/client.js'
import { openVswitchDatabaseName } from '#ovsdb/schemas/open-vswitch.js'
import { Session, type SessionOptions } from '#ovsdb/session.js'
import type { AnyTable } from '#ovsdb/tables.js'

export const dialTo =
  (target: string, options: DialOptions = {}): Dial =>
  (signal) =>
    dial(parseDialTarget(target), options, signal)

/** Quick to come back, so that tests are quick. */
export const quickLink = { backoffMsMin: 20, backoffMsMax: 200 }

export const clientSettings = <T extends AnyTable>(
  tables: readonly T[],
  settings: Partial<ClientOptions<T>> = {},
): ClientOptions<T> => ({
  clock: systemClock,
  random: systemRandom,
  database: openVswitchDatabaseName,
  tables,
  ...settings,
  link: { ...quickLink, ...settings.link },
})

/** A client that is synced. */
export const openClient = async <T extends AnyTable>(
  targets: string | readonly Dial[],
  tables: readonly T[],
  settings: Partial<ClientOptions<T>> = {},
): Promise<OvsdbClient<T>> => {
  const dials = typeof targets === 'string' ? [dialTo(targets)] : targets
  const client = OvsdbClient.dial(dials, clientSettings(tables, settings))
  onTestFinished(() => client.close())
  await client.synced(AbortSignal.timeout(20_000))
  return client
}

export const openSession = async (target: string, options: SessionOptions = {}): Promise<Session> => {
  const session = new Session(await dial(parseDialTarget(target)), options)
  onTestFinished(() => session.close())
  return session
}

/** Resolves with the first state from now on, or the present one, that is of this name. */
export const stateOf = <S extends ClientState['state']>(
  client: OvsdbClient,
  name: S,
): Promise<Extract<ClientState, { state: S }>> =>
  new Promise((resolve) => {
    const is = (state: ClientState): state is Extract<ClientState, { state: S }> => state.state === name
    if (is(client.state)) return resolve(client.state)
    const stop = client.onState((state) => {
      if (!is(state)) return
      stop()
      resolve(state)
    })
  })
