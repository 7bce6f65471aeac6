/**
 * What a lab remembers on disk. One file says how it was made; names, addresses and paths follow from that. One file more
 * for each host, so that two commands that add hosts at the same moment do not overwrite each other's word.
 */
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { LabError } from './errors.js'
import { hasErrorCode } from './failure.js'
import { hostFile, hostsDirectory, labDirectory, labsDirectory, stateFile } from './paths.js'
import { inSharedDirectory } from './shared-directory.js'

export type Datapath = 'netdev' | 'system'
export type RlocFamily = 'ipv4' | 'ipv6'

/** The process that brings a lab up; its start time tells it from a later process of the same number. */
export interface Builder {
  pid: number
  startTicks: number
}

export interface LabState {
  name: string
  /** `building` until every node runs. A lab whose builder died stays `building`: `lab down` removes it. */
  state: 'building' | 'up'
  builder: Builder
  /** RFC 3339. */
  createdAt: string
  /** Which management subnet is taken: see addresses.ts. */
  subnet: number
  datapath: Datapath
  underlayMtu: number
  ipv6: boolean
  rlocFamily: RlocFamily
  /** The OVSDB manager that every node was given, in Open vSwitch's notation. */
  controller?: string
  /** The names of the nodes; a node's position counts from 1. */
  nodes: readonly string[]
}

export interface HostInterface {
  /** The host's end. */
  name: string
  /** The node's end, which is what a wire or an Open vSwitch port names. */
  device: string
  mtu: number
  mac?: string
  /** With prefix length: `10.0.0.1/24`. */
  addresses: readonly string[]
}

export interface HostState {
  name: string
  node: string
  interfaces: readonly HostInterface[]
}

const print = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`

/** Replaces a file in one step: a reader sees the old or the new one, never half. */
const replaceFile = async (file: string, text: string): Promise<void> => {
  const fresh = `${file}.new`
  await writeFile(fresh, text)
  await rename(fresh, file)
}

/** Takes the lab's name by making its directory. @throws LabError `lab-exists` */
export const claimLab = async (name: string): Promise<void> => {
  try {
    await inSharedDirectory(labsDirectory, () => mkdir(labDirectory(name)))
  } catch (error) {
    if (!hasErrorCode(error, 'EEXIST')) throw error
    throw new LabError(
      'lab-exists',
      `a lab called ${name} exists: remove it with "heddle lab down --name ${name}", or give this one another name`,
    )
  }
  await mkdir(hostsDirectory(name))
}

export const writeState = (state: LabState): Promise<void> => replaceFile(stateFile(state.name), print(state))

/** @throws LabError `lab-unknown`, `lab-broken` */
export const readState = async (name: string): Promise<LabState> => {
  const text = await readFile(stateFile(name), 'utf8').catch((error: unknown) => {
    if (!hasErrorCode(error, 'ENOENT')) throw error
    throw new LabError(
      'lab-unknown',
      `there is no lab called ${name}: "heddle lab list" shows what there is, "heddle lab up" makes one`,
    )
  })
  try {
    return JSON.parse(text) as LabState
  } catch (cause) {
    const message = `${stateFile(name)} cannot be read: "heddle lab down --name ${name}" clears what is left of the lab`
    throw new LabError('lab-broken', message, { cause })
  }
}

/** Takes a host's name by making its file. @throws LabError `host-exists` */
export const claimHost = async (lab: string, host: HostState): Promise<void> => {
  try {
    await writeFile(hostFile(lab, host.name), print(host), { flag: 'wx' })
  } catch (error) {
    if (!hasErrorCode(error, 'EEXIST')) throw error
    throw new LabError(
      'host-exists',
      `lab ${lab} has a host called ${host.name}: remove it with "heddle lab unhost ${host.name} --name ${lab}" first`,
    )
  }
}

export const writeHost = (lab: string, host: HostState): Promise<void> =>
  replaceFile(hostFile(lab, host.name), print(host))

/** @throws LabError `host-unknown` */
export const readHost = async (lab: string, name: string): Promise<HostState> => {
  try {
    return JSON.parse(await readFile(hostFile(lab, name), 'utf8')) as HostState
  } catch (cause) {
    throw new LabError('host-unknown', `lab ${lab} has no host called ${name}`, { cause })
  }
}

/** The hosts in the order of their names, `r2` before `r10`. */
export const readHosts = async (lab: string): Promise<HostState[]> => {
  const files = await readdir(hostsDirectory(lab))
  const names = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length))
  names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  return Promise.all(names.map((name) => readHost(lab, name)))
}
