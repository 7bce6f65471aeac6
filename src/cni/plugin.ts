/** The plugin's commands, joined to what they work with. */
import { add } from './add.js'
import type { Call } from './call.js'
import { check } from './check.js'
import { del } from './del.js'
import { gc } from './gc.js'
import { type BareCall, type CommandRun, type Plugin, withConfiguration } from './invocation.js'
import { type CniNode, openNode, type Rim } from './node.js'
import { printResult } from './result.js'
import { status } from './status.js'
import { supportedVersions } from './version.js'

export const about =
  'heddle-cni: attaches containers to networks and links of Heddle, a fabric controller for Open vSwitch'

/** The plugin on a node whose outside is `rim`. */
export const pluginOf = (rim: Rim): Plugin => {
  const joined = (run: (node: CniNode, call: Call) => Promise<object | undefined>): CommandRun<BareCall> =>
    withConfiguration(({ configuration }) => openNode(configuration, rim), run)
  const silent = (run: (node: CniNode, call: Call) => Promise<void>): CommandRun<BareCall> =>
    joined(async (node, call) => {
      await run(node, call)
      return undefined
    })
  return {
    commands: {
      ADD: joined(async (node, call) => printResult(call.version, await add(node, call))),
      DEL: silent(del),
      CHECK: silent(check),
      STATUS: silent(status),
      GC: silent(gc),
    },
    supportedVersions,
    about,
  }
}
