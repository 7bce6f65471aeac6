/** The executable: what a container runtime starts. Built by `npm run build:cni` into one file that needs no Node.js. */
import { kernel, readInput, runProgram, writeOut } from './bun.js'
import { serve } from './invocation.js'
import { pluginOf } from './plugin.js'

const plugin = pluginOf({ run: runProgram, kernel, deadline: (ms) => AbortSignal.timeout(ms) })

void serve({ env: process.env, readInput }, plugin).then(({ exitCode, stdout, stderr }) => {
  writeOut(2, stderr)
  writeOut(1, stdout)
  // Connections to the controller may be open still: they do not keep the runtime waiting.
  process.exit(exitCode)
})
