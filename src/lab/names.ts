/**
 * The names of a lab's parts. A lab called `blue` owns every network namespace whose name starts with `heddle-blue-` and
 * the one device `hdl-blue` of the root namespace: so it can be found and removed by its name alone, whatever state a
 * crash left it in. A lab's name holds no hyphen, which keeps the labs `a` and `a-b` from owning each other's parts.
 */
import { createHash } from 'node:crypto'
import { LabError } from './errors.js'

/** The kernel's limit for the name of a network device (IFNAMSIZ less its zero). */
const deviceNameMax = 15

/** The member name that the namespace of the lab's own bridges takes. */
export const fabricMember = 'fabric'

const labPattern = /^[a-z][a-z0-9]{0,9}$/
const memberPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/
const interfacePattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/
const namespacePattern = /^heddle-([a-z][a-z0-9]{0,9})-(.+)$/

/** @throws LabError `invalid-name` */
export const checkLabName = (name: string): string => {
  if (labPattern.test(name)) return name
  throw new LabError(
    'invalid-name',
    `"${name}" cannot name a lab: a lower-case letter, then up to nine lower-case letters or digits`,
  )
}

/** Checks the name of a node or a host. @throws LabError `invalid-name` */
export const checkMemberName = (name: string): string => {
  if (name === fabricMember) {
    throw new LabError('invalid-name', `"${name}" is the name of the lab's own bridges: choose another`)
  }
  if (memberPattern.test(name)) return name
  throw new LabError(
    'invalid-name',
    `"${name}" cannot name a node or host: up to 32 letters, digits, "_", "." and "-", a letter or digit first`,
  )
}

/** @throws LabError `invalid-name` */
export const checkInterfaceName = (name: string): string => {
  if (name !== 'lo' && interfacePattern.test(name)) return name
  throw new LabError(
    'invalid-name',
    `"${name}" cannot name an interface: 1 to ${deviceNameMax} letters, digits, "_", "." and "-", and not "lo"`,
  )
}

export const namespaceOf = (lab: string, member: string): string => `heddle-${lab}-${member}`

/** Which lab and member a namespace belongs to; undefined when it is not of a lab. */
export const memberOfNamespace = (namespace: string): { lab: string; member: string } | undefined => {
  const [, lab, member] = namespacePattern.exec(namespace) ?? []
  return lab === undefined || member === undefined ? undefined : { lab, member }
}

/** The lab's one device in the root namespace: the management link. */
export const rootDeviceOf = (lab: string): string => `hdl-${lab}`

/**
 * The node's end of a host interface: `r1-gig1` where that fits, else the start of the host's name and a hash. An
 * interface name with a hyphen is hashed as well, since `a` with `b-c` and `a-b` with `c` would meet.
 */
export const deviceOf = (host: string, interfaceName: string): string => {
  const plain = `${host}-${interfaceName}`
  if (plain.length <= deviceNameMax && !interfaceName.includes('-')) return plain
  const digest = createHash('sha256').update(`${host}/${interfaceName}`).digest('hex')
  return `${host.slice(0, 6)}-${digest.slice(0, 8)}`
}
