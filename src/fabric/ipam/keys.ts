/** Leases and blocks as keys of maps. */
import type { BlockName, LeaseName } from '#store/store.js'

export const leaseKey = ({ network, address: { family, value } }: LeaseName): string =>
  `${network} ${family} ${value}`

export const blockKey = ({ network, cidr: { family, value, length } }: BlockName): string =>
  `${network} ${family} ${value} ${length}`
