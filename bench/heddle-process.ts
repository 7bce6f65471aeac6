/** The controller in a process of its own, as it runs for real, with every node of a lab joined to it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '#api/client.js'
import type { Lab } from '#lab/lab.js'
import { sleep, systemClock } from '#link/clock.js'

const program = fileURLToPath(new URL('../src/cli/heddle.js', import.meta.url))

/** Flags of the controller by name, without dashes. */
export type Flags = Readonly<Record<string, string>>

const flagsOf = (lab: Lab, rest: string, directory: string, more: Flags): readonly string[] =>
  Object.entries({
    'data-directory': directory,
    'listen-rest': rest,
    'listen-ovsdb': `ptcp:6640:${lab.controllerAddress}`,
    'listen-openflow': `ptcp:6653:${lab.controllerAddress}`,
    'lisp-listen': 'none',
    'vni-quarantine-seconds': '0',
    'log-level': 'warn',
    ...more,
  }).flatMap(([name, value]) => [`--${name}`, value])

/** Starts it and waits until all nodes are ready. @param rest `HOST:PORT` @returns stops it */
export const startHeddle = async (lab: Lab, rest: string, more: Flags = {}): Promise<() => Promise<void>> => {
  const directory = await mkdtemp(join(tmpdir(), 'heddle-bench-'))
  const child: ChildProcess = spawn(
    process.execPath,
    [program, 'controller', ...flagsOf(lab, rest, directory, more)],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  const client = new Client({ baseUrl: `http://${rest}` })
  await lab.setManager(`tcp:${lab.controllerAddress}:6640`)
  for (;;) {
    const { nodes } = await client.nodes().catch(() => ({ nodes: [] }))
    if (nodes.filter(({ state }) => state === 'ready').length === lab.nodes.length) break
    if (child.exitCode !== null) throw new Error('the controller ended')
    await sleep(systemClock, 50)
  }
  return async () => {
    child.kill('SIGTERM')
    await once(child, 'exit')
    await rm(directory, { recursive: true })
  }
}
