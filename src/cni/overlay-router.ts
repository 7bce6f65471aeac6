/**
 * The environment file of the Open Overlay Router plugin, so that its users can move: `EID_NETWORK`, `EID_SUBNET`, `OOR_MTU` and
 * `OOR_IPMASQ`, a line each. The network is found by its prefix; which addresses a node gives out is Heddle's to say, so `EID_SUBNET` has no effect.
 */
import type { NetworkConfiguration } from './configuration.js'
import type { Controller } from './controller.js'
import { CniError } from './error.js'
import { contains } from './ip-text.js'
import { readIfThere } from './node.js'
import { addressWithLength } from './reading.js'

export interface OverlayRouter {
  /** EID_NETWORK: the prefix of all containers. */
  readonly network?: string
  /** Bytes. */
  readonly mtu?: number
  readonly ipMasq?: boolean
}

const subnetFileDefault = '/run/oor/subnet.env'

const invalid = (file: string, message: string): CniError =>
  new CniError('invalid-config', `${file}: ${message}`)

/** @throws CniError `invalid-config` */
export const parseOverlayRouter = (text: string, file: string): OverlayRouter => {
  const pairs = text
    .split('\n')
    .map((line) => /^\s*(?:export\s+)?([A-Z_]+)=\s*"?([^"]*?)"?\s*$/.exec(line))
    .flatMap((match): [string, string][] => (match === null ? [] : [[match[1] ?? '', match[2] ?? '']]))
  const {
    EID_NETWORK: network,
    OOR_MTU: mtu,
    OOR_IPMASQ: masquerade,
  } = Object.fromEntries<string | undefined>(pairs)
  if (mtu !== undefined && !(/^\d{2,5}$/.test(mtu) && Number(mtu) >= 68 && Number(mtu) <= 65_535))
    throw invalid(file, `OOR_MTU "${mtu}" is not an MTU`)
  if (masquerade !== undefined && !/^(true|false)$/i.test(masquerade))
    throw invalid(file, `OOR_IPMASQ "${masquerade}" is neither true nor false`)
  try {
    if (network !== undefined) addressWithLength(network)
  } catch {
    throw invalid(file, `EID_NETWORK "${network}" is not a prefix`)
  }
  return {
    ...(network === undefined ? {} : { network }),
    ...(mtu === undefined ? {} : { mtu: Number(mtu) }),
    ...(masquerade === undefined ? {} : { ipMasq: masquerade.toLowerCase() === 'true' }),
  }
}

/** What the file says, where a configuration is written for it. @throws CniError `invalid-config`, `io-failure` */
export const readOverlayRouter = ({
  subnetFile,
  delegate,
}: NetworkConfiguration): OverlayRouter | undefined => {
  if (subnetFile === undefined && delegate === undefined) return undefined
  const file = subnetFile ?? subnetFileDefault
  const text = readIfThere(file)
  if (text !== undefined) return parseOverlayRouter(text, file)
  if (subnetFile !== undefined) throw invalid(file, 'it does not exist')
  return undefined
}

/** The name of the network that has the prefix. @throws CniError `invalid-config` when none or several have */
export const networkWith = async (controller: Controller, prefix: string): Promise<string> => {
  const found = (await controller.networks()).filter(({ subnets }) =>
    subnets.some(({ cidr }) => contains(cidr, prefix)),
  )
  const [only] = found
  if (only !== undefined && found.length === 1) return only.name
  const names = found.map(({ name }) => name).join(', ')
  throw new CniError(
    'invalid-config',
    `EID_NETWORK ${prefix} is in ${names === '' ? 'no network' : `several networks: ${names}`}`,
  )
}
