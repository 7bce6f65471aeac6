/** The executable: what a container runtime starts. Built by `npm run build:cni` into one file that needs no Node.js. */
import { serve } from './invocation.js'
import { pluginOf } from './plugin.js'
import { runProgram } from './programs.js'

const readInput = async (): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

const main = async (): Promise<void> => {
  const plugin = pluginOf({ run: runProgram, deadline: (ms) => AbortSignal.timeout(ms) })
  const { exitCode, stdout, stderr } = await serve({ env: process.env, readInput }, plugin)
  process.stderr.write(stderr)
  // Connections to the controller may be open still: they do not keep the runtime waiting.
  process.stdout.write(stdout, () => process.exit(exitCode))
}

void main()
