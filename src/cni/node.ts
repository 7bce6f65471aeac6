/** The node that the plugin runs on: its name, its settings, and what the commands work with there. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { type NetworkConfiguration, type NodeSettings, readNodeSettings } from './configuration.js'
import { Controller, type Deadline } from './controller.js'
import { CniError } from './error.js'
import { Interfaces } from './interfaces.js'
import { Ledger } from './ledger.js'
import type { RunProgram } from './programs.js'
import { fetchWith } from './rest-fetch.js'

/** What the plugin asks of the kernel without a program in between: files under /proc of the namespace that it runs in, and ioctls. */
export interface Kernel {
  /** Undefined where there is no such file. */
  readonly read: (file: string) => string | undefined
  /** @throws CniError `io-failure` */
  readonly write: (file: string, text: string) => void
  /** As `ip link set dev NAME mtu MTU`. @throws CniError `command-failed` */
  readonly setMtu: (name: string, mtu: number) => void
  /** Container runtimes may have turned IPv6 off for an interface, in a namespace. @throws CniError `command-failed` */
  readonly enableIpv6: (netns: string, name: string) => void
  /** As `ethtool -K NAME tx off`, in a namespace. @throws CniError `command-failed` */
  readonly turnOffloadOff: (netns: string, name: string) => void
}

/** The outside: what a test puts another in the place of. */
export interface Rim {
  readonly kernel: Kernel
  readonly run: RunProgram
  readonly deadline: Deadline
}

export interface CniNode extends Rim {
  readonly name: string
  readonly controller: Controller
  readonly interfaces: Interfaces
  readonly ledger: Ledger
  readonly checksumOffload: 'auto' | 'on' | 'off'
  readonly ipMasq: boolean
  readonly nodeEndpoint: boolean
}

const settingsFileDefault = '/etc/heddle/cni.json'
/** Where Debian's package of Open vSwitch keeps `external_ids:system-id`. */
const systemIdFile = '/etc/openvswitch/system-id.conf'
const stateDirectoryDefault = '/var/lib/heddle-cni'
const timeoutSecondsDefault = 30

/** The text of a file; undefined where it is absent. @throws CniError `io-failure` */
export const readIfThere = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new CniError('io-failure', `${file} cannot be read`, {
      details: error instanceof Error ? error.message : String(error),
      cause: error,
    })
  }
}

/** The text of a file that has to be there. @throws CniError `invalid-config`, `io-failure` */
const readNamed = (what: string, file: string): string => {
  const text = readIfThere(file)
  if (text === undefined) throw new CniError('invalid-config', `${what}: ${file} does not exist`)
  return text
}

const settingsOf = (configuration: NetworkConfiguration): NodeSettings => {
  const file = configuration.settingsFile ?? settingsFileDefault
  const text = readIfThere(file)
  if (text === undefined) {
    if (configuration.settingsFile === undefined) return configuration
    throw new CniError('invalid-config', `settingsFile: ${file} does not exist`)
  }
  try {
    return { ...readNodeSettings(JSON.parse(text), file), ...configuration }
  } catch (error) {
    if (error instanceof CniError) throw error
    throw new CniError('decoding-failure', `${file} holds no JSON`, { cause: error })
  }
}

const nameOf = ({ node }: NodeSettings): string => node ?? (readIfThere(systemIdFile)?.trim() || hostname())

/** @throws CniError `invalid-config`, `unsupported-field`, `decoding-failure`, `io-failure` */
export const openNode = (configuration: NetworkConfiguration, rim: Rim): CniNode => {
  const settings = settingsOf(configuration)
  const { controller: url, tokenFile, caFile, timeoutSeconds = timeoutSecondsDefault } = settings
  if (url === undefined)
    throw new CniError('invalid-config', 'controller is missing: the URL of the Heddle controller', {
      details: `in the network configuration or in ${settingsFileDefault}`,
    })
  const token = tokenFile === undefined ? undefined : readNamed('tokenFile', tokenFile).trim()
  const ca = caFile === undefined ? undefined : readNamed('caFile', caFile)
  const controller = new Controller({
    url,
    ...(token === undefined ? {} : { token }),
    timeoutMs: timeoutSeconds * 1000,
    fetch: fetchWith(ca === undefined ? {} : { ca }),
    deadline: rim.deadline,
  })
  return {
    ...rim,
    name: nameOf(settings),
    controller,
    interfaces: new Interfaces(rim),
    ledger: new Ledger(settings.stateDirectory ?? stateDirectoryDefault),
    checksumOffload: settings.checksumOffload ?? 'auto',
    nodeEndpoint: settings.nodeEndpoint ?? false,
    ipMasq: settings.ipMasq ?? configuration.delegate?.ipMasq ?? false,
  }
}
