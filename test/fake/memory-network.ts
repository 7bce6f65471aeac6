/** A network in memory: listeners and connections between them and whoever dials, under a clock, with cables that can be cut. */
import type { Clock } from '#link/clock.js'
import { LinkError } from '#link/errors.js'
import type { listen } from '#link/listen.js'
import { type MemoryPair, memoryPair } from '#link/memory.js'
import { parseDialTarget } from '#link/targets.js'
import type { Transport } from '#link/transport.js'

type Listen = typeof listen
type Accept = Parameters<Listen>[1]

export interface MemoryNetworkOptions {
  readonly clock: Clock
  /** How long bytes are under way, in milliseconds. */
  readonly delayMs?: number
}

interface Listening {
  readonly accept: Accept
  readonly accepted: Transport[]
}

interface Cable {
  readonly pair: MemoryPair
  readonly by: string
}

export class MemoryNetwork {
  private readonly listeners = new Map<number, Listening>()
  private readonly cables = new Set<Cable>()
  /** Connections from these are not accepted. */
  readonly unreachable = new Set<string>()
  private connections = 0

  constructor(private readonly options: MemoryNetworkOptions) {}

  /** In place of the real `listen`. */
  readonly listen: Listen = async (target, accept) => {
    const port = target.kind === 'punix' ? 0 : target.port
    const accepted: Transport[] = []
    this.listeners.set(port, { accept, accepted })
    return {
      target,
      counts: { connections: 0, strangers: 0, accepted: 0, refused: 0 },
      close: async () => {
        this.listeners.delete(port)
        for (const transport of accepted) transport.close()
      },
    }
  }

  /** Dials as `who`. */
  dialAs =
    (who: string) =>
    async (target: string): Promise<Transport> => {
      const parsed = parseDialTarget(target, { port: 6640 })
      const listening = parsed.kind === 'unix' ? undefined : this.listeners.get(parsed.port)
      if (listening === undefined || this.unreachable.has(who))
        throw new LinkError('dial-failed', `${target} does not answer`)
      this.connections += 1
      const names = [target, `tcp:192.0.2.1:${10_000 + this.connections}`] as const
      const pair = memoryPair({ clock: this.options.clock, delayMs: this.options.delayMs ?? 0, names })
      this.cables.add({ pair, by: who })
      const [near, far] = pair.ends
      listening.accepted.push(far)
      listening.accept(far, () => {})
      return near
    }

  /** Every cable of `who` goes dead: bytes vanish, and nobody is told. */
  cut(who: string): void {
    for (const cable of this.cables) {
      if (cable.by !== who) continue
      cable.pair.cut()
      this.cables.delete(cable)
    }
  }
}
