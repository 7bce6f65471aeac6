/** Everything goes, in order, and nothing is left: neither in the switches nor on the machine. */
import { access, readdir, readFile } from 'node:fs/promises'
import { remainsOf } from '#lab/teardown.js'
import { duration } from '../text.js'
import { expectThat } from './check.js'
import { storeControlOf } from './controller-process.js'
import { far, near } from './hosts.js'
import type { Look, Stage } from './stage.js'
import type { Step } from './step.js'

/** What each node keeps without any link: the flow that drops what belongs to nothing. */
const flowsOfNode = 1
/** To other nodes and to LISP routers. */
const tunnelPorts = 2

/** Flows and ports that links left on a switch, as the switch itself says. */
const lookAtSwitches = async (stage: Stage): Promise<Look<true>> => {
  const seen = await Promise.all(
    stage.lab.nodes.map(async (node) => {
      const flows = (await node.ofctl('dump-flows', 'br-int')).match(/cookie=/g) ?? []
      const ports = (await node.vsctl('list-ports', 'br-int')).trim().split('\n')
      return { name: node.name, flows: flows.length, ports }
    }),
  )
  const clean = seen.every(({ flows, ports }) => flows === flowsOfNode && ports.length === tunnelPorts)
  const found = seen.map(({ name, flows, ports }) => `${name}: ${flows} flows, ports ${ports.join(' ')}`)
  return { value: clean ? true : undefined, found: found.join('; ') }
}

const removeWires = async (stage: Stage): Promise<string> => {
  const begun = stage.clock.now()
  for (const { link } of [near, far]) await stage.client.deleteLink(link, { signal: stage.signal })
  const took = stage.clock.now() - begun
  await stage.until('one flow and the tunnel ports on every node', () => lookAtSwitches(stage))
  return `DELETE /v1/links/*: ${duration(took)}; on each switch one flow and the tunnel ports remain`
}

const stopController = async (stage: Stage): Promise<string> => {
  const { pid } = stage.controller
  const code = await stage.controller.stop()
  expectThat(code === 0, 'exit code 0', `${code}`)
  const control = storeControlOf(await stage.directory())
  const running = await access(control).then(
    () => true,
    () => false,
  )
  expectThat(!running, 'its database server stopped', `${control} is there`)
  return `SIGTERM to process ${pid}: exit code 0, its database server stopped as well`
}

/** Processes whose command line names something. */
const processesNaming = async (word: string): Promise<string[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  const lines = await Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      return `${pid} ${line.replaceAll('\0', ' ')}`
    }),
  )
  return lines.filter((line) => line.includes(word))
}

const leaveNothing = async (stage: Stage): Promise<string> => {
  const directory = await stage.directory()
  await stage.strike()
  const { namespaces, devices, files, pids } = await remainsOf(stage.labName)
  const processes = [...pids.map(String), ...(await processesNaming(directory))]
  const left = [
    ...namespaces,
    ...devices,
    ...files,
    ...processes,
    ...(await readdir(directory).catch(() => [])),
  ]
  expectThat(left.length === 0, 'no namespace, process, device or file of the demo', left.join(', '))
  return 'no namespace, no process, no device, no file'
}

export const endingSteps: readonly Step[] = [
  { name: 'wires-removed', title: 'the wires are removed', run: removeWires },
  { name: 'controller-stopped', title: 'the controller stops in order', run: stopController },
  { name: 'nothing-left', title: 'nothing is left behind', run: leaveNothing },
]
