/**
 * What the plugin calls what it makes: computed from the container and its interface, so that every command, ADD again and a
 * DEL that knows nothing else, comes to the same.
 */
import { digest } from '#model/digest.js'

/** What every host's end begins with. */
export const hostInterfacePrefix = 'hc'

/** An attachment: one interface of one container. */
export interface Attachment {
  readonly containerId: string
  readonly interfaceName: string
}

/** The host's end of the cable: 14 bytes, of 48 bits of hash. */
export const hostInterfaceOf = ({ containerId, interfaceName }: Attachment): string =>
  `${hostInterfacePrefix}${digest(containerId, interfaceName).slice(0, 12)}`

/**
 * The mark of an interface that the plugin made: for which network configuration, for which attachment. GC goes by it when nothing
 * else is left.
 */
export const aliasOf = (configuration: string, attachment: Attachment): string =>
  `heddle-cni:${configuration}:${hostInterfaceOf(attachment)}`

/** The address of the host's end, unicast and locally administered: one that is given is left alone by other software of the node. */
export const hostMacOf = ({ containerId, interfaceName }: Attachment): string =>
  `0e:${(digest('mac', containerId, interfaceName).slice(0, 10).match(/../g) ?? []).join(':')}`

/**
 * The endpoint's id: what people recognize of it, and a hash that makes it one. The node is part of it, for two runtimes may give
 * two containers one id.
 */
export const endpointIdOf = (node: string, { containerId, interfaceName }: Attachment): string => {
  const readable = `${containerId.slice(0, 24)}-${interfaceName.replace(/[^A-Za-z0-9._-]/g, '_')}`
  return `${readable}-${digest(node, containerId, interfaceName).slice(0, 12)}`
}
