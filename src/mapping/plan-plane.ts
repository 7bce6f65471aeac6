/** The mapping system that the settings ask for. */
import { join } from 'node:path'
import {
  type ConfiguredServer,
  type ConfiguredSite,
  type LispSettings,
  listenAddresses,
  readElsewhere,
  readSites,
  rlocOf,
  serverOptions,
} from './configured.js'
import { MappingPlane, type MappingPlaneOptions } from './mapping-plane.js'

/** What of the settings it depends on. */
export interface MappingSettings {
  readonly lisp: LispSettings
  readonly mapping: {
    readonly sites: readonly ConfiguredSite[]
    readonly resolvers: readonly string[]
    readonly servers: readonly ConfiguredServer[]
  }
  readonly dataDirectory: string
  readonly northbound: { readonly target?: string }
}

/** The parts of the controller that it works with. */
export type PlaneParts = Pick<MappingPlaneOptions, 'store' | 'clock' | 'random' | 'logger' | 'tell'>

/** Reads all that the settings name; what comes of it makes the mapping system. Rejects with `invalid-request` and the setting that is wrong. */
export const planPlane = async (settings: MappingSettings): Promise<(parts: PlaneParts) => MappingPlane> => {
  const { lisp, mapping, dataDirectory, northbound } = settings
  const strictNonces = lisp.strictNonces === 'all'
  const sites = await readSites(mapping.sites, strictNonces)
  const elsewhere = await readElsewhere(mapping, lisp)
  const listen = lisp.listen.length === 0 && elsewhere === undefined ? [] : listenAddresses(lisp)
  return (parts) =>
    new MappingPlane({
      ...parts,
      listen,
      serves: lisp.listen.length > 0,
      elsewhere,
      rloc: rlocOf(lisp),
      server: serverOptions(lisp),
      sites,
      strictNonces,
      nonceFile: join(dataDirectory, 'lisp-nonces'),
      shared: northbound.target !== undefined,
    })
}
