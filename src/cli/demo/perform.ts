/** Performs the steps in order, tells of each, and strikes the stage whatever happened. */
import type { Clock } from '#link/clock.js'
import { type Check, failedCheck } from './check.js'
import type { Step } from './step.js'

/** What the performance needs of the stage, whatever the steps do on it. */
export interface Strikable {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Removes everything that the steps made. */
  strike(): Promise<void>
}

/** Who tells of the steps. */
export interface Narrator {
  begins(step: Pick<Step, 'title'>): void
  ends(step: Pick<Step, 'title'>, check: Check): void
}

const perform = async <S extends Strikable>(stage: S, step: Step<S>): Promise<Check> => {
  const begun = stage.clock.now()
  const took = (): number => Math.round(stage.clock.now() - begun)
  try {
    const detail = await step.run(stage)
    return { name: step.name, ok: true, ms: took(), detail }
  } catch (error) {
    return failedCheck(step.name, took(), error)
  }
}

const skipped = ({ name }: { readonly name: string }): Check => ({ name, ok: false, ms: 0, skipped: true })

/** The checks of all steps. Rejects with the signal's reason when it is aborted; the stage is struck then as well. */
export const performSteps = async <S extends Strikable>(
  stage: S,
  steps: readonly Step<S>[],
  narrator: Narrator,
): Promise<Check[]> => {
  const checks: Check[] = []
  let broken = false
  try {
    for (const step of steps) {
      stage.signal.throwIfAborted()
      // The last step clears up, which needs nothing of the others.
      if (broken && step !== steps.at(-1)) {
        checks.push(skipped(step))
        continue
      }
      narrator.begins(step)
      const check = await perform(stage, step)
      stage.signal.throwIfAborted()
      if (!check.ok && step.essential) broken = true
      checks.push(check)
      narrator.ends(step, check)
    }
  } finally {
    await stage.strike()
  }
  return checks
}
