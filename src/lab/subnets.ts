/**
 * Which lab has which management subnet. A subnet is taken by making a file, which only one process can do, so labs that
 * come up at the same moment do not collide; subnets that the machine has a use of its own for are passed over.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { managementNetwork, managementPrefix, overlaps, subnetCount } from './addresses.js'
import { run } from './command.js'
import { LabError } from './errors.js'
import { unless } from './failure.js'
import { subnetsDirectory } from './paths.js'
import { inSharedDirectory } from './shared-directory.js'

interface Route {
  dst: string
}

/** The IPv4 destinations that the root namespace has a route to, the default route aside. */
const routedPrefixes = async (): Promise<string[]> => {
  const routes = JSON.parse(await run('ip', ['-json', '-4', 'route', 'show', 'table', 'all'])) as Route[]
  return routes.map((route) => route.dst).filter((destination) => /^[\d.]+(\/\d+)?$/.test(destination))
}

const claimFile = async (subnet: number, lab: string): Promise<boolean> => {
  const file = join(subnetsDirectory, String(subnet))
  const write = inSharedDirectory(subnetsDirectory, () => writeFile(file, lab, { flag: 'wx' }))
  return (
    (await unless(
      write.then(() => true),
      'EEXIST',
    )) === true
  )
}

/** Takes the first free subnet for a lab. @throws LabError `subnets-exhausted` */
export const claimSubnet = async (lab: string): Promise<number> => {
  const routed = await routedPrefixes()
  for (let subnet = 0; subnet < subnetCount; subnet++) {
    const prefix = `${managementNetwork(subnet)}/${managementPrefix}`
    if (routed.some((destination) => overlaps(destination, prefix))) continue
    if (await claimFile(subnet, lab)) return subnet
  }
  throw new LabError(
    'subnets-exhausted',
    `all ${subnetCount} management subnets of 198.18.0.0/15 are in use: remove a lab ("heddle lab list" shows them)`,
  )
}

/** The subnets that a lab holds: one, or none when it was stopped early. */
export const claimedSubnets = async (lab: string): Promise<string[]> => {
  const files = (await unless(readdir(subnetsDirectory), 'ENOENT')) ?? []
  const paths = files.map((file) => join(subnetsDirectory, file))
  const owners = await Promise.all(paths.map((path) => unless(readFile(path, 'utf8'), 'ENOENT')))
  return paths.filter((_, index) => owners[index] === lab)
}

export const releaseSubnets = async (lab: string): Promise<void> => {
  for (const file of await claimedSubnets(lab)) await rm(file, { force: true })
}
