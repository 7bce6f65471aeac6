/** Networks made of what requests say: texts become numbers, and what cannot be is refused with its field. Pure. */
import {
  type Cidr,
  cidrHas,
  cidrsOverlap,
  type Ip,
  parseCidr,
  parseIp,
  printCidr,
  printIp,
  widthOf,
} from '#model/cidr.js'
import { FabricError } from '#model/error.js'
import {
  type Network,
  type NetworkSpec,
  networkDefaults,
  type Reservation,
  type Route,
  type RouteSpec,
  type Subnet,
  type SubnetSpec,
} from '#model/network.js'
import type { Provenance } from '#model/wire.js'
import type { NewNetwork } from '#store/store.js'
import { barredIn, firstUsable, specialOf } from './ipam/geometry.js'

/** RFC 8200, section 5. */
const ipv6MtuMin = 1280

/** The network of a request; gateways that it does not state stay those of `before`. Throws what is wrong with it. */
export const networkOf = (
  spec: NetworkSpec,
  vni: number,
  provenance: Provenance,
  before?: Network,
): NewNetwork => {
  const subnets = spec.subnets.map((one, index) => subnetOf(one, `subnets[${index}]`, before))
  checkOverlaps(subnets)
  const reservations = (spec.reservations ?? []).map((one, index) => ({
    address: addressOf(one.address, `reservations[${index}].address`),
    endpoint: one.endpoint,
  }))
  checkReservations(reservations, subnets)
  return {
    name: spec.name,
    vni,
    subnets,
    ...(spec.mtu !== undefined && { mtu: spec.mtu }),
    resolution: spec.resolution ?? networkDefaults.resolution,
    idleTimeoutSeconds: spec.idleTimeoutSeconds ?? networkDefaults.idleTimeoutSeconds,
    routes: routesOf(spec.routes ?? [], subnets),
    ...(reservations.length > 0 && {
      reservations: byText(reservations, ({ address }) => printIp(address)),
    }),
    isolation: spec.isolation ?? networkDefaults.isolation,
    broadcast: spec.broadcast ?? networkDefaults.broadcast,
    provenance,
  }
}

/** In the order in which the database's sets are read, so that what is stored and what is stated compare. */
const byText = <T>(values: readonly T[], textOf: (value: T) => string): readonly T[] =>
  values.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1))

/** Refuses a size of packets that IPv6 cannot live with, or that the underlay does not carry (where that is known). */
export const checkMtu = ({ mtu, subnets }: NewNetwork, carried: number | undefined): void => {
  const inForce = mtu ?? carried
  const ipv6 = subnets.find(({ cidr }) => cidr.family === 6)
  if (ipv6 !== undefined && inForce !== undefined && inForce < ipv6MtuMin) {
    const whose = mtu === undefined ? 'the underlay carries packets' : 'the MTU is'
    throw new FabricError(
      'mtu-too-small',
      `${whose} of ${inForce} bytes, and the IPv6 subnet ${printCidr(ipv6.cidr)} needs ${ipv6MtuMin}`,
      { field: 'mtu' },
    )
  }
  if (mtu !== undefined && carried !== undefined && mtu > carried) {
    throw new FabricError(
      'mtu-too-large',
      `an MTU of ${mtu} is above the ${carried} that the underlay carries`,
      { field: 'mtu' },
    )
  }
}

const invalid = (message: string, field: string): FabricError =>
  new FabricError('invalid-request', `${field}: ${message}`, { field })

const addressOf = (text: string, field: string): Ip => {
  const address = parseIp(text)
  if (address === undefined) throw invalid('no IP address', field)
  return address
}

const prefixOf = (text: string, field: string): Cidr => {
  const prefix = parseCidr(text)
  if (prefix === undefined) throw invalid('no IP prefix', field)
  return prefix
}

const outside = (text: string, cidr: Cidr, field: string): FabricError =>
  new FabricError('address-outside', `${text} is outside the subnet ${printCidr(cidr)}`, { field })

const subnetOf = (spec: SubnetSpec, at: string, before: Network | undefined): Subnet => {
  const cidr = prefixOf(spec.cidr, `${at}.cidr`)
  const exclude = (spec.exclude ?? []).map((text, index) => excludedOf(text, cidr, `${at}.exclude[${index}]`))
  const distinct = new Map(exclude.map((one) => [printCidr(one), one]))
  const gateway = gatewayOf(spec, cidr, `${at}.gateway`, before)
  return { cidr, gateway, exclude: byText([...distinct.values()], printCidr) }
}

const gatewayOf = (spec: SubnetSpec, cidr: Cidr, field: string, before: Network | undefined): bigint => {
  if (spec.gateway === undefined) {
    const same = before?.subnets.find((one) => printCidr(one.cidr) === printCidr(cidr))
    return same?.gateway ?? firstUsable(cidr)
  }
  const gateway = addressOf(spec.gateway, field)
  if (!cidrHas(cidr, gateway)) throw outside(spec.gateway, cidr, field)
  if (specialOf(cidr).includes(gateway.value)) {
    throw new FabricError(
      'address-unusable',
      `${spec.gateway} is the first or the last address of ${printCidr(cidr)} and cannot be its gateway`,
      { field },
    )
  }
  return gateway.value
}

const excludedOf = (text: string, cidr: Cidr, field: string): Cidr => {
  const family = text.includes(':') ? 6 : 4
  const prefix = prefixOf(text.includes('/') ? text : `${text}/${widthOf(family)}`, field)
  if (!cidrHas(cidr, prefix) || prefix.length < cidr.length) throw outside(text, cidr, field)
  return prefix
}

const checkOverlaps = (subnets: readonly Subnet[]): void => {
  subnets.forEach(({ cidr }, index) => {
    const other = subnets.slice(0, index).find((one) => cidrsOverlap(one.cidr, cidr))
    if (other === undefined) return
    throw new FabricError(
      'subnets-overlap',
      `${printCidr(cidr)} and ${printCidr(other.cidr)} have addresses in common`,
      { field: `subnets[${index}].cidr` },
    )
  })
}

/** Of a route without a gateway, that of the first subnet of its family is meant: there has to be one. */
const routesOf = (specs: readonly RouteSpec[], subnets: readonly Subnet[]): readonly Route[] => {
  const routes = new Map<string, Route>()
  specs.forEach((spec, index) => {
    const at = `routes[${index}]`
    const destination = prefixOf(spec.destination, `${at}.destination`)
    const key = printCidr(destination)
    if (routes.has(key)) throw invalid(`there are two routes to ${key}`, `${at}.destination`)
    const gateway = spec.gateway === undefined ? undefined : addressOf(spec.gateway, `${at}.gateway`)
    const reachable = subnets.some(({ cidr }) =>
      gateway === undefined
        ? cidr.family === destination.family
        : gateway.family === destination.family && cidrHas(cidr, gateway),
    )
    if (!reachable) {
      throw new FabricError(
        'address-outside',
        `no subnet of the network leads to ${spec.gateway ?? `a gateway for ${key}`}`,
        { field: gateway === undefined ? `${at}.destination` : `${at}.gateway` },
      )
    }
    routes.set(key, { destination, ...(gateway !== undefined && { gateway: gateway.value }) })
  })
  return byText([...routes.values()], ({ destination }) => printCidr(destination))
}

const checkReservations = (reservations: readonly Reservation[], subnets: readonly Subnet[]): void => {
  const barred = subnets.map((subnet) => ({ subnet, never: barredIn(subnet) }))
  const owners = new Map<string, string>()
  reservations.forEach(({ address, endpoint }, index) => {
    const field = `reservations[${index}].address`
    const place = barred.find(({ subnet }) => cidrHas(subnet.cidr, address))
    const text = printIp(address)
    if (place === undefined)
      throw new FabricError('address-outside', `${text} is in none of the subnets`, { field })
    if (place.never.around(address.value) !== undefined)
      throw new FabricError('address-unusable', `${text} is given to nobody: it cannot be reserved`, {
        field,
      })
    const owner = owners.get(text)
    if (owner !== undefined)
      throw new FabricError('address-taken', `${text} is reserved for endpoint ${owner} too`, {
        field,
        owner: `endpoint ${owner}`,
      })
    owners.set(text, endpoint)
  })
}
