/** The vectors of `../shared/vectors/cni`, read when a test runs; empty lists where the folder is absent, and the tests are skipped. */
import { existsSync, readFileSync } from 'node:fs'

const folder = new URL('../../../../shared/vectors/cni/', import.meta.url)

export const vectorsThere = existsSync(folder)

/** A list that is empty would be no test: where there is nothing, `it.each` gets one entry that is skipped. */
export const vectors = <T>(name: string): readonly T[] =>
  vectorsThere ? JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) : []
