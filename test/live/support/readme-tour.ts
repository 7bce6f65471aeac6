/** The code blocks of a README: commands of a shell, each perhaps with what it prints. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'

export interface Block {
  readonly commands: string
  /** Absent where the README shows nothing. */
  readonly printed?: string
}

const fence = /^```(\w+)\n([\s\S]*?)^```$/gm

/** The `bash` blocks of a section, from its heading to the next one, each with the `text` block that follows it. */
export const blocksOf = (readme: string, heading: string): Block[] => {
  const section = readme.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  const blocks: Block[] = []
  for (const [, language, text = ''] of section.matchAll(fence)) {
    const last = blocks.at(-1)
    if (language === 'bash') blocks.push({ commands: text })
    else if (language === 'text' && last !== undefined && last.printed === undefined)
      blocks.splice(-1, 1, { ...last, printed: text })
  }
  return blocks
}

/** A line of the README as a pattern: numbers and blanks may differ, durations may have another unit, `…` is anything. */
const patternOf = (line: string): RegExp => {
  const pattern = line
    .trim()
    .replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
    .replaceAll('…', '.*')
    .replace(/\d+(\\\.\d+)*/g, '\\d[\\d.]*')
    .replace(/(\[\\d\.\]\*) m?s\b/g, '$1 m?s')
    .replace(/ +/g, '\\s+')
  return new RegExp(`^\\s*${pattern}\\s*$`)
}

/** The first line of `expected` that `printed` has not, in this order; undefined when it has all. A line `…` stands for any. */
export const missingLine = (printed: string, expected: string): string | undefined => {
  const lines = printed.split('\n')
  let at = 0
  for (const wanted of expected.split('\n')) {
    if (wanted.trim() === '' || wanted.trim() === '…') continue
    const found = lines.findIndex((line, index) => index >= at && patternOf(wanted).test(line))
    if (found < 0) return wanted
    at = found + 1
  }
  return undefined
}

/** A shell that goes on from block to block. */
export class Shell {
  readonly #shell: ChildProcessWithoutNullStreams
  #output = ''
  #wake: () => void = () => {}
  #count = 0

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    this.#shell = spawn('bash', ['--noprofile', '--norc'], { cwd, env })
    for (const stream of [this.#shell.stdout, this.#shell.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
        this.#wake()
      })
    }
    this.#shell.on('exit', () => this.#wake())
  }

  /** Runs a block to its end: what it printed, and the exit code of its last command. */
  async run(commands: string): Promise<{ readonly printed: string; readonly code: number }> {
    const mark = `end-of-block-${++this.#count}`
    this.#output = ''
    this.#shell.stdin.write(`${commands}\nprintf '\\n%s %s\\n' ${mark} $?\n`)
    const end = new RegExp(`\\n${mark} (\\d+)\\n`)
    for (;;) {
      const [found, code] = end.exec(this.#output) ?? []
      if (found !== undefined) return { printed: this.#output.replace(found, ''), code: Number(code) }
      if (this.#shell.exitCode !== null) throw new Error(`the shell ended: ${this.#output}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Ends it with what it left in the background. */
  async close(): Promise<void> {
    if (this.#shell.exitCode !== null) return
    this.#shell.stdin.end('kill $(jobs -p) 2>/dev/null; wait\n')
    await once(this.#shell, 'exit')
  }
}
