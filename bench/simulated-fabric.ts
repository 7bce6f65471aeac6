/** What the scale benches share: the controller in a process of its own, simulated switches in another, and waiting for both. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sleep, systemClock } from '#link/clock.js'
import type { SwitchCommand, SwitchesStatus } from './simulated-switches.js'

const restPort = 18_081
const openflowPort = 16_653
export const ovsdbPort = 16_640

export const base = `http://127.0.0.1:${restPort}`
const programs = {
  heddle: fileURLToPath(new URL('../src/cli/heddle.js', import.meta.url)),
  switches: fileURLToPath(new URL('./simulated-switches.js', import.meta.url)),
}

/** With the northbound database in `directory`. */
export const startController = (directory: string): ChildProcess =>
  spawn(
    process.execPath,
    [
      ...[
        programs.heddle,
        'controller',
        '--data-directory',
        directory,
        '--listen-rest',
        `127.0.0.1:${restPort}`,
      ],
      ...[
        '--listen-ovsdb',
        `ptcp:${ovsdbPort}:127.0.0.1`,
        '--listen-openflow',
        `ptcp:${openflowPort}:127.0.0.1`,
      ],
      ...['--lisp-listen', 'none', '--vni-quarantine-seconds', '0', '--log-level', 'error'],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )

/** The simulated switches, one command at a time. */
export class Switches {
  private readonly child = spawn(process.execPath, [programs.switches], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  private readonly answers = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]()

  async tell(command: SwitchCommand): Promise<unknown> {
    this.child.stdin.write(`${JSON.stringify(command)}\n`)
    const { value } = await this.answers.next()
    const answer = JSON.parse(String(value)) as { error?: string }
    if (answer.error !== undefined) throw new Error(`simulated switches: ${answer.error}`)
    return answer
  }

  status(): Promise<SwitchesStatus> {
    return this.tell({ do: 'status' }) as Promise<SwitchesStatus>
  }

  async stop(): Promise<void> {
    await this.tell({ do: 'stop' })
    await once(this.child, 'exit')
  }
}

/** One number of the controller's metrics. */
export const metric = async (line: string): Promise<number> => {
  const answer = await fetch(`${base}/metrics`)
  const found = (await answer.text()).split('\n').find((text) => text.startsWith(`${line} `))
  return Number(found?.slice(line.length + 1) ?? Number.NaN)
}

/** Polls until `done`; a controller that is not there yet is not done. */
export const until = async (
  what: string,
  done: () => Promise<boolean>,
  { secondsMax = 120, everyMs = 100 } = {},
): Promise<void> => {
  const deadline = performance.now() + secondsMax * 1000
  while (!(await done().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen in ${secondsMax} s`)
    // Asking costs the controller a millisecond or two: not so often that the measure changes what is measured.
    await sleep(systemClock, everyMs)
  }
}

export const readyIs = (count: number) => async (): Promise<boolean> =>
  (await metric('heddle_nodes{state="ready"}')) === count

/** Resident memory of a process in megabytes, proc(5). */
export const residentMb = async (pid: number | undefined): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
}

/** Ends it, where it has not ended. */
export const stopController = async (controller: ChildProcess | undefined): Promise<void> => {
  if (controller?.exitCode !== null || controller.signalCode !== null) return
  controller.kill('SIGTERM')
  await once(controller, 'exit')
}
