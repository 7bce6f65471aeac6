/**
 * `ip` commands in one process a namespace.
 *
 * The lines go through a file in the lab's directory, not through a pipe: the process then shows whose it is in its command
 * line, and a teardown finds it even if the one that started it was killed.
 */
import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runMany, tryRun } from './command.js'
import { LabError } from './errors.js'

/** Several `ip` commands in one process. */
export interface IpBatch {
  /** The namespace they act in; the root namespace without it. */
  namespace?: string
  /** Each an `ip` command without the `ip`. */
  lines: readonly string[]
  /** Go on after a line that fails, and do not report it. */
  force?: boolean
}

/** A batch that is written down. */
interface Prepared {
  file: string
  /** Of the `ip` that runs it. */
  args: string[]
  batch: IpBatch
}

const prepare = async (directory: string, batch: IpBatch): Promise<Prepared> => {
  const file = join(directory, `ip-${randomUUID()}.batch`)
  await writeFile(file, `${batch.lines.join('\n')}\n`)
  const where = batch.namespace === undefined ? [] : ['-netns', batch.namespace]
  return { file, args: [...(batch.force ? ['-force'] : []), ...where, '-batch', file], batch }
}

/** `ip` says `Command failed FILE:LINE`: puts the line itself there. */
const withLine = (words: string, prepared: readonly Prepared[]): string =>
  words.replaceAll(/Command failed (\S+):(\d+)/g, (said, file, number) => {
    const batch = prepared.find((each) => each.file === file)?.batch
    const line = batch?.lines[Number(number) - 1]
    if (line === undefined) return said
    return `(ip ${batch?.namespace === undefined ? '' : `-netns ${batch.namespace} `}${line})`
  })

/** Runs a batch. @throws LabError `command-failed` */
export const runIp = async (directory: string, batch: IpBatch): Promise<void> => {
  if (batch.lines.length === 0) return
  const prepared = await prepare(directory, batch)
  const { code, stderr } = await tryRun('ip', prepared.args).finally(() => rm(prepared.file, { force: true }))
  if (code === 0 || batch.force) return
  throw new LabError('command-failed', withLine(stderr.trim(), [prepared]))
}

/** Runs many batches, each in a namespace of its own, in one go. @throws LabError `command-failed` */
export const runIpBatches = async (directory: string, batches: readonly IpBatch[]): Promise<void> => {
  const prepared = await Promise.all(batches.map((batch) => prepare(directory, batch)))
  try {
    await runMany(
      'ip',
      prepared.map(({ args }) => args),
    )
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    throw new LabError(error.code, withLine(error.message, prepared), { cause: error })
  } finally {
    await Promise.all(prepared.map(({ file }) => rm(file, { force: true })))
  }
}
