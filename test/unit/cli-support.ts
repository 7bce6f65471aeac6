/** Runs the command line in this process, with streams, environment and network made for the test. */

import type { Io } from '#cli/io.js'
import { run } from '#cli/run.js'
import type { Config } from '#config'
import type { Clock } from '#link/clock.js'

export interface World {
  readonly stdin?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
  readonly terminal?: boolean
  readonly fetch?: typeof fetch
  /** Time that passes only in waiting, otherwise. */
  readonly clock?: Clock
  readonly signal?: AbortSignal
  /** Told of every write to standard output. */
  readonly onWrite?: (out: string) => void
  readonly onProgress?: (line: string) => void
  readonly runController?: (config: Config) => Promise<void>
}

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Time passes only in waiting: a wait ends at once and moves the clock by its length. */
export const eagerClock = (): Clock => {
  let now = 0
  return {
    now: () => now,
    wallTime: () => Date.UTC(2026, 0, 31, 12) + now,
    schedule: (delayMs, fire) => {
      let cancelled = false
      queueMicrotask(() => {
        if (cancelled) return
        now += delayMs
        fire()
      })
      return () => {
        cancelled = true
      }
    },
  }
}

const unexpected = (): never => {
  throw new Error('this command should not do that')
}

export interface Recorder {
  readonly io: Io
  readonly text: { out: string; err: string }
}

/** An `Io` of this world, and what was written to it. */
export const ioOf = (world: World = {}): Recorder => {
  const text = { out: '', err: '' }
  const output = (name: 'out' | 'err') => ({
    write: (chunk: string) => {
      text[name] += chunk
      if (name === 'out') world.onWrite?.(text.out)
    },
    isTTY: world.terminal ?? false,
    columns: 100,
  })
  const files = world.files ?? {}
  const io: Io = {
    stdin: (async function* () {
      yield* world.stdin ?? []
    })(),
    stdout: output('out'),
    stderr: output('err'),
    env: world.env ?? {},
    fetch: world.fetch ?? unexpected,
    clock: world.clock ?? eagerClock(),
    random: () => 0.5,
    progress: (things, total) => ({
      show: (done) => world.onProgress?.(`${done}/${total} ${things}`),
      end: () => world.onProgress?.('end'),
    }),
    signal: world.signal ?? new AbortController().signal,
    version: '1.2.3',
    readFile: async (path) => {
      const content = files[path]
      if (content !== undefined) return content
      throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' })
    },
    runController: world.runController ?? unexpected,
  }
  return { io, text }
}

/** Runs `heddle WORDS…`; a string is split at spaces. */
export const heddle = async (words: string | readonly string[], world: World = {}): Promise<Ran> => {
  const { io, text } = ioOf(world)
  const code = await run(typeof words === 'string' ? words.split(' ').filter(Boolean) : words, io)
  return { code, ...text }
}
