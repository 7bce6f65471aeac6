/** One call of the plugin, its environment and its input read and checked: what the commands get. */
import { type Stats, statSync } from 'node:fs'
import type { NetworkConfiguration } from './configuration.js'
import type { Environment } from './environment.js'
import { CniError } from './error.js'
import type { Attachment } from './names.js'

export interface Call {
  readonly environment: Environment
  /** Of the specification, as the configuration has it. */
  readonly version: string
  /** Name of the network configuration. */
  readonly name: string
  /** As it came, for plugins that this one runs. */
  readonly raw: Readonly<Record<string, unknown>>
  readonly configuration: NetworkConfiguration
}

export const attachmentOf = ({ environment }: Call): Attachment => ({
  containerId: environment.containerId,
  interfaceName: environment.interfaceName,
})

/** The name of an IPAM plugin; undefined where Heddle gives out the addresses itself. */
export const ipamOf = ({ configuration }: Call): string | undefined => {
  const type = configuration.ipam?.type
  return type === 'heddle' ? undefined : type
}

const statusOf = (path: string): Stats | undefined => statSync(path, { throwIfNoEntry: false })

/**
 * That the namespace is there, and is not the node's own, which an ADD would pull the rug from under.
 * @throws CniError `container-unknown`, `invalid-environment`
 */
export const checkNetns = (path: string): void => {
  const [theirs, ours] = [statusOf(path), statusOf('/proc/self/ns/net')]
  if (theirs === undefined)
    throw new CniError('container-unknown', 'the network namespace CNI_NETNS does not exist', {
      details: path,
    })
  if (ours !== undefined && theirs.dev === ours.dev && theirs.ino === ours.ino)
    throw new CniError('invalid-environment', "CNI_NETNS is the plugin's own network namespace", {
      details: path,
    })
}
