/** What the command line touches of the world: its streams, environment, files, network and time. heddle.ts has the real ones. */
import type { Config } from '#config'
import type { Clock } from '#link/clock.js'
import type { Random } from '#link/random.js'
import type { ProgressBar } from './progress.js'

/** Where text goes. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

export interface Io {
  readonly stdin: AsyncIterable<string | Uint8Array>
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  readonly fetch: typeof fetch
  readonly clock: Clock
  readonly random: Random
  readonly progress: ProgressBar
  /** Aborted when the user presses Ctrl-C. */
  readonly signal: AbortSignal
  readonly version: string
  /** Rejects with the operating system's error. */
  readFile(path: string): Promise<string>
  /** Runs the controller until it is told to stop. */
  runController(config: Config): Promise<void>
}

/** All of standard input as text. */
export const readStdin = async (io: Io): Promise<string> => {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of io.stdin) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** Standard input line by line, as the lines come. */
export async function* stdinLines(io: Io): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of io.stdin) {
    const lines = (
      rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))
    ).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}
