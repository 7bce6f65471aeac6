/**
 * The result of ADD: one form within the plugin, and the forms of the specification's versions (0.3.1, 0.4.0, 1.0.0: "Result",
 * 1.1.0: section 5). Up to 0.4.0 an address says its family; the MTU of an interface, and what a route has beside its gateway, came with 1.1.0.
 */
import { CniError } from './error.js'
import { isIpv6 } from './ip-text.js'
import {
  address,
  addressWithLength,
  integer,
  listOf,
  objectOf,
  objectWith,
  type Read,
  text,
  type With,
} from './reading.js'
import { isAtLeast } from './version.js'

const interfaceFields = {
  name: text,
  mac: text,
  mtu: integer(0, 0xffff_ffff),
  sandbox: text,
  socketPath: text,
  pciID: text,
}
const ipFields = { interface: integer(0, 0xffff), address: addressWithLength, gateway: address }
const number = integer(0, 0xffff_ffff)
const routeFields = {
  dst: addressWithLength,
  gw: address,
  mtu: number,
  advmss: number,
  priority: number,
  table: number,
  scope: number,
}
const texts = listOf(text)
const dnsFields = { nameservers: texts, domain: text, search: texts, options: texts }

export type ResultInterface = With<typeof interfaceFields, 'name'>
export type ResultIp = With<typeof ipFields, 'address'>
export type ResultRoute = With<typeof routeFields, 'dst'>
export type Dns = Read<typeof dnsFields>

export interface PluginResult {
  readonly interfaces: readonly ResultInterface[]
  readonly ips: readonly ResultIp[]
  readonly routes: readonly ResultRoute[]
  readonly dns: Dns
}

export const emptyResult: PluginResult = { interfaces: [], ips: [], routes: [], dns: {} }

export const readRoute = objectWith(routeFields, 'dst')
export const readIp = objectWith(ipFields, 'address')
export const readDns = objectOf(dnsFields)

const readResult = objectOf({
  cniVersion: text,
  interfaces: listOf(objectWith(interfaceFields, 'name')),
  ips: listOf(readIp),
  routes: listOf(readRoute),
  dns: readDns,
})

/**
 * Reads the result of another plugin, or our own that comes back, of any version that the plugin speaks.
 * @param what where it comes from, in words, for the error
 * @throws CniError `decoding-failure`
 */
export const parseResult = (value: unknown, what: string): PluginResult => {
  try {
    const { interfaces = [], ips = [], routes = [], dns = {} } = readResult(value)
    return { interfaces, ips, routes, dns }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new CniError('decoding-failure', `${what} cannot be read`, { details: error.message })
  }
}

/** Puts what a plugin added behind what the plugins before it had made. */
export const joinResults = (before: PluginResult, ours: PluginResult): PluginResult => {
  const offset = before.interfaces.length
  return {
    interfaces: [...before.interfaces, ...ours.interfaces],
    ips: [
      ...before.ips,
      ...ours.ips.map((ip) =>
        ip.interface === undefined ? ip : { ...ip, interface: ip.interface + offset },
      ),
    ],
    routes: [...before.routes, ...ours.routes],
    dns: { ...before.dns, ...ours.dns },
  }
}

const omit = <T extends object, K extends keyof T>(value: T, keys: readonly K[]): Omit<T, K> => {
  const rest = { ...value }
  for (const key of keys) delete rest[key]
  return rest
}

/** What is printed for the runtime, in the form of `version`. */
export const printResult = (version: string, result: PluginResult): object => {
  const newest = isAtLeast(version, '1.1.0')
  const family = (ip: ResultIp): object =>
    isAtLeast(version, '1.0.0') ? {} : { version: isIpv6(ip.address) ? '6' : '4' }
  return {
    cniVersion: version,
    interfaces: result.interfaces.map((each) => (newest ? each : omit(each, ['mtu', 'socketPath', 'pciID']))),
    ips: result.ips.map((ip) => ({ ...family(ip), ...ip })),
    ...(result.routes.length === 0
      ? {}
      : {
          routes: result.routes.map((route) =>
            newest ? route : omit(route, ['mtu', 'advmss', 'priority', 'table', 'scope']),
          ),
        }),
    dns: result.dns,
  }
}
