/** What labs there are on this machine, the broken ones included. */
import { readdir } from 'node:fs/promises'
import { unless } from './failure.js'
import { memberOfNamespace } from './names.js'
import { labsDirectory } from './paths.js'
import { startTicks } from './processes.js'
import { type LabState, readState } from './state.js'
import { labNamespaces } from './teardown.js'

export interface LabSummary {
  name: string
  /** `broken`: stopped half way up or down; `lab down` clears it. */
  state: 'up' | 'building' | 'broken'
  /** Absent when the lab's record is gone. */
  record?: LabState
}

const summarize = async (name: string): Promise<LabSummary> => {
  const record = await readState(name).catch(() => undefined)
  if (record === undefined) return { name, state: 'broken' }
  if (record.state === 'up') return { name, state: 'up', record }
  const alive = (await startTicks(record.builder.pid)) === record.builder.startTicks
  return { name, state: alive ? 'building' : 'broken', record }
}

export const listLabs = async (): Promise<LabSummary[]> => {
  const recorded = (await unless(readdir(labsDirectory), 'ENOENT')) ?? []
  const namespaces = await labNamespaces()
  const orphans = namespaces.flatMap((namespace) => memberOfNamespace(namespace)?.lab ?? [])
  const names = [...new Set([...recorded, ...orphans])]
  return Promise.all(names.sort().map(summarize))
}
