/** One step of the demo: what it does, in words, and the doing. */
import type { Stage } from './stage.js'

export interface Step<S = Stage> {
  /** For programs; it never changes its meaning. */
  readonly name: string
  /** What is so when the step has passed. */
  readonly title: string
  /** The steps behind it need what it makes: when it fails they are not tried. */
  readonly essential?: true
  /** Does it and resolves with what was seen, in a line. @throws CheckFailed */
  run(stage: S): Promise<string>
}
