/** What is asked of one attachment, from wherever it is said: CNI_ARGS, runtimeConfig, args and the configuration, in this order. */
import { type CniArguments, parseArguments } from './arguments.js'
import type { Call } from './call.js'
import { CniError } from './error.js'
import { withoutLength } from './ip-text.js'
import { address, macAddress } from './reading.js'

export interface Wishes {
  readonly mac?: string
  /** Static addresses as they were given, with or without a prefix length. */
  readonly addresses: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly pod: Pick<CniArguments, 'podName' | 'podNamespace'>
}

/** The label by which GC knows the endpoints of a network configuration. */
export const configurationLabel = 'cni.configuration'

const checked = (what: string, check: () => void): void => {
  try {
    check()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new CniError('invalid-environment', `CNI_ARGS: ${what}`, { details: error.message })
  }
}

/** @throws CniError `invalid-environment`, `invalid-config` */
export const wishesOf = ({ environment, configuration, name }: Call): Wishes => {
  const said = parseArguments(environment.args)
  const { runtimeConfig, args } = configuration
  if (said.mac !== undefined) checked('MAC', () => macAddress(said.mac))
  const mac = said.mac ?? runtimeConfig?.mac ?? args?.cni?.mac ?? configuration.mac
  const addresses =
    said.ip?.split(',') ?? runtimeConfig?.ips ?? args?.cni?.ips ?? configuration.addresses ?? []
  for (const each of addresses) {
    try {
      address(withoutLength(each))
    } catch {
      throw new CniError('invalid-config', `"${each}" is not an IP address`)
    }
  }
  const { podName, podNamespace } = said
  return {
    ...(mac === undefined ? {} : { mac }),
    addresses,
    labels: { ...configuration.labels, [configurationLabel]: name },
    pod: {
      ...(podName === undefined ? {} : { podName }),
      ...(podNamespace === undefined ? {} : { podNamespace }),
    },
  }
}
