/**
 * Carrier on a wire: when one end loses link, the other end is turned down, so that its container sees what a pulled cable
 * shows, and it is released when the link is back. A port that we hold reports no link either: what we did must not be read
 * back as what happened, or both ends hold each other down for ever.
 */
import type { Port } from '#model/node.js'

/** `lost`: the end itself has no link, or its interface is gone. `unknown`: held by us, or not to be seen at the moment. */
export type Carrier = 'present' | 'lost' | 'unknown'

/** The carrier of an end's own side. `visible` is false while its node cannot be asked. */
export const carrierOf = (port: Port | undefined, visible: boolean): Carrier => {
  if (!visible) return 'unknown'
  if (port?.ofport === undefined) return port?.error === undefined ? 'unknown' : 'lost'
  if (port.held || port.linkDown === undefined) return 'unknown'
  return port.linkDown ? 'lost' : 'present'
}

/**
 * Whether `self` should be held down because of `far`. Of two ends that hold each other, `first` is released, which lets
 * its true state be seen.
 */
export const shouldHold = (
  self: { readonly held: boolean; readonly carrier: Carrier },
  far: { readonly held: boolean; readonly carrier: Carrier },
  first: boolean,
): boolean => {
  if (self.held && far.held) return !first
  // What cannot be seen changes nothing.
  if (far.carrier === 'unknown') return self.held
  return far.carrier === 'lost' && (self.held || self.carrier === 'present')
}
