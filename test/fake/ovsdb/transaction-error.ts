/** What makes a fake server fail an operation, in the form in which a real one says it: RFC 7047, section 3.1 (`<error>`). */
import { OvsdbError } from '#ovsdb/errors.js'

export class TransactionError extends Error {
  readonly error: string
  readonly details: string

  constructor(error: string, details: string) {
    super(`${error}: ${details}`)
    this.error = error
    this.details = details
  }
}

/** A value that does not fit is the client's syntax error when it is read, and a constraint violation when it is the result of something. */
export const translate = <T>(error: 'syntax error' | 'constraint violation', step: () => T): T => {
  try {
    return step()
  } catch (thrown) {
    if (thrown instanceof OvsdbError) throw new TransactionError(error, thrown.message)
    throw thrown
  }
}
