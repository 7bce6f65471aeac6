/**
 * The port of a node itself: an internal port of the integration bridge with an EID of its own, behind which the world outside
 * the fabric is. In a file of its own for the CNI plugin, which loads no schemas.
 */
import { digest } from './digest.js'

export const nodePort = 'heddle0'

/** The id of the endpoint that a node itself is, whoever makes it: the controller or the CNI plugin. */
export const nodeEndpointIdOf = (node: string): string =>
  node.length < 60 ? `node-${node}` : `node-${node.slice(0, 42)}-${digest(node)}`
