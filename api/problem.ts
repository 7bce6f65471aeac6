/**
 * Failures as REST tells them: problem documents (RFC 9457) whose code, status and title come from the model's table of
 * errors. Pure; `failures.ts` sends them.
 */
import { z } from 'zod'
import { type ErrorCode, errorCodes, FabricError } from '#model/error.js'

export const problemMediaType = 'application/problem+json'

const codes = z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]])

/** One thing that is wrong with a request. */
const problemIssue = z.object({
  field: z.string().optional(),
  detail: z.string(),
})
export type ProblemIssue = z.infer<typeof problemIssue>

/** Every failure is answered with one of these, as application/problem+json. */
export const problem = z
  .object({
    type: z.string().describe('`urn:heddle:problem:` and the code'),
    title: z.string().describe('The same words for every occurrence of the code'),
    status: z.int().describe('The HTTP status'),
    code: codes.describe('For programs: each is explained in docs/errors.md'),
    detail: z.string().describe('What happened this time, and what to do about it'),
    field: z
      .string()
      .optional()
      .describe(
        'The offending part of the request: `a.interface`, `links[3].vni`, `query.wait`, `path.name`',
      ),
    owner: z.string().optional().describe('The object that is in the way: `link blue`, `node n1`'),
    peer: z.string().optional().describe('What a switch or the database said, in its own words'),
    requestId: z.string().describe('As in the header X-Request-Id and in the log'),
    errors: z.array(problemIssue).optional().describe('Everything that is wrong with the request'),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof problem>

/** A request that does not fit its schema: the first issue is the error, all of them are listed. */
export class InvalidRequest extends FabricError {
  readonly issues: readonly ProblemIssue[]

  constructor(issues: readonly [ProblemIssue, ...ProblemIssue[]]) {
    const [{ field, detail }] = issues
    super(
      'invalid-request',
      field === undefined ? detail : `${field}: ${detail}`,
      field === undefined ? {} : { field },
    )
    this.name = 'InvalidRequest'
    this.issues = issues
  }
}

/** The document for an error. Of a defect of ours it says nothing but where to look. */
export const problemOf = (error: FabricError, requestId: string): Problem => {
  const [status, title] = errorCodes[error.code]
  const { field, owner, peer } = error.code === 'internal' ? {} : error.details
  return {
    type: `urn:heddle:problem:${error.code}`,
    title,
    status,
    code: error.code,
    detail: error.code === 'internal' ? `The log says more about request ${requestId}.` : error.message,
    ...(field === undefined ? {} : { field }),
    ...(owner === undefined ? {} : { owner }),
    ...(peer === undefined ? {} : { peer }),
    requestId,
    ...(error instanceof InvalidRequest ? { errors: [...error.issues] } : {}),
  }
}
