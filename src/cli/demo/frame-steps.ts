/** Frames that switches do not forward as a rule cross a wire unchanged: what is sent and what arrives is compared byte for byte. */
import { expectThat } from './check.js'
import { type Frame, frames } from './frames.js'
import { type Cable, far, near } from './hosts.js'
import { capture, sendFrame } from './raw-frames.js'
import type { Look, Stage } from './stage.js'
import type { Step } from './step.js'

const cross = async (stage: Stage, frame: Frame, { a, b }: Cable): Promise<void> => {
  const seen = await capture(await stage.host(b.host), b.device)
  try {
    await sendFrame(await stage.host(a.host), a.device, frame)
    const look = async (): Promise<Look<string>> => ({ value: seen.frames[0], found: 'nothing' })
    const arrived = await stage.until(`${frame.hex} at ${b.host}`, look)
    expectThat(arrived === frame.hex, `${frame.hex} at ${b.host}`, arrived)
    expectThat(seen.frames.length === 1, `one frame at ${b.host}`, `${seen.frames.length}`)
  } finally {
    await seen.stop()
  }
}

const crossBoth = async (stage: Stage, frame: Frame): Promise<string> => {
  await Promise.all([near, far].map((cable) => cross(stage, frame, cable)))
  return `${frame.hex.length / 2} bytes sent, the same bytes arrived: on one node and across nodes`
}

export const frameSteps: readonly Step[] = frames.map((frame) => ({
  name: `frame-${frame.name}`,
  title: `${frame.title} crosses`,
  run: (stage) => crossBoth(stage, frame),
}))
