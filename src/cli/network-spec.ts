/** A network as its options say it: gateways and exclusions belong to the subnet that they lie in. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { NetworkBody } from '#api/client.js'
import { cidrHas, parseCidr, parseIp } from '#model/cidr.js'
import { integerFrom, listOf, readName } from './arguments.js'
import { usageError } from './exit.js'

export interface NetworkSettings {
  readonly subnet?: readonly string[]
  readonly gateway?: readonly string[]
  readonly exclude?: readonly string[]
  readonly vni?: number
  readonly mtu?: number
  readonly proactive?: boolean
  readonly idleTimeout?: number
  readonly route?: NonNullable<NetworkBody['routes']>
  readonly reserve?: NonNullable<NetworkBody['reservations']>
  readonly isolated?: boolean
  readonly broadcast?: boolean
}

const readSubnet = (text: string): string => {
  if (text.includes('/') && parseCidr(text) !== undefined) return text
  throw new InvalidArgumentError('Expected a prefix: 10.0.0.0/24 or 2001:db8::/64.')
}

export const readAddress = (text: string): string => {
  if (parseIp(text) !== undefined) return text
  throw new InvalidArgumentError('Expected an IP address.')
}

const readExclusion = (text: string): string => (text.includes('/') ? readSubnet(text) : readAddress(text))

/** `DESTINATION` or `DESTINATION=GATEWAY`. */
const readRoute = (text: string): { destination: string; gateway?: string } => {
  const [destination = '', gateway] = text.split('=')
  return {
    destination: readSubnet(destination),
    ...(gateway === undefined ? {} : { gateway: readAddress(gateway) }),
  }
}

/** `ADDRESS=ENDPOINT`. */
const readReservation = (text: string): { address: string; endpoint: string } => {
  const [address = '', endpoint = ''] = text.split('=')
  return { address: readAddress(address), endpoint: readName(endpoint) }
}

/** Everything that a file would say itself. */
const inFile = [
  'subnet',
  'gateway',
  'exclude',
  'vni',
  'mtu',
  'proactive',
  'idleTimeout',
  'route',
  'reserve',
  'isolated',
  'broadcast',
]

export const withNetworkSettings = (command: Command): Command =>
  command
    .option('--subnet <prefix>', 'a subnet; may be given again', listOf(readSubnet))
    .option(
      '--gateway <address>',
      'gateway of the subnet that it lies in; its first address otherwise',
      listOf(readAddress),
    )
    .option('--exclude <prefix>', 'address or prefix that is never given out', listOf(readExclusion))
    .option('--vni <vni>', 'VNI and LISP instance id; a free one otherwise', integerFrom(1, 0xff_ffff))
    .option('--mtu <bytes>', 'largest packet; what the underlay carries otherwise', integerFrom(68, 65_535))
    .option('--proactive', 'nodes know all endpoints at once, not when traffic asks for them')
    .option('--idle-timeout <seconds>', 'how long an entry stays without traffic', integerFrom(1, 65_535))
    .option(
      '--route <prefix[=gateway]>',
      'what containers send through a gateway; may be given again',
      listOf(readRoute),
    )
    .option('--reserve <address=endpoint>', 'keep an address for an endpoint', listOf(readReservation))
    .option('--isolated', 'its endpoints reach nothing but each other')
    .option('--broadcast', 'broadcast and link-local multicast reach all endpoints')
    .addOption(
      new Option('-f, --file <file>', 'all of it in YAML or JSON, - for standard input').conflicts(inFile),
    )

type SubnetBody = NetworkBody['subnets'][number]

/** Throws a usage error for what lies in none of the subnets. */
export const networkBodyOf = (settings: NetworkSettings): NetworkBody => {
  const { subnet = [], gateway = [], exclude = [], vni, mtu, idleTimeout, route, reserve } = settings
  if (subnet.length === 0) throw usageError('a network has a subnet: name it with --subnet, or --file')
  const bodies = subnet.map((cidr): SubnetBody => ({ cidr }))
  for (const address of gateway) placeOf(address, '--gateway', bodies).gateway = address
  for (const prefix of exclude) {
    const body = placeOf(prefix, '--exclude', bodies)
    body.exclude = [...(body.exclude ?? []), prefix]
  }
  return {
    subnets: bodies,
    vni,
    mtu,
    ...(settings.proactive === true ? { resolution: 'proactive' as const } : {}),
    idleTimeoutSeconds: idleTimeout,
    routes: route,
    reservations: reserve,
    isolation: settings.isolated,
    broadcast: settings.broadcast,
  }
}

const placeOf = (text: string, option: string, bodies: readonly SubnetBody[]): SubnetBody => {
  const address = parseIp(text.replace(/\/.*/, ''))
  const body = bodies.find(({ cidr }) => {
    const prefix = parseCidr(cidr)
    return address !== undefined && prefix !== undefined && cidrHas(prefix, address)
  })
  if (body !== undefined) return body
  throw usageError(`${option} ${text} lies in none of the subnets`)
}
