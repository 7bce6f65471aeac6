/** Performs the steps in order, tells of each, and strikes the stage whatever happened. */
import { type Check, failedCheck } from './check.js'
import type { Stage } from './stage.js'
import type { Step } from './step.js'

/** Who tells of the steps. */
export interface Narrator {
  begins(step: Step): void
  ends(step: Step, check: Check): void
}

const perform = async (stage: Stage, step: Step): Promise<Check> => {
  const begun = stage.clock.now()
  const took = (): number => Math.round(stage.clock.now() - begun)
  try {
    const detail = await step.run(stage)
    return { name: step.name, ok: true, ms: took(), detail }
  } catch (error) {
    return failedCheck(step.name, took(), error)
  }
}

const skipped = (step: Step, because: Step): Check => ({
  name: step.name,
  ok: false,
  ms: 0,
  expected: 'to be tried',
  found: `not tried, since ${because.name} failed`,
})

/** The checks of all steps. Rejects with the signal's reason when it is aborted; the stage is struck then as well. */
export const performSteps = async (
  stage: Stage,
  steps: readonly Step[],
  narrator: Narrator,
): Promise<Check[]> => {
  const checks: Check[] = []
  let broken: Step | undefined
  try {
    for (const step of steps) {
      stage.signal.throwIfAborted()
      // The last step clears up, which needs nothing of the others.
      const tried = broken === undefined || step === steps.at(-1)
      if (tried) narrator.begins(step)
      const check = tried || broken === undefined ? await perform(stage, step) : skipped(step, broken)
      stage.signal.throwIfAborted()
      if (!check.ok && step.essential && broken === undefined) broken = step
      checks.push(check)
      narrator.ends(step, check)
    }
  } finally {
    await stage.strike()
  }
  return checks
}
