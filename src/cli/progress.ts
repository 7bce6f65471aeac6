/** Progress bars on a terminal, for what takes long. */
import { SingleBar } from 'cli-progress'

export interface Progress {
  /** How many are done. */
  show(done: number): void
  /** Takes the bar away. */
  end(): void
}

/** A bar for `total` things of this name, on a terminal; nothing elsewhere. */
export type ProgressBar = (things: string, total: number) => Progress

export const progressOn =
  (terminal: NodeJS.WriteStream): ProgressBar =>
  (things, total) => {
    if (!terminal.isTTY) return { show: () => undefined, end: () => undefined }
    const bar = new SingleBar({
      stream: terminal,
      format: `{bar} {value}/{total} ${things}, {duration_formatted}`,
      barCompleteChar: '━',
      barIncompleteChar: '─',
      hideCursor: true,
      clearOnComplete: true,
      gracefulExit: true,
    })
    bar.start(total, 0)
    return { show: (done) => bar.update(done), end: () => bar.stop() }
  }
