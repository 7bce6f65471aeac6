/** The meters of a switch, asked for. */
import type { MeterWish } from '#compile/desired.js'
import type { Channel } from '#openflow/channel.js'
import { meterWishOf } from './messages.js'

/** Puts all meters of the switch into `meters`. Rejects as `Channel.request` does, and has changed nothing then. */
export const readMeters = async (channel: Channel, meters: Map<number, MeterWish>): Promise<void> => {
  const { items } = await channel.request({ type: 'meter_desc_request', meterId: 0xffff_ffff })
  meters.clear()
  for (const meter of items) meters.set(meter.meterId, meterWishOf(meter))
}
