/**
 * The shared vectors, read where they are: `../shared/vectors` beside the repository. They come from other projects and are not
 * copied into this one; where the folder is absent the tests that need it say so and are skipped.
 */
import { existsSync, readFileSync } from 'node:fs'

const folder = new URL('../../../../shared/vectors/', import.meta.url)

export const vectorsAreThere = existsSync(folder)

/** The array in a file of vectors; empty where the folder is absent. */
export const readVectors = <V>(path: string): readonly V[] =>
  vectorsAreThere ? JSON.parse(readFileSync(new URL(path, folder), 'utf8')) : []

export const title = (what: string): string =>
  vectorsAreThere ? what : `${what} (skipped: there is no ../shared/vectors)`
