/** Reading the errors of Node.js. */

/** Whether an error carries one of these codes of the operating system, such as `ENOENT`. */
export const hasErrorCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && codes.some((code) => code === error.code)

/** Awaits, and takes a failure with one of these codes for an answer of `undefined`. */
export const unless = async <T>(work: Promise<T>, ...codes: readonly string[]): Promise<T | undefined> => {
  try {
    return await work
  } catch (error) {
    if (hasErrorCode(error, ...codes)) return undefined
    throw error
  }
}
