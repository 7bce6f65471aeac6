/**
 * The settings of the process, each once: one zod schema, from which the file's keys, the environment variables, the
 * flags, their help and the printed configuration derive. Secrets are never values here, only paths of the files that
 * hold them. config.ts fills it.
 *
 * `vni.quarantineSeconds` is `HEDDLE_VNI_QUARANTINE_SECONDS` in the environment and `--vni-quarantine-seconds` as a flag.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { z } from 'zod'
import { siteKeySpec, siteSpec } from '#model/site.js'
import { objectName } from '#model/wire.js'

/** What is said of a setting besides its type. */
interface About {
  /** What it means, with its unit: the help of its flag and the comment in `heddle config`. */
  readonly about: string
  /** The name of its flag where the path makes a poor one. */
  readonly flag?: string
  /** Too much for a flag or a variable: it is read from the file alone. */
  readonly fileOnly?: true
}

const abouts = z.registry<About>()

const setting = <T extends z.ZodType>(schema: T, about: string, flag?: string): T => {
  abouts.add(schema, flag === undefined ? { about } : { about, flag })
  return schema
}

const fileSetting = <T extends z.ZodType>(schema: T, about: string): T => {
  abouts.add(schema, { about, fileOnly: true })
  return schema
}

/** `HOST:PORT`, an IPv6 address in brackets; port 0 lets the kernel choose. */
const hostPort = z.string().refine((text) => {
  const [, host = '', port = ''] = /^(\[[^\]]+\]|[^:[\]]+):(\d{1,5})$/.exec(text) ?? []
  const hostFits = host.startsWith('[') ? isIPv6(host.slice(1, -1)) : isIPv4(host) || /[A-Za-z]/.test(host)
  return hostFits && port !== '' && Number(port) <= 65_535
}, 'expected HOST:PORT, an IPv6 address in brackets')

/** `ADDRESS:PORT`, an IPv6 address in brackets: nothing is looked up. */
const addressPort = z.string().refine((text) => {
  const [, v4 = '', v6 = '', port = ''] = /^(?:([^:[\]]+)|\[([^\]]+)\]):(\d{1,5})$/.exec(text) ?? []
  return (isIPv4(v4) || isIPv6(v6)) && Number(port) <= 65_535
}, 'expected ADDRESS:PORT, an IPv6 address in brackets')

/** Several with commas between them, or a list; `none` is an empty one. */
const addressPorts = z
  .union(
    [
      z.string().transform((text) => (text === 'none' ? [] : text.split(',').map((one) => one.trim()))),
      z.array(z.string()),
    ],
    'expected ADDRESS:PORT, a list of them, or none',
  )
  .pipe(z.array(addressPort).max(16))

const ipAddress = z.union([z.ipv4(), z.ipv6()], 'expected an IPv4 or IPv6 address')

/** A passive target of ovsdb(7). */
const listenTarget = z
  .string()
  .regex(/^p(tcp|ssl):\d{1,5}(:.+)?$|^punix:.+$/, 'expected ptcp:PORT[:HOST], pssl:PORT[:HOST] or punix:PATH')

/** One target, several with commas between them, or a list. */
const listenTargets = z
  .union(
    [z.string().transform((text) => text.split(',').map((one) => one.trim())), z.array(z.string())],
    'expected a target or a list of targets',
  )
  .pipe(z.array(listenTarget).min(1).max(16))

const dialTarget = (...kinds: readonly string[]) =>
  z
    .string()
    .regex(
      new RegExp(`^(${kinds.join('|')}):.+$`),
      `expected ${kinds.map((kind) => (kind === 'unix' ? 'unix:PATH' : `${kind}:HOST:PORT`)).join(', ')}`,
    )

const deviceName = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,15}$/, '1 to 15 letters, digits, dots, dashes or underscores')
const udpPort = z.int().min(1).max(65_535)
const path = z.string().min(1).max(4096)
const count = z.int().min(1)
const vni = z.int().min(1).max(0xff_ffff)
const bytes = z.int().min(1024)
const perSecond = z.int().min(1).max(10_000_000)

/** What a key is but its secret, which lies in a file of its own. */
const fileKey = siteKeySpec.omit({ secret: true }).extend({ secretFile: path })

/** A site of the mapping system as the file states it. */
const configuredSite = siteSpec.extend({ name: objectName, keys: z.array(fileKey).max(16).optional() })

/** A Map-Server elsewhere, where the fabric's own EIDs are registered. */
const mapServer = fileKey.omit({ algorithms: true }).extend({
  address: addressPort,
  algorithm: z.enum(['hmac-sha-1-96', 'hmac-sha-256-128', 'hmac-sha-256-128+hkdf-sha256']).optional(),
})

/** Every setting, once. Its order is the order in which people read them. */
export const configSchema = z.strictObject({
  listen: z.strictObject({
    rest: setting(hostPort.default('127.0.0.1:8080'), 'HOST:PORT of REST'),
    ovsdb: setting(
      listenTargets.default(['ptcp:6640:127.0.0.1']),
      'where switches dial in for OVSDB; several with commas',
    ),
    openflow: setting(
      listenTargets.default(['ptcp:6653:127.0.0.1']),
      'where switches dial in for OpenFlow; several with commas',
    ),
  }),
  tls: z.strictObject({
    privateKey: setting(path.optional(), 'PEM file of our private key, for ssl: and pssl: targets'),
    certificate: setting(path.optional(), 'PEM file of our certificate'),
    ca: setting(path.optional(), "PEM file of the CA that signed the peers' certificates"),
  }),
  openflow: z.strictObject({
    controllerTarget: setting(
      dialTarget('tcp', 'ssl', 'unix').optional(),
      'what nodes are told to dial for OpenFlow; otherwise the address by which they reached us, with our port',
    ),
  }),
  northbound: z.strictObject({
    target: setting(
      dialTarget('tcp', 'unix', 'ssl').optional(),
      'an existing northbound database; otherwise Heddle runs its own ovsdb-server on northbound.file',
      'northbound',
    ),
    file: setting(
      path.optional(),
      'file of our own northbound database; otherwise northbound.db in dataDirectory',
    ),
  }),
  dataDirectory: setting(path.default('/var/lib/heddle'), 'directory of all that Heddle keeps'),
  bridge: setting(
    z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,15}$/, '1 to 15 letters, digits, dots, dashes or underscores')
      .default('br-int'),
    'name of the integration bridge',
  ),
  datapathType: setting(
    z.enum(['system', 'netdev']).default('system'),
    'datapath of the bridge; a node whose kernel lacks the system datapath gets netdev',
  ),
  tunnel: z.strictObject({
    portName: setting(deviceName.default('heddle-vxlan'), 'name of the tunnel port on every node'),
    dstPort: setting(udpPort.default(4789), 'UDP port of VXLAN'),
    gpe: setting(
      z.enum(['auto', 'always', 'never']).default('auto'),
      'VXLAN-GPE ports on nodes, for LISP routers; auto: where a mapping system is not on loopback alone',
    ),
    gpePortName: setting(deviceName.default('heddle-gpe'), 'name of the VXLAN-GPE port on every node'),
    gpeDstPort: setting(udpPort.default(4790), 'UDP port of VXLAN-GPE'),
  }),
  underlayMtu: setting(
    z.int().min(576).max(65_535).default(1500),
    'MTU between the nodes in bytes, where a node says nothing else',
  ),
  vni: z.strictObject({
    min: setting(vni.default(4096), 'smallest VNI of the range that links and networks draw from'),
    max: setting(vni.default(0xff_ffff), 'largest VNI of the range'),
    quarantineSeconds: setting(
      z.int().min(0).max(31_536_000).default(300),
      'seconds before a VNI that became free is used again',
    ),
  }),
  ipam: z.strictObject({
    quarantineSeconds: setting(
      z.int().min(0).max(31_536_000).default(60),
      'seconds before an address that became free is given out again',
    ),
  }),
  overlay: z.strictObject({
    defaultNetwork: setting(
      objectName.optional(),
      'network in which every node that joins gets an endpoint of its own, the port heddle0',
    ),
  }),
  lisp: z.strictObject({
    listen: setting(
      addressPorts.default(['127.0.0.1:4342']),
      'ADDRESS:PORT of the Map-Server and Map-Resolver, UDP; several with commas; none: not at all',
    ),
    rloc: setting(
      ipAddress.optional(),
      'address under which routers know this Map-Server; otherwise the first of lisp.listen',
    ),
    registrationSeconds: setting(
      z.int().min(1).max(3_600).default(60),
      'seconds between two registrations of a router; after three without one its mappings go',
    ),
    strictNonces: setting(
      z.enum(['by-site', 'all']).default('by-site'),
      'whose nonces must grow: of sites that say so, or of all',
    ),
    mappings: setting(count.max(16_000_000).default(4_000_000), 'mappings at most'),
    requestsPerSecond: setting(perSecond.default(200_000), 'Map-Requests answered in a second'),
    registersPerSecond: setting(perSecond.default(20_000), 'Map-Registers taken in a second'),
    siteRegistersPerSecond: setting(perSecond.default(5_000), 'of them, those of one site'),
    sourceMessagesPerSecond: setting(perSecond.default(20_000), 'messages of one address in a second'),
  }),
  mapping: z.strictObject({
    sites: fileSetting(
      z.array(configuredSite).max(4_096).default([]),
      'sites whose routers register here, each with name, prefixes and keys; more are put over REST',
    ),
    resolvers: setting(
      addressPorts.default([]),
      'ADDRESS:PORT of Map-Resolvers elsewhere, asked for what is not known here; several with commas',
    ),
    servers: fileSetting(
      z.array(mapServer).max(16).default([]),
      "Map-Servers elsewhere where the fabric's own EIDs are registered, each with address, keyId, secretFile",
    ),
  }),
  auth: z.strictObject({
    tokenFile: setting(path.optional(), 'file of bearer tokens; without it REST asks for none'),
  }),
  limits: z.strictObject({
    connections: setting(count.default(10_000), 'connections on each listener for switches'),
    unidentifiedConnections: setting(
      count.default(256),
      'of them, those that have not said who they are yet',
    ),
    messageBytes: setting(bytes.default(64 * 1024 * 1024), 'bytes of one OVSDB message'),
    queueBytes: setting(
      bytes.default(64 * 1024 * 1024),
      'bytes that may wait for one peer that does not read',
    ),
    bodyBytes: setting(bytes.default(32 * 1024 * 1024), 'bytes of one REST request body'),
    eventListeners: setting(count.default(256), 'readers of the event stream at once'),
  }),
  events: z.strictObject({
    keep: setting(count.max(10_000_000).default(10_000), 'events kept for readers that resume'),
  }),
  log: z.strictObject({
    level: setting(
      z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
      'the least severe that is logged',
    ),
    pretty: setting(
      z.enum(['auto', 'always', 'never']).default('auto'),
      'lines for people instead of JSON; auto: on a terminal',
    ),
  }),
})

/** One leaf of the schema and its names. */
export interface Setting extends About {
  /** `vni.quarantineSeconds` */
  readonly key: string
  readonly path: readonly string[]
  /** `HEDDLE_VNI_QUARANTINE_SECONDS` */
  readonly variable: string
  /** `vni-quarantine-seconds`, without dashes before it */
  readonly flag: string
  /** Whether text from a flag or variable is a number. */
  readonly numeric: boolean
  /** The words that it may be, where they are few. */
  readonly choices?: readonly string[]
}

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

const bare = (schema: unknown): unknown =>
  schema instanceof z.ZodDefault || schema instanceof z.ZodOptional ? bare(schema.unwrap()) : schema

const settingsOf = (schema: z.ZodObject, above: readonly string[]): Setting[] =>
  Object.entries(schema.shape).flatMap(([name, inner]) => {
    const path = [...above, name]
    if (inner instanceof z.ZodObject) return settingsOf(inner, path)
    const about = inner instanceof z.ZodType ? abouts.get(inner) : undefined
    if (about === undefined) throw new TypeError(`setting ${path.join('.')} is not described`)
    const plain = bare(inner)
    const dashed = path.map(kebab).join('-')
    return {
      flag: dashed,
      ...about,
      key: path.join('.'),
      path,
      variable: `HEDDLE_${dashed.replaceAll('-', '_').toUpperCase()}`,
      numeric: plain instanceof z.ZodNumber,
      ...(plain instanceof z.ZodEnum ? { choices: plain.options.map(String) } : {}),
    }
  })

/** Every setting in the order of the schema. */
export const settings: readonly Setting[] = settingsOf(configSchema, [])
