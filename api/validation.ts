/** zod where Fastify expects a validator: requests are checked by it, and what is wrong is said with the path of the field. */
import type { FastifySchemaCompiler } from 'fastify'
import type { z } from 'zod'
import { InvalidRequest, type ProblemIssue } from './problem.js'

/** Issues that one answer lists: a topology of 100,000 bad links is not answered with all of them. */
const issuesMax = 20

/** Where a field is, for parts of a request other than its body. */
const partNames: Readonly<Record<string, string>> = {
  querystring: 'query',
  params: 'path',
  headers: 'header',
}

/** Fastify's validator compiler for zod schemas. */
export const compileValidator: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart = 'body' }) => {
  const base = partNames[httpPart]
  const root: readonly PropertyKey[] = base === undefined ? [] : [base]
  return (data: unknown) => {
    // Fastify shows a body that is not there as null.
    const result = schema.safeParse(data ?? undefined, { error: wordsOf })
    if (result.success) return { value: result.data }
    return { error: new InvalidRequest(issuesOf(result.error.issues, root)) }
  }
}

/** `['links', 3, 'vni']` as `links[3].vni`. */
export const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    return text === '' ? String(step) : `${text}.${String(step)}`
  }, '')

/** zod's own words, but for what it says too technically. */
const wordsOf = (issue: z.core.$ZodRawIssue): string | undefined =>
  issue.code === 'invalid_type' && issue.input === undefined ? 'is missing' : undefined

/** Unknown fields come first: a misspelt name is why another one is missing. */
const issuesOf = (
  issues: readonly z.core.$ZodIssue[],
  root: readonly PropertyKey[],
): readonly [ProblemIssue, ...ProblemIssue[]] => {
  const unknown = issues.filter((issue) => issue.code === 'unrecognized_keys')
  const others = issues.filter((issue) => issue.code !== 'unrecognized_keys')
  const [first, ...rest] = [...unknown, ...others].flatMap((issue) => problemIssues(issue, root))
  return first === undefined
    ? [{ detail: 'the request is not valid' }]
    : [first, ...rest.slice(0, issuesMax - 1)]
}

const problemIssues = (issue: z.core.$ZodIssue, root: readonly PropertyKey[]): readonly ProblemIssue[] => {
  const path = [...root, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: pathText([...path, key]), detail: 'is not known here' }))
  }
  if (path.length === 0) return [{ detail: `the body: ${detailOf(issue)}` }]
  return [{ field: pathText(path), detail: detailOf(issue) }]
}

/** Of a union, what each alternative would have wanted. */
const detailOf = (issue: z.core.$ZodIssue): string => {
  if (issue.code !== 'invalid_union') return issue.message.replace(/^Invalid input: /, '')
  const wanted = issue.errors.flatMap((issues) => issues.slice(0, 1)).map(detailOf)
  return wanted.length === 0 ? issue.message : wanted.join('; ')
}
