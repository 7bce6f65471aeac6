/** What README.md shows is so: its tour is run block by block, and the demo's and REST's parts are compared with the program. */

import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { steps } from '#cli/demo/steps.js'
import { destroyLab, remainsOf } from '#lab/teardown.js'
import { startRest } from '../fake/rest.js'
import { blocksOf, missingLine, Shell } from './support/readme-tour.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const readme = readFileSync(`${root}README.md`, 'utf8')
const address = '127.0.0.1:8080'

/** A port that nobody uses just now. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const place = server.address()
      server.close(() => resolve(typeof place === 'object' && place !== null ? place.port : 0))
    })
  })

/** `heddle` as `npm link` would put it on the path, and REST at another port than that of a controller that may run here. */
const openShell = async (): Promise<{ shell: Shell; rest: string }> => {
  const directory = await mkdtemp(join(tmpdir(), 'heddle-readme-'))
  const command = join(directory, 'heddle')
  await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${root}dist/src/cli/heddle.js' "$@"\n`)
  await chmod(command, 0o755)
  const rest = `127.0.0.1:${await freePort()}`
  const env = {
    PATH: `${directory}:${process.env.PATH}`,
    HOME: directory,
    HEDDLE_LISTEN_REST: rest,
    // The port for LISP is one for the whole machine.
    HEDDLE_LISP_LISTEN: 'none',
    HEDDLE_SERVER: `http://${rest}`,
  }
  const shell = new Shell(root, env)
  onTestFinished(async () => {
    await shell.close()
    await destroyLab('tour')
    await rm(directory, { recursive: true, force: true })
  })
  return { shell, rest }
}

/** Commands that only look are repeated until they show what the README shows: a person looks a moment later. */
const looks = /^(heddle (nodes|links) list\n|heddle flows n1\n)$/
const looksMax = 50

it('the tour', async () => {
  await destroyLab('tour')
  const { shell, rest } = await openShell()
  const blocks = blocksOf(readme, 'A tour of five minutes')
  expect(blocks.length).toBeGreaterThan(10)
  for (const { commands, printed: shown = '' } of blocks) {
    let outcome = await shell.run(commands.replaceAll(address, rest))
    let missing = missingLine(outcome.printed, shown)
    for (let tries = 1; missing !== undefined && looks.test(commands) && tries < looksMax; tries++) {
      outcome = await shell.run(commands)
      missing = missingLine(outcome.printed, shown)
    }
    expect(missing, `${commands}\nprinted\n${outcome.printed}\nwithout the line`).toBeUndefined()
    expect(outcome.code, `${commands}\nprinted\n${outcome.printed}`).toBe(0)
  }
  expect(await remainsOf('tour')).toEqual({ pids: [], namespaces: [], devices: [], files: [] })
})

it('what the demo prints', () => {
  const titles = steps.map(({ title }) => `  ✔ … ${title}\n`).join('')
  expect(missingLine(readme, titles)).toBeUndefined()
})

it('the table of REST', async () => {
  const { body } = await startRest().call('GET', '/openapi.json')
  const { paths } = body as { paths: Record<string, object> }
  const served = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const shown = [...readme.matchAll(/^\| `([A-Z]+ \/\S+)` \|/gm)].map(([, request]) => request)
  expect(shown.sort()).toEqual(served.sort())
})
