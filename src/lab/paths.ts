/** Where a lab keeps its files: everything of the lab `blue` is under `/run/heddle/labs/blue`. */
import { join } from 'node:path'

const runtimeDirectory = '/run/heddle'

/** One directory for each lab. */
export const labsDirectory = join(runtimeDirectory, 'labs')
/** One file for each management subnet in use; it holds the name of the lab that took it. */
export const subnetsDirectory = join(runtimeDirectory, 'subnets')
/** Directories that the last lab takes with it, innermost first. */
export const sharedDirectories = [labsDirectory, subnetsDirectory, runtimeDirectory] as const

export const netnsDirectory = '/run/netns'

export const labDirectory = (lab: string): string => join(labsDirectory, lab)
export const hostsDirectory = (lab: string): string => join(labDirectory(lab), 'hosts')
export const hostFile = (lab: string, host: string): string => join(hostsDirectory(lab), `${host}.json`)
export const stateFile = (lab: string): string => join(labDirectory(lab), 'lab.json')
/** An empty switch database, made once and copied to each node. */
export const templateDatabase = (lab: string): string => join(labDirectory(lab), 'template.db')
/** The node's run directory: database, sockets, pidfiles and logs of its two daemons. */
export const nodeDirectory = (lab: string, node: string): string => join(labDirectory(lab), 'nodes', node)
export const netnsFile = (namespace: string): string => join(netnsDirectory, namespace)
