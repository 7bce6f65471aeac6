/** What the LISP bench tells its processes, and what they answer; and how it starts them. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface ServerStart {
  readonly do: 'start'
  /** `echo` sends back what comes, and nothing else: the ceiling of a process that answers datagrams. */
  readonly kind: 'lisp' | 'echo'
  /** EIDs that are known when it is ready. */
  readonly eids: number
  /** Where Map-Notify messages go: to the load. */
  readonly notifyPort: number
}

export type ServerCommand = ServerStart | { readonly do: 'usage' } | { readonly do: 'stop' }

export interface ServerUsage {
  /** Where it listens, on 127.0.0.1. */
  readonly port: number
  /** Processor time since its start, in microseconds. */
  readonly cpuUs: number
  readonly rssBytes: number
  /** Datagrams taken. */
  readonly taken: number
}

/** Requests for random ones of `eids` EIDs, a fixed number of them under way, as long as `ms`. */
export interface RequestLoad {
  readonly do: 'requests'
  readonly ports: readonly number[]
  readonly eids: number
  readonly ms: number
}

/** Registrations with this many records each, likewise. */
export interface RegisterLoad {
  readonly do: 'registers'
  readonly port: number
  readonly records: number
  readonly ms: number
}

/** Makes this many subscribers, spread over as many EIDs. */
export interface Subscribing {
  readonly do: 'subscribe'
  readonly port: number
  readonly subscribers: number
  readonly eids: number
}

/** Moves one EID after the other, and takes the time until each of its subscribers has heard of it. */
export interface Moving {
  readonly do: 'move'
  readonly port: number
  readonly moves: number
}

/** Lets an echo send this many datagrams for one, as many times. */
export interface FanOut {
  readonly do: 'fan-out'
  readonly port: number
  readonly datagrams: number
  readonly times: number
}

export type LoadCommand =
  | { readonly do: 'start' }
  | RequestLoad
  | RegisterLoad
  | Subscribing
  | Moving
  | FanOut
  | { readonly do: 'stop' }

/** What a load has measured: answers a second, or milliseconds of each single thing. */
export interface LoadResult {
  readonly port?: number
  readonly perSecond?: number
  readonly ms?: readonly (readonly number[])[]
}

/** A program of this bench in a process of its own, one command at a time. */
export class Program<C, R> {
  readonly #child: ChildProcess
  readonly #ended: Promise<[object]>

  constructor(name: 'server' | 'load') {
    this.#child = fork(fileURLToPath(new URL(`./${name}.js`, import.meta.url)))
    this.#ended = once(this.#child, 'exit').then(() => [{ error: `the ${name} ended` }])
  }

  async tell(command: C): Promise<R> {
    this.#child.send(command as object)
    const [answer] = await Promise.race([once(this.#child, 'message') as Promise<[object]>, this.#ended])
    if ('error' in answer) throw new Error(String(answer.error))
    return answer as R
  }

  stop(): void {
    this.#child.kill()
  }
}

/** The other end: answers each command as `obey` says. */
export const obeyCommands = <C, R extends object>(obey: (command: C) => Promise<R>): void => {
  process.on('message', (command) => {
    obey(command as C).then(
      (answer) => process.send?.(answer),
      (error: unknown) => process.send?.({ error: String(error) }),
    )
  })
  // Without the bench there is nothing to do.
  process.on('disconnect', () => process.exit())
}
