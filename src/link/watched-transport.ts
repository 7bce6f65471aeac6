/** A transport with an onlooker, which hears of data before the owner and of the end after it. */
import type { Transport, TransportEvents } from './transport.js'

export const watched = (transport: Transport, onlooker: TransportEvents): Transport => ({
  peer: transport.peer,
  ...(transport.localAddress === undefined ? {} : { localAddress: transport.localAddress }),
  ...(transport.remoteAddress === undefined ? {} : { remoteAddress: transport.remoteAddress }),
  get queuedBytes() {
    return transport.queuedBytes
  },
  start: (events) =>
    transport.start({
      onData: (chunk) => {
        onlooker.onData(chunk)
        events.onData(chunk)
      },
      onClose: (error) => {
        // The owner first: what the onlooker makes of a loss may already be the next connection.
        events.onClose(error)
        onlooker.onClose(error)
      },
    }),
  write: (data) => transport.write(data),
  pause: () => transport.pause(),
  resume: () => transport.resume(),
  close: (error) => transport.close(error),
})
