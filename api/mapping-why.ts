/** Why a Map-Request is answered as it is, in a sentence. Pure. */
import type { MappingExplanation, MappingView } from '#model/mapping.js'

/** Who says it. */
const saidBy = ({ origin, owner }: MappingView): string => {
  switch (origin) {
    case 'registered':
      return `registered by ${owner}`
    case 'static':
      return 'put by an operator'
    case 'local':
      return `on node ${owner}`
  }
}

const matchOf = (mapping: MappingView | undefined): string =>
  mapping === undefined ? 'a mapping covers it' : `${mapping.eid} is the longest match, ${saidBy(mapping)}`

export const whyOf = ({ answer, mapping, site, covering }: MappingExplanation): string => {
  switch (answer.kind) {
    case 'reply':
      return mapping?.locators.length === 0
        ? `${matchOf(mapping)}, without locators: ${mapping.action}`
        : matchOf(mapping)
    case 'forward':
      return `${matchOf(mapping)}; its site answers itself, at ${answer.to}`
    case 'no-etr':
      return `${matchOf(mapping)}; its site answers itself, and no locator of it can be asked`
    case 'negative':
      return site === undefined
        ? 'it belongs to no site and nobody has registered it'
        : `it belongs to site ${site.name} by ${site.eid}, which has not registered it${covering.length === 0 ? '' : '; what covers it is not of that site'}`
    case 'quiet':
      return 'nobody has registered it since the start, and it is too early to say that nobody will'
  }
}
