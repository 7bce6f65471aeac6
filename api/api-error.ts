/** What goes wrong for a client of REST: the controller's problem document, or that there was none. */
import type { ErrorCode } from '#model/error.js'
import type { Problem } from './problem.js'

/** The controller's codes, and two for when it did not say anything that can be understood. */
export type ApiErrorCode =
  | ErrorCode
  /** Nobody answers at the address, or the connection broke. */
  | 'unreachable'
  /** The answer is no problem document: is this a Heddle controller? */
  | 'unexpected-answer'

export class ApiError extends Error {
  readonly code: ApiErrorCode
  /** HTTP status; 0 when there was no answer. */
  readonly status: number
  /** The problem document as it came; absent when the answer was none. */
  readonly problem: Problem | undefined

  constructor(
    code: ApiErrorCode,
    message: string,
    rest: { status?: number; problem?: Problem; cause?: unknown } = {},
  ) {
    super(message, rest.cause === undefined ? undefined : { cause: rest.cause })
    this.name = 'ApiError'
    this.code = code
    this.status = rest.status ?? 0
    this.problem = rest.problem
  }

  /** The offending part of the request. */
  get field(): string | undefined {
    return this.problem?.field
  }

  /** The object that is in the way: `link blue`. */
  get owner(): string | undefined {
    return this.problem?.owner
  }

  get requestId(): string | undefined {
    return this.problem?.requestId
  }
}

/** Characters of an answer that is no problem document which the error quotes. */
const quotedMax = 200

/** The error of an answer that is no success. */
export const errorOfAnswer = (status: number, body: string): ApiError => {
  const problem = parseProblem(body)
  return problem === undefined
    ? new ApiError('unexpected-answer', `status ${status}: ${body.slice(0, quotedMax)}`, { status })
    : new ApiError(problem.code, problem.detail, { status, problem })
}

/** The error of a connection that failed, or broke off. */
export const errorOfConnection = (origin: string, error: unknown): ApiError => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const reason = cause instanceof Error ? cause.message || String(Reflect.get(cause, 'code')) : String(cause)
  return new ApiError('unreachable', `${origin} does not answer: ${reason}`, { cause: error })
}

const parseProblem = (body: string): Problem | undefined => {
  try {
    const value: unknown = JSON.parse(body)
    return isProblem(value) ? value : undefined
  } catch {
    return undefined
  }
}

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' &&
  value !== null &&
  'code' in value &&
  typeof value.code === 'string' &&
  'detail' in value &&
  typeof value.detail === 'string'
