/**
 * The stage of the demo: a lab, a controller and what the steps put on it. Everything that a step makes is known here, so
 * that the end finds it, however early it comes.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from '#api/client.js'
import type { LabHost } from '#lab/host.js'
import type { Lab } from '#lab/lab.js'
import { destroyLab } from '#lab/teardown.js'
import type { Xtr } from '#lab/xtr/xtr.js'
import { type Clock, sleep } from '#link/clock.js'
import type { Random } from '#link/random.js'
import { CheckFailed } from './check.js'
import { type ControllerProcess, stopStoreOf } from './controller-process.js'
import type { FlowAges } from './flow-ages.js'

/** How long anything may take that takes milliseconds on a quiet machine. */
const patienceMs = 15_000
const lookAgainMs = 10

export interface StageOptions {
  readonly clock: Clock
  readonly random: Random
  readonly signal: AbortSignal
  readonly env: Readonly<Record<string, string | undefined>>
  /** The name of the lab, which no other lab has. */
  readonly labName: string
}

/** One look at something that is expected to become true. */
export interface Look<T> {
  /** Undefined while it is not true. */
  readonly value: T | undefined
  /** What is there now, in words. */
  readonly found: string
}

const made = <T>(thing: T | undefined, name: string): T => {
  if (thing === undefined) throw new CheckFailed(`${name}`, 'none: an earlier step failed')
  return thing
}

export class Stage {
  readonly clock: Clock
  readonly random: Random
  readonly signal: AbortSignal
  readonly env: StageOptions['env']
  readonly labName: string
  /** Simulated LISP routers by name. */
  readonly routers = new Map<string, Xtr>()
  /** Addresses of containers by name. */
  readonly addresses = new Map<string, readonly string[]>()
  /** The flows as they were when the controller was killed. */
  flowAges: FlowAges | undefined
  #lab: Lab | undefined
  #controller: ControllerProcess | undefined
  #directory: string | undefined

  constructor({ clock, random, signal, env, labName }: StageOptions) {
    this.clock = clock
    this.random = random
    this.signal = signal
    this.env = env
    this.labName = labName
  }

  get lab(): Lab {
    return made(this.#lab, 'a lab')
  }

  set lab(lab: Lab) {
    this.#lab = lab
  }

  get controller(): ControllerProcess {
    return made(this.#controller, 'a controller')
  }

  set controller(controller: ControllerProcess) {
    this.#controller = controller
  }

  get client(): Client {
    return this.controller.client
  }

  /** The controller's data directory, with a path short enough for sockets in it. */
  async directory(): Promise<string> {
    this.#directory ??= await mkdtemp(join(tmpdir(), `heddle-${this.labName}-`))
    return this.#directory
  }

  host(name: string): Promise<LabHost> {
    return this.lab.host(name)
  }

  /** Looks again and again until there is a value. @throws CheckFailed with the last look */
  async until<T>(expected: string, look: () => Promise<Look<T>>): Promise<T> {
    const begun = this.clock.now()
    for (;;) {
      const { value, found } = await look()
      if (value !== undefined) return value
      if (this.clock.now() - begun > patienceMs) throw new CheckFailed(expected, found)
      await sleep(this.clock, lookAgainMs, this.signal)
    }
  }

  /** Ends and removes everything, whatever there is of it. The controller goes in order where it can. */
  async strike(): Promise<void> {
    for (const [name, router] of this.routers) {
      this.routers.delete(name)
      await router.close()
    }
    await this.#controller?.stop()
    if (this.#directory !== undefined) {
      await stopStoreOf(this.#directory)
      await rm(this.#directory, { recursive: true, force: true })
    }
    await destroyLab(this.labName, this.clock)
  }
}
