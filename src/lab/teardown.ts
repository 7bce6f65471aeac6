/**
 * Leaving nothing behind. A teardown trusts no record: it looks at what carries the lab's name (processes, namespaces,
 * device, files), removes it, and looks again. So it works after a kill -9 at any moment, and twice.
 */
import { readdir, rm, rmdir, stat } from 'node:fs/promises'
import { type Clock, sleep, systemClock } from '#link/clock.js'
import { run, tryRun } from './command.js'
import { LabError } from './errors.js'
import { unless } from './failure.js'
import { runIp } from './ip-batch.js'
import { unplugLines } from './layout.js'
import { checkLabName, checkMemberName, memberOfNamespace, namespaceOf, rootDeviceOf } from './names.js'
import { hostFile, labDirectory, netnsDirectory, sharedDirectories } from './paths.js'
import { awaitExit, processesOf, signal, startTicks } from './processes.js'
import { readHost, readState } from './state.js'
import { claimedSubnets, releaseSubnets } from './subnets.js'

const roundsMax = 10
const roundPauseMs = 50
const graceMs = 1_000

/** What carries a lab's name at this moment. */
export interface Remains {
  pids: readonly number[]
  namespaces: readonly string[]
  devices: readonly string[]
  files: readonly string[]
}

/** The namespaces of one lab, or of all labs. */
export const labNamespaces = async (lab?: string): Promise<string[]> => {
  const names = (await unless(readdir(netnsDirectory), 'ENOENT')) ?? []
  return names.filter((name) => {
    const owner = memberOfNamespace(name)?.lab
    return owner !== undefined && (lab === undefined || owner === lab)
  })
}

/** Finds everything of a lab, whatever its records say. */
export const remainsOf = async (lab: string): Promise<Remains> => {
  const [directory, device] = [labDirectory(lab), rootDeviceOf(lab)]
  const namespaces = await labNamespaces(lab)
  const isOurs = (argument: string): boolean =>
    argument.includes(`${directory}/`) || argument.includes(namespaceOf(lab, ''))
  const exists = async (path: string): Promise<string[]> =>
    (await unless(stat(path), 'ENOENT')) === undefined ? [] : [path]
  return {
    pids: await processesOf(namespaces, isOurs),
    namespaces,
    devices: (await tryRun('ip', ['link', 'show', 'dev', device])).code === 0 ? [device] : [],
    files: [...(await exists(directory)), ...(await claimedSubnets(lab))],
  }
}

const isEmpty = (remains: Remains): boolean => Object.values(remains).every((list) => list.length === 0)

const endProcesses = async (clock: Clock, pids: readonly number[]): Promise<void> => {
  for (const pid of pids) signal(pid, 'SIGTERM')
  const stubborn = await awaitExit(clock, pids, graceMs)
  for (const pid of stubborn) signal(pid, 'SIGKILL')
  await awaitExit(clock, stubborn, graceMs)
}

/** The link goes first and in the foreground: the kernel takes namespaces down some time after they are removed. */
const remove = async (clock: Clock, lab: string, remains: Remains): Promise<void> => {
  await endProcesses(clock, remains.pids)
  for (const device of remains.devices) await tryRun('ip', ['link', 'del', 'dev', device])
  if (remains.namespaces.length > 0) {
    const lines = remains.namespaces.map((namespace) => `netns del ${namespace}`)
    if (remains.files.includes(labDirectory(lab))) await runIp(labDirectory(lab), { lines, force: true })
    else for (const namespace of remains.namespaces) await tryRun('ip', ['netns', 'del', namespace])
  }
  await rm(labDirectory(lab), { recursive: true, force: true })
  await releaseSubnets(lab)
}

/** A lab that another process is bringing up just now is not taken from under it. */
const refuseWhileBuilt = async (lab: string): Promise<void> => {
  const state = await readState(lab).catch(() => undefined)
  if (state?.state !== 'building' || state.builder.pid === process.pid) return
  if ((await startTicks(state.builder.pid)) !== state.builder.startTicks) return
  throw new LabError(
    'lab-busy',
    `lab ${lab} is being brought up by process ${state.builder.pid}: wait for it, or stop it and try again`,
  )
}

/**
 * Removes a lab and all that is in it; false when there was nothing.
 * @throws LabError `lab-busy`, `teardown-incomplete`
 */
export const destroyLab = async (lab: string, clock: Clock = systemClock): Promise<boolean> => {
  checkLabName(lab)
  await refuseWhileBuilt(lab)
  let remains = await remainsOf(lab)
  const found = !isEmpty(remains)
  for (let round = 0; !isEmpty(remains) && round < roundsMax; round++) {
    if (round > 0) await sleep(clock, roundPauseMs)
    await remove(clock, lab, remains)
    remains = await remainsOf(lab)
  }
  if (!isEmpty(remains)) {
    const left = JSON.stringify(remains)
    throw new LabError('teardown-incomplete', `lab ${lab} could not be removed entirely: left are ${left}`)
  }
  for (const directory of sharedDirectories) await unless(rmdir(directory), 'ENOENT', 'ENOTEMPTY', 'EEXIST')
  return found
}

/**
 * Removes one host with its cables; false when there was nothing of it. The cables go in the foreground, so that the
 * same host can be made again at once.
 */
export const destroyHost = async (lab: string, host: string, clock: Clock): Promise<boolean> => {
  const namespace = namespaceOf(lab, checkMemberName(host))
  const record = await readHost(lab, host).catch(() => undefined)
  const found = (await labNamespaces(lab)).includes(namespace)
  if (found) {
    await endProcesses(clock, await processesOf([namespace], () => false))
    await runIp(labDirectory(lab), { namespace, lines: unplugLines(), force: true })
    await run('ip', ['netns', 'del', namespace])
  }
  await rm(hostFile(lab, host), { force: true })
  return found || record !== undefined
}
