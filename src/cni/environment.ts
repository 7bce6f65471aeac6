/** The environment of a call: which variable which command needs (CNI specification 1.1.0, section 2), as a table. */
import { CniError } from './error.js'

export const commands = ['ADD', 'DEL', 'CHECK', 'STATUS', 'GC', 'VERSION'] as const
export type Command = (typeof commands)[number]

/** Which commands cannot do without a variable. */
const requiredBy = {
  CNI_COMMAND: commands,
  CNI_CONTAINERID: ['ADD', 'CHECK', 'DEL'],
  CNI_NETNS: ['ADD', 'CHECK'],
  CNI_IFNAME: ['ADD', 'CHECK', 'DEL'],
  CNI_ARGS: [],
  CNI_PATH: ['ADD', 'CHECK', 'DEL', 'GC', 'STATUS'],
} as const satisfies Record<string, readonly Command[]>

type Variable = keyof typeof requiredBy
const variables = Object.keys(requiredBy) as readonly Variable[]

export type Variables = Readonly<Record<string, string | undefined>>

/** What the environment says of a call. A variable that is absent, which only optional ones can be, is empty. */
export interface Environment {
  readonly command: Command
  readonly containerId: string
  readonly netns: string
  readonly interfaceName: string
  readonly args: string
  /** Directories in which plugins are looked for. */
  readonly path: readonly string[]
}

const invalid = (message: string, details = ''): CniError =>
  new CniError('invalid-environment', message, { details })

const isCommand = (text: string): text is Command => commands.some((command) => command === text)

/** @throws CniError `invalid-environment` that names every variable that is missing */
export const readEnvironment = (env: Variables): Environment => {
  const said = (name: Variable): string => env[name] ?? ''
  const command = said('CNI_COMMAND')
  if (command !== '' && !isCommand(command)) throw invalid(`unknown CNI_COMMAND: ${command}`)
  const missing = variables.filter((name) => {
    const needing: readonly string[] = requiredBy[name]
    return said(name) === '' && (name === 'CNI_COMMAND' || needing.includes(command))
  })
  if (missing.length > 0 || !isCommand(command))
    throw invalid(`required env variables [${missing.join(',')}] missing`)
  return {
    command,
    containerId: said('CNI_CONTAINERID'),
    netns: said('CNI_NETNS'),
    interfaceName: said('CNI_IFNAME'),
    args: said('CNI_ARGS'),
    path: said('CNI_PATH')
      .split(':')
      .filter((directory) => directory !== ''),
  }
}

/** @throws CniError `invalid-environment`; `container-unknown` where there is none, as a DEL for it has nothing to do */
export const checkContainerId = (id: string): void => {
  if (id === '') throw new CniError('container-unknown', 'missing containerID')
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(id))
    throw invalid('invalid characters in containerID: CNI_CONTAINERID', id)
}

/** `dev_valid_name` of the kernel, and IFNAMSIZ. @throws CniError `invalid-environment` */
export const checkInterfaceName = (name: string): void => {
  if (name === '') throw invalid('interface name is empty: CNI_IFNAME')
  if (Buffer.byteLength(name) > 15)
    throw invalid('interface name is too long: CNI_IFNAME', `${name}: at most 15 bytes`)
  if (name === '.' || name === '..') throw invalid('interface name is . or ..: CNI_IFNAME')
  if (/[/:\s]/.test(name))
    throw invalid('interface name contains / or : or whitespace characters: CNI_IFNAME', name)
}

/** @throws CniError `invalid-config` */
export const checkNetworkName = (name: string): void => {
  if (name === '') throw new CniError('invalid-config', 'missing network name')
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name))
    throw new CniError('invalid-config', 'invalid characters found in network name', { details: name })
}
