/** The mapping system of a controller that runs none: every question is answered with how it comes to run one. */
import { FabricError } from '#model/error.js'
import type { Mappings } from './mappings.js'

const refuse = (): never => {
  throw new FabricError(
    'no-mapping-system',
    'this controller runs no mapping system: it is given no address to listen on for LISP',
  )
}

const refuseLater = async (): Promise<never> => refuse()

export const noMappings: Mappings = {
  sites: refuse,
  site: refuse,
  putSite: refuseLater,
  deleteSite: refuseLater,
  mappings: refuse,
  explain: refuse,
  putMapping: refuseLater,
  deleteMapping: refuseLater,
  history: refuse,
}
