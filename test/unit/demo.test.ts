/** The demo's order of things, with steps that touch nothing: what fails, what is left out, and that the end always comes. */
import { describe, expect, it } from 'vitest'
import { expectThat } from '#cli/demo/check.js'
import { frames, sender } from '#cli/demo/frames.js'
import { hosts, mesh } from '#cli/demo/hosts.js'
import { closing, narrateOn } from '#cli/demo/narrate.js'
import { performSteps } from '#cli/demo/perform.js'
import type { Step } from '#cli/demo/step.js'
import { steps } from '#cli/demo/steps.js'
import { paletteFor } from '#cli/palette.js'
import { VirtualClock } from '../fake/virtual-clock.js'

const stageOf = () => {
  const clock = new VirtualClock()
  const abort = new AbortController()
  const done: string[] = []
  const strike = async (): Promise<void> => void done.push('struck')
  return { clock, abort, signal: abort.signal, done, strike }
}
type Stage = ReturnType<typeof stageOf>

const step = (name: string, run: (stage: Stage) => void, essential = false): Step<Stage> => ({
  name,
  title: `${name} is done`,
  ...(essential ? { essential } : {}),
  run: async (stage) => {
    stage.done.push(name)
    run(stage)
    return `${name} was seen`
  },
})
const passes = (name: string): Step<Stage> => step(name, () => {})
const fails = (name: string, essential = false): Step<Stage> =>
  step(name, () => expectThat(false, '0 pings lost', '7 of 100'), essential)

const perform = async (list: readonly Step<Stage>[]) => {
  const stage = stageOf()
  let told = ''
  const output = { write: (text: string) => (told += text) }
  const checks = await performSteps(stage, list, narrateOn(output, {}))
  return { checks, told, done: stage.done, closing: closing(paletteFor(output, {}), checks, 1.25) }
}

describe('a performance', () => {
  it('tells what was seen and strikes the stage', async () => {
    const { checks, told, done, closing } = await perform([passes('one'), passes('two')])
    expect(done).toEqual(['one', 'two', 'struck'])
    expect(checks).toEqual([
      { name: 'one', ok: true, ms: 0, detail: 'one was seen' },
      { name: 'two', ok: true, ms: 0, detail: 'two was seen' },
    ])
    expect(told).toContain('✔    0 ms  one is done\n             one was seen\n')
    expect(closing).toContain('all 2 checks passed in 1.3 s')
  })

  it('says of a failed check what was expected and found, and goes on', async () => {
    const { checks, told, done, closing } = await perform([fails('one'), passes('two')])
    expect(done).toEqual(['one', 'two', 'struck'])
    expect(checks[0]).toEqual({ name: 'one', ok: false, ms: 0, expected: '0 pings lost', found: '7 of 100' })
    expect(told).toContain('✘')
    expect(told).toContain('expected  0 pings lost\n             found     7 of 100\n')
    expect(closing).toContain('1 of 2 checks failed')
  })

  it('leaves out what an essential step was needed for, but not the end', async () => {
    const { checks, done, told, closing } = await perform([fails('one', true), passes('two'), passes('end')])
    expect(done).toEqual(['one', 'end', 'struck'])
    expect(checks.map(({ ok }) => ok)).toEqual([false, false, true])
    expect(checks[1]).toEqual({ name: 'two', ok: false, ms: 0, skipped: true })
    expect(told).not.toContain('two')
    expect(closing).toContain('1 of 3 checks failed, 1 not tried')
  })

  it('takes any error for what was found', async () => {
    const broken = step('one', () => {
      throw new Error('ovs-vsctl: exit code 1')
    })
    const { checks } = await perform([broken])
    expect(checks[0]).toMatchObject({ ok: false, expected: 'no error', found: 'ovs-vsctl: exit code 1' })
  })

  it('ends when it is interrupted, with the stage struck', async () => {
    const stage = stageOf()
    const list = [step('one', ({ abort }) => abort.abort(new Error('Ctrl-C'))), passes('two')]
    const quiet = narrateOn({ write: () => undefined }, {})
    await expect(performSteps(stage, list, quiet)).rejects.toThrow('Ctrl-C')
    expect(stage.done).toEqual(['one', 'struck'])
  })
})

describe('the steps', () => {
  it('have names of their own', () => {
    const names = steps.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/)
  })

  it('use every interface once, in networks of their own', () => {
    const addresses = hosts.flatMap(({ interfaces }) =>
      interfaces.flatMap((each) => (typeof each === 'string' ? [] : (each.addresses ?? []))),
    )
    expect(new Set(addresses).size).toBe(addresses.length)
    expect(new Set(mesh.map(({ a }) => a.address.split('.')[2])).size).toBe(mesh.length)
  })

  it.each(frames)('send $name as whole bytes of a plausible frame', ({ hex }) => {
    expect(hex).toMatch(/^([0-9a-f]{2})+$/)
    expect(hex.slice(12, 24)).toBe(sender)
    expect(hex.length / 2).toBeGreaterThanOrEqual(60)
  })
})
