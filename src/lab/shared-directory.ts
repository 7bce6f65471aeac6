/** Directories that labs share: the first makes them, the last removes them, and the two may happen at once. */
import { mkdir } from 'node:fs/promises'
import { hasErrorCode } from './failure.js'

const attemptsMax = 20

/** Makes the directory and does the work in it, again if another lab took the directory away in between. */
export const inSharedDirectory = async <T>(directory: string, work: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    await mkdir(directory, { recursive: true })
    try {
      return await work()
    } catch (error) {
      if (attempt === attemptsMax || !hasErrorCode(error, 'ENOENT')) throw error
    }
  }
}
