/** The mapping system as the settings have it: addresses read, secrets fetched from their files, sites in the Map-Server's form. */
import { readFile } from 'node:fs/promises'
import type { IpAddress } from '#lisp/address.js'
import { parseIp, printAddress } from '#lisp/address-text.js'
import { type AuthAlgorithm, makeKey } from '#lisp/auth.js'
import { type MapServerOptions, mapServerDefaults } from '#lisp/map-server/options.js'
import { type Site, Sites } from '#lisp/map-server/sites.js'
import type { Endpoint, RegistrationServer } from '#lisp/mapping-client.js'
import { type LispListen, lispControlPort } from '#lisp/udp.js'
import { errorText, FabricError } from '#model/error.js'
import type { SiteKeySpec, SiteSpec } from '#model/site.js'
import type { ElsewhereSettings } from './elsewhere.js'
import { siteOf } from './site-values.js'

/** A key of the settings: its secret is in a file. */
export interface FileKey extends Omit<SiteKeySpec, 'secret'> {
  readonly secretFile: string
}

/** A site of the settings. */
export interface ConfiguredSite extends Omit<SiteSpec, 'keys'> {
  readonly name: string
  readonly keys?: readonly FileKey[] | undefined
}

/** What `lisp` of the settings says. */
export interface LispSettings {
  readonly listen: readonly string[]
  readonly rloc?: string | undefined
  readonly registrationSeconds: number
  readonly strictNonces: 'by-site' | 'all'
  readonly mappings: number
  readonly requestsPerSecond: number
  readonly registersPerSecond: number
  readonly siteRegistersPerSecond: number
  readonly sourceMessagesPerSecond: number
}

/** `ADDRESS:PORT`, an IPv6 address in brackets; the settings' schema has looked at it. */
export const listenOf = (text: string): LispListen => {
  const colon = text.lastIndexOf(':')
  return { address: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) }
}

/** The address under which routers know the Map-Server. */
export const rlocOf = ({ rloc, listen }: LispSettings): IpAddress => {
  const [first = '127.0.0.1:0'] = listen
  return parseIp(rloc ?? listenOf(first).address) ?? { family: 'ipv4', value: 0x7f00_0001 }
}

/** Where datagrams are received: where routers are answered, or, where none are, at the own address alone. */
export const listenAddresses = (lisp: LispSettings): readonly LispListen[] =>
  lisp.listen.length > 0
    ? lisp.listen.map(listenOf)
    : [{ address: printAddress(rlocOf(lisp)), port: lispControlPort }]

/** Bursts are as long as the Map-Server has them by default. */
export const serverOptions = (lisp: LispSettings): Partial<MapServerOptions> => {
  const { requestRate, sourceRate } = mapServerDefaults
  const scaled = (perSecond: number, like: { perSecond: number; burst: number }) => ({
    perSecond,
    burst: Math.max(1, Math.round((perSecond * like.burst) / like.perSecond)),
  })
  return {
    registrationMs: lisp.registrationSeconds * 1_000,
    mappingsMax: lisp.mappings,
    requestRate: scaled(lisp.requestsPerSecond, requestRate),
    registerRate: { perSecond: lisp.registersPerSecond, burst: lisp.registersPerSecond },
    siteRate: { perSecond: lisp.siteRegistersPerSecond, burst: lisp.siteRegistersPerSecond },
    sourceRate: scaled(lisp.sourceMessagesPerSecond, sourceRate),
  }
}

/** The one line of a file, without the end of the line. Throws `invalid-request` that says which setting is wrong. */
export const readSecret = async (file: string, setting: string): Promise<string> => {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new FabricError('invalid-request', `${setting}.secretFile: ${errorText(error)}`, { cause: error })
  }
  const secret = text.replace(/\r?\n$/, '')
  if (secret !== '' && !/[\r\n]/.test(secret) && secret.length <= 256) return secret
  throw new FabricError(
    'invalid-request',
    `${setting}.secretFile: ${file} is not one line of 1 to 256 characters`,
  )
}

/** A Map-Server elsewhere, as the settings have it. */
export interface ConfiguredServer extends FileKey {
  readonly address: string
  readonly algorithm?: Exclude<AuthAlgorithm, 'none'> | undefined
}

const endpointOf = (text: string): Endpoint => {
  const { address, port } = listenOf(text)
  return {
    address: parseIp(address) ?? { family: 'ipv4', value: 0 },
    port: port === 0 ? lispControlPort : port,
  }
}

const readServer = async (server: ConfiguredServer, setting: string): Promise<RegistrationServer> => {
  const { address, keyId, secretFile, algorithm = 'hmac-sha-256-128' } = server
  const key = makeKey(keyId, await readSecret(secretFile, setting))
  return {
    name: address,
    endpoint: endpointOf(address),
    proof: { key, keyId, algorithm },
    proxyReply: true,
    merge: false,
    wantNotify: true,
  }
}

/** Mapping systems elsewhere; undefined where the settings name none. Throws `invalid-request` with the setting that is wrong. */
export const readElsewhere = async (
  mapping: { readonly resolvers: readonly string[]; readonly servers: readonly ConfiguredServer[] },
  lisp: LispSettings,
): Promise<ElsewhereSettings | undefined> => {
  if (mapping.resolvers.length === 0 && mapping.servers.length === 0) return undefined
  const listen = listenAddresses(lisp)
  const own = [rlocOf(lisp), ...listen.flatMap(({ address }) => parseIp(address) ?? [])]
  const isAddress = ({ value }: IpAddress): boolean => value !== 0 && value !== 0n
  const families = ['ipv4', 'ipv6'] as const
  const servers = mapping.servers.map((one, index) => readServer(one, `mapping.servers[${index}]`))
  return {
    resolvers: mapping.resolvers.map(endpointOf),
    servers: await Promise.all(servers),
    rlocs: families.flatMap((family) => own.find((one) => one.family === family && isAddress(one)) ?? []),
    port: listen[0]?.port || lispControlPort,
  }
}

const readSite = async (
  { name, keys = [], ...spec }: ConfiguredSite,
  strict: boolean,
  setting: string,
): Promise<Site> => {
  const read = keys.map(async ({ secretFile, ...key }, index) => ({
    ...key,
    secret: await readSecret(secretFile, `${setting}.keys[${index}]`),
  }))
  const whole = { ...spec, keys: await Promise.all(read) }
  try {
    return siteOf(name, whole, strict)
  } catch (error) {
    if (!(error instanceof FabricError)) throw error
    const field = error.details.field === undefined ? '' : `.${error.details.field}`
    throw new FabricError('invalid-request', `${setting}${field}: ${error.message}`, { cause: error })
  }
}

/** Reads the sites of the settings. Throws `invalid-request` with the setting that is wrong, two sites of one EID-prefix included. */
export const readSites = async (
  sites: readonly ConfiguredSite[],
  strict: boolean,
): Promise<readonly Site[]> => {
  const all = new Sites()
  for (const [index, one] of sites.entries()) {
    const setting = `mapping.sites[${index}]`
    const conflict = all.put(await readSite(one, strict, setting))
    if (conflict === undefined) continue
    const { over, other } = conflict
    throw new FabricError('invalid-request', `${setting}: ${over} is a prefix of site ${other} as well`)
  }
  return [...all.all]
}
