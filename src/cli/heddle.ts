#!/usr/bin/env node
/** The executable: gives the command line the real streams, environment, network and clock. */
import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { systemClock } from '#link/clock.js'
import { systemRandom } from '#link/random.js'
import type { Io } from './io.js'
import { progressOn } from './progress.js'
import { run } from './run.js'

/** The version of the package that this file is in, compiled or not. */
const versionAbove = (directory: URL): string => {
  const manifest = new URL('package.json', directory)
  if (!existsSync(manifest)) return versionAbove(new URL('..', directory))
  const { version }: { version?: unknown } = JSON.parse(readFileSync(manifest, 'utf8'))
  return String(version)
}

/**
 * The first Ctrl-C asks the command to end, the second one ends it. Only for commands that ask for the signal: the
 * controller and the lab end in their own way.
 */
const onInterrupt = (): (() => AbortSignal) => {
  let signal: AbortSignal | undefined
  return () => {
    if (signal !== undefined) return signal
    const controller = new AbortController()
    // SIGTERM too: a job that is told to end clears up behind itself.
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort())
    signal = controller.signal
    return signal
  }
}

/** The controller and all its parts are loaded only by the command that runs it. */
const runController: Io['runController'] = async (config) => {
  const main = await import('#main')
  await main.runController(config)
}

/** Resolves when everything that was written has been taken. */
const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.write('', () => resolve()))

// A reader that has seen enough (`heddle events | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

const interrupt = onInterrupt()
const io: Io = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  fetch: globalThis.fetch,
  clock: systemClock,
  random: systemRandom,
  progress: progressOn(process.stderr),
  get signal() {
    return interrupt()
  },
  version: versionAbove(new URL('.', import.meta.url)),
  readFile: (path) => readFile(path, 'utf8'),
  runController,
}
const code = await run(process.argv.slice(2), io)
// Exiting throws away what a slow reader of a pipe has not taken yet.
await Promise.all([flushed(process.stdout), flushed(process.stderr)])
process.exit(code)
