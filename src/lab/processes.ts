/**
 * Processes, by what /proc says of them (proc(5)). A number alone proves nothing, since the kernel gives it to another
 * process later: before a process is signalled, its command line or its network namespace has to say that it is the lab's.
 */
import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { type Clock, sleep } from '#link/clock.js'
import { hasErrorCode } from './failure.js'
import { netnsFile } from './paths.js'

const pollMs = 10

/** What a teardown may end: programs that a lab starts. An editor that has a lab's log open is not one. */
const labPrograms = new Set([
  'ip',
  'nsenter',
  'ethtool',
  'xargs',
  'ovsdb-tool',
  'ovsdb-server',
  'ovs-vswitchd',
  'ovs-vsctl',
  'ovs-ofctl',
  'ovs-appctl',
])

/** The arguments of a process; empty when it is gone (or a zombie, or of the kernel). */
export const commandLine = async (pid: number): Promise<string[]> => {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return text.split('\0').slice(0, -1)
}

/** When a process started, in clock ticks since boot; undefined when it is gone. Field 22 of /proc/PID/stat. */
export const startTicks = async (pid: number): Promise<number | undefined> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const afterName = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(afterName[19])
  return text === '' || afterName[0] === 'Z' ? undefined : ticks
}

/** The process of a pidfile, when it lives and has `argument` in its command line. */
export const processOfPidfile = async (pidfile: string, argument: string): Promise<number | undefined> => {
  const pid = Number((await readFile(pidfile, 'utf8').catch(() => '')).trim())
  if (!Number.isInteger(pid) || pid <= 1) return undefined
  return (await commandLine(pid)).includes(argument) ? pid : undefined
}

/** Sends a signal; false when the process is gone already. */
export const signal = (pid: number, name: NodeJS.Signals): boolean => {
  try {
    return process.kill(pid, name)
  } catch (error) {
    if (hasErrorCode(error, 'ESRCH')) return false
    throw error
  }
}

/** Waits until none of the processes is there; returns those that are left after `timeoutMs`. */
export const awaitExit = async (
  clock: Clock,
  pids: readonly number[],
  timeoutMs: number,
): Promise<number[]> => {
  const deadline = clock.now() + timeoutMs
  let left = [...pids]
  for (;;) {
    const started = await Promise.all(left.map(startTicks))
    left = left.filter((_, index) => started[index] !== undefined)
    if (left.length === 0 || clock.now() >= deadline) return left
    await sleep(clock, pollMs)
  }
}

/** The inode of a namespace, the same number that /proc/PID/ns/net shows as `net:[NUMBER]`. */
const inodeOf = async (namespace: string): Promise<string> => {
  const found = await stat(netnsFile(namespace)).catch(() => undefined)
  return `net:[${found?.ino ?? 'gone'}]`
}

/**
 * Every process that belongs to a lab, our own aside: those inside one of its namespaces, and programs that a lab starts
 * and that have an argument which is the lab's (a tool may act on a namespace from outside).
 */
export const processesOf = async (
  namespaces: readonly string[],
  isOurs: (argument: string) => boolean,
): Promise<number[]> => {
  const inodes = new Set(await Promise.all(namespaces.map(inodeOf)))
  const belongs = async (pid: number): Promise<boolean> => {
    const inode = await readlink(`/proc/${pid}/ns/net`).catch(() => '')
    if (inodes.has(inode)) return true
    const [program = '', ...rest] = await commandLine(pid)
    return labPrograms.has(basename(program)) && rest.some(isOurs)
  }
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const verdicts = await Promise.all(pids.map((pid) => pid !== process.pid && belongs(pid)))
  return pids.filter((_, index) => verdicts[index])
}
