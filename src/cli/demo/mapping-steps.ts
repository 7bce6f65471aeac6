/**
 * LISP routers that are simulated, with encoders that are not the controller's, and the mapping system of the running controller
 * over UDP: one registers an EID, another finds it, it moves, and whoever subscribed hears of it.
 */
import { Xtr, xtrPort } from '#lab/xtr/xtr.js'
import { duration } from '../text.js'
import { CheckFailed, expectThat } from './check.js'
import type { Stage } from './stage.js'
import type { Step } from './step.js'

const site = 'demo'
const iid = 100
const eid = '10.100.0.1'
const network = '10.100.0.0/16'
const siteId = 0xde30n
const key = { id: 1, secret: 'a secret of the demo' }

/** The routers: where the EID is at first, where it moves, and who wants to know where it is. */
const routers = ['west', 'north', 'east'] as const
type Router = (typeof routers)[number]

/** An address of loopback for each that is nobody else's: the lab's own is nobody else's either. */
const addressOf = (stage: Stage, router: Router): string => {
  const [, second, third] = stage.lab.controllerAddress.split('.')
  return `127.${second}.${third}.${routers.indexOf(router) + 1}`
}

const openRouters = async (stage: Stage): Promise<void> => {
  for (const [index, router] of routers.entries()) {
    const xtr = await Xtr.open({
      address: addressOf(stage, router),
      mapServer: { address: stage.lab.controllerAddress, port: xtrPort },
      key,
      xtrId: BigInt(index + 1),
      siteId,
      clock: stage.clock,
      random: stage.random,
    })
    stage.routers.set(router, xtr)
  }
}

const routerOf = (stage: Stage, name: Router): Xtr => {
  const xtr = stage.routers.get(name)
  if (xtr === undefined) throw new CheckFailed(`the router ${name}`, 'none: an earlier step failed')
  return xtr
}

const expectAt = (what: string, rlocs: readonly string[], expected: string): void =>
  expectThat(rlocs.join() === expected, `${what}: ${eid} at ${expected}`, rlocs.join() || 'nowhere')

const registerEid = async (stage: Stage): Promise<string> => {
  const spec = {
    prefixes: [{ iid, eid: network, acceptMoreSpecifics: true }],
    keys: [{ keyId: key.id, secret: key.secret, algorithms: ['hmac-sha-256-128' as const] }],
    siteIds: [siteId.toString(16).padStart(16, '0')],
  }
  await stage.client.mappings.putSite(site, spec, { signal: stage.signal })
  await openRouters(stage)
  const west = routerOf(stage, 'west')
  const { rlocs, ms } = await west.register(iid, eid)
  expectAt('the Map-Notify', rlocs, west.address)
  return `PUT /v1/sites/${site}; Map-Register, HMAC-SHA-256, to ${stage.lab.controllerAddress}: authentic Map-Notify after ${duration(ms)}`
}

const resolveEid = async (stage: Stage): Promise<string> => {
  const { address } = routerOf(stage, 'west')
  const { rlocs, prefix, ms } = await routerOf(stage, 'east').resolve(iid, eid)
  expectAt('the Map-Reply', rlocs, address)
  return `Map-Request: ${prefix} of instance ${iid} is at ${address}, after ${duration(ms)}`
}

const moveEid = async (stage: Stage): Promise<string> => {
  const west = routerOf(stage, 'west')
  const north = routerOf(stage, 'north')
  const east = routerOf(stage, 'east')
  expectAt('the first Map-Notify', (await east.subscribe(iid, eid)).rlocs, west.address)
  const heard = Promise.all([east.notified(iid, eid), west.notified(iid, eid)])
  await north.register(iid, eid)
  const [subscriber, owner] = await heard
  expectAt('the subscriber’s Map-Notify', subscriber.rlocs, north.address)
  expectAt('the old owner’s Map-Notify', owner.rlocs, north.address)
  return `from the Map-Register of ${north.address}: the subscriber told after ${duration(subscriber.ms)}, the old owner after ${duration(owner.ms)}`
}

const withdrawEid = async (stage: Stage): Promise<string> => {
  const heard = routerOf(stage, 'east').notified(iid, eid)
  await stage.client.mappings.deleteSite(site, { signal: stage.signal })
  const { rlocs, ms } = await heard
  expectThat(rlocs.length === 0, `${eid} nowhere`, rlocs.join())
  return `DELETE /v1/sites/${site}: the subscriber told after ${duration(ms)}`
}

export const mappingSteps: readonly Step[] = [
  { name: 'eid-registered', title: 'a LISP router registers an EID', run: registerEid },
  { name: 'eid-resolved', title: 'another one finds it', run: resolveEid },
  { name: 'eid-moved', title: 'the EID moves, and the subscriber hears of it', run: moveEid },
  { name: 'eid-withdrawn', title: 'its site goes, and the subscriber hears of that', run: withdrawEid },
]
