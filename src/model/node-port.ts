/**
 * The port of a node itself: an internal port of the integration bridge with an EID of its own, behind which the world outside
 * the fabric is. In a file of its own for the CNI plugin, which loads no schemas.
 */
export const nodePort = 'heddle0'
