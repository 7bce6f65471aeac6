/** What the machine offers a lab. */
import { constants } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { tryRun } from './command.js'
import { LabError } from './errors.js'
import type { Datapath } from './state.js'

const programs = ['ip', 'nsenter', 'ethtool', 'ovsdb-tool', 'ovsdb-server', 'ovs-vswitchd', 'ovs-vsctl']

const isReadable = (path: string): Promise<boolean> =>
  access(path, constants.R_OK).then(
    () => true,
    () => false,
  )

/** @throws LabError `not-root`, `tool-missing` */
export const checkMachine = async (): Promise<void> => {
  if (process.getuid?.() !== 0) {
    throw new LabError('not-root', 'a lab is made of network namespaces, which only root may make: use sudo')
  }
  await Promise.all(programs.map((program) => tryRun(program, ['--version'])))
}

/** The kernel's datapath where its module is loaded; a lab loads no module, since it leaves nothing behind. */
export const detectDatapath = async (): Promise<Datapath> =>
  (await isReadable('/sys/module/openvswitch')) ? 'system' : 'netdev'

export const detectIpv6 = async (): Promise<boolean> => {
  const flags = ['all', 'default'].map((scope) => `/proc/sys/net/ipv6/conf/${scope}/disable_ipv6`)
  const values = await Promise.all(flags.map((path) => readFile(path, 'utf8').catch(() => '1')))
  return values.every((value) => value.trim() === '0')
}
