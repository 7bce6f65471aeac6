/** Topologies as people write them: a YAML or JSON file with `links`, and a `name` if they like. */
import { basename } from 'node:path'
import { type TopologySpec, topologySpec } from '#model/topology.js'
import { objectName } from '#model/wire.js'
import { usageError } from './exit.js'
import type { Io } from './io.js'
import { readSpec } from './spec-file.js'

export interface TopologyFile {
  readonly name: string
  readonly spec: TopologySpec
}

const fileSpec = topologySpec.extend({ name: objectName.optional() })

/**
 * Reads a file, `-` for standard input. The topology is called as `name` says, else as the file says, else as the file is
 * called. Throws a usage error with the lines of what is wrong.
 */
export const readTopology = async (io: Io, path: string, name: string | undefined): Promise<TopologyFile> => {
  const { name: ownName, ...spec } = await readSpec(io, path, 'topology', fileSpec)
  return { name: name ?? ownName ?? nameFrom(path), spec }
}

const nameFrom = (path: string): string => {
  const name = basename(path).replace(/\.(ya?ml|json)$/i, '')
  if (path !== '-' && objectName.safeParse(name).success) return name
  throw usageError('the topology has no name: give it one with --name, or with "name:" in the file')
}
