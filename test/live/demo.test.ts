/** `heddle demo` as it is run, from the compiled program: several at once, and stopped half way. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { expectThat } from '#cli/demo/check.js'
import { fabricSteps } from '#cli/demo/fabric-steps.js'
import { narrateOn } from '#cli/demo/narrate.js'
import { performSteps } from '#cli/demo/perform.js'
import { Stage } from '#cli/demo/stage.js'
import { steps } from '#cli/demo/steps.js'
import { remainsOf } from '#lab/teardown.js'
import { systemClock } from '#link/clock.js'
import { systemRandom } from '#link/random.js'

const program = fileURLToPath(new URL('../../dist/src/cli/heddle.js', import.meta.url))

interface Run {
  readonly code: number | null
  readonly out: string
  readonly err: string
  readonly lab: string
}

/** Runs a demo; `onWords` sees what it has said on standard error so far and may end it. */
const runDemo = async (onWords: (words: string, kill: () => void) => void = () => {}): Promise<Run> => {
  const child = spawn(process.execPath, [program, 'demo', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
    onWords(err, () => child.kill('SIGINT'))
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err, lab: /\(lab (\w+)\)/.exec(err)?.[1] ?? '' }
}

const nothing = { pids: [], namespaces: [], devices: [], files: [] }

const directoriesOf = async (lab: string): Promise<string[]> =>
  (await readdir(tmpdir())).filter((name) => name.startsWith(`heddle-${lab}-`))

it('passes, also beside another one, and leaves nothing', async () => {
  const runs = await Promise.all([runDemo(), runDemo()])
  expect(runs[0]?.lab).not.toBe(runs[1]?.lab)
  for (const { code, out, err, lab } of runs) {
    const result = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '')
    expect(result, err).toMatchObject({ ok: true })
    expect(code).toBe(0)
    expect(result.seconds).toBeLessThan(60)
    expect(result.checks.map(({ name }: { name: string }) => name)).toEqual(steps.map(({ name }) => name))
    expect(await remainsOf(lab)).toEqual(nothing)
    expect(await directoriesOf(lab)).toEqual([])
  }
})

it('clears up when it is interrupted', async () => {
  let pressed = false
  const { code, err, lab } = await runDemo((words, kill) => {
    // Once: a second Ctrl-C ends the program on the spot.
    if (pressed || !words.includes('a wire across nodes')) return
    pressed = true
    kill()
  })
  expect(code).toBe(130)
  expect(err).toContain('interrupted: everything is removed')
  expect(await remainsOf(lab)).toEqual(nothing)
  expect(await directoriesOf(lab)).toEqual([])
})

it('clears up when a check fails', async () => {
  const { signal } = new AbortController()
  const stage = new Stage({
    clock: systemClock,
    random: systemRandom,
    signal,
    env: process.env,
    labName: 'demofails',
  })
  const failing = {
    name: 'broken',
    title: 'something is wrong',
    run: async () => {
      expectThat(stage.lab.nodes.length === 4, 'four nodes', `${stage.lab.nodes.length}`)
      return ''
    },
  }
  const quiet = narrateOn({ write: () => undefined }, {})
  const checks = await performSteps(stage, [...fabricSteps.slice(0, 2), failing], quiet)
  expect(checks.map(({ ok }) => ok)).toEqual([true, true, false])
  expect(checks[2]).toMatchObject({ expected: 'four nodes', found: '3' })
  expect(await remainsOf('demofails')).toEqual(nothing)
})
