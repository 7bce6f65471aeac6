/**
 * The network configuration as the runtime hands it over, and the node's settings file, which has the same settings for what
 * no network configuration says. Each field is a line of a table; a field that nobody knows is an error that names it.
 */
import { CniError } from './error.js'
import {
  addressWithLength,
  anything,
  flag,
  integer,
  isObject,
  listOf,
  macAddress,
  mapOf,
  objectOf,
  oneOf,
  type Read,
  text,
} from './reading.js'
import { readDns, readRoute } from './result.js'

/** What the node's settings file may say, and a network configuration too. */
const nodeFields = {
  /** REST of the controller: `http://192.0.2.1:8080`. */
  controller: text,
  /** A file that holds the bearer token. */
  tokenFile: text,
  /** A file of PEM certificates that sign the controller's. */
  caFile: text,
  /** This node's name; otherwise Open vSwitch's system-id, otherwise the host name. */
  node: text,
  /** How long ADD waits for the switch, and any call for the controller. */
  timeoutSeconds: integer(1, 300),
  /** Where the plugin notes what it made. */
  stateDirectory: text,
  /** Whether the container leaves checksums to others: `auto` only where the datapath is the kernel's. */
  checksumOffload: oneOf('auto', 'on', 'off'),
  /** Whether what leaves the fabric bears the node's address. */
  ipMasq: flag,
  /** Whether the node itself is an endpoint of the network: for one network of a node, the default one. */
  nodeEndpoint: flag,
}

/** What only a network configuration says. */
const networkFields = {
  /** The network of Heddle; the configuration's name unless told. */
  network: text,
  /** A link of Heddle that gets the interface, in the place of a network. */
  wire: objectOf({ link: text, end: oneOf('a', 'b') }),
  /** Bytes; what the controller says unless told. */
  mtu: integer(68, 65_535),
  mac: macAddress,
  /** Static addresses; with a prefix length where it is a wire's. */
  addresses: listOf(addressWithLength),
  /** A default route by the network's gateways. */
  isDefaultGateway: flag,
  /** More routes. */
  routes: listOf(readRoute),
  labels: mapOf(text),
  /** The node's settings file. */
  settingsFile: text,
  /** The environment file of the Open Overlay Router plugin. */
  subnetFile: text,
  delegate: objectOf({ isDefaultGateway: flag, ipMasq: flag, mtu: integer(68, 65_535) }),
}

/** What the specification itself knows (1.1.0, section 1 and CONVENTIONS.md). */
const specificationFields = {
  cniVersion: text,
  name: text,
  type: text,
  ipam: (value: unknown): { readonly type?: string } =>
    isObject(value) ? objectOf({ type: text })(value) : {},
  dns: readDns,
  runtimeConfig: objectOf({ mac: macAddress, ips: listOf(text) }),
  args: objectOf({ cni: objectOf({ mac: macAddress, ips: listOf(text), labels: listOf(anything) }) }),
  prevResult: anything,
}

/** Of runtimes and other plugins: they mean nothing here. */
const ignored = new Set([
  'capabilities',
  'cniVersions',
  'deviceID',
  'disableCheck',
  'disableGC',
  'loadOnlyInlinedPlugins',
])

/** Every field that means something here and is not the specification's own: what the manual lists. */
export const fieldNames: readonly string[] = Object.keys({ ...nodeFields, ...networkFields })

const fields = { ...nodeFields, ...networkFields, ...specificationFields }
const readFields = objectOf(fields)
const readNodeFields = objectOf(nodeFields)

export type NodeSettings = Read<typeof nodeFields>
export type NetworkConfiguration = Read<typeof fields>

const settled = <T>(what: string, read: () => T): T => {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new CniError('invalid-config', `${what} is not valid`, {
      details: error.message.replace(/^\./, ''),
    })
  }
}

/** @throws CniError `unsupported-field` that has the key and its value, as the specification asks */
const checkKeys = (value: Readonly<Record<string, unknown>>, known: object, what: string): void => {
  for (const [key, given] of Object.entries(value)) {
    // Keys with a domain are the runtime's own: `cni.dev/attachments`.
    if (Object.hasOwn(known, key) || ignored.has(key) || key.includes('/')) continue
    throw new CniError('unsupported-field', `unsupported field ${key} in ${what}`, {
      details: `${key}: ${JSON.stringify(given)}`.slice(0, 500),
    })
  }
}

/** @throws CniError `invalid-config`, `unsupported-field` */
export const readConfiguration = (value: Readonly<Record<string, unknown>>): NetworkConfiguration => {
  checkKeys(value, fields, 'network configuration')
  const configuration = settled('the network configuration', () => readFields(value))
  if (configuration.wire !== undefined && configuration.wire.link === undefined)
    throw new CniError('invalid-config', 'wire.link is missing: the name of the link')
  if (configuration.wire !== undefined && configuration.network !== undefined)
    throw new CniError('invalid-config', 'a configuration names a network or a wire, not both')
  return configuration
}

/** @throws CniError `invalid-config`, `unsupported-field` */
export const readNodeSettings = (value: unknown, file: string): NodeSettings => {
  if (!isObject(value)) throw new CniError('invalid-config', `${file} holds no JSON object`)
  checkKeys(value, nodeFields, file)
  return settled(file, () => readNodeFields(value))
}
