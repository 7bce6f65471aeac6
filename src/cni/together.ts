/**
 * Waits for every part, also after one has failed: what is taken back afterwards is then not made behind our back. The first
 * failure in the order of the parts is thrown.
 */
export const together = async <T extends readonly unknown[] | []>(
  parts: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> => {
  await Promise.allSettled(parts)
  return Promise.all(parts)
}
