/** What the controller refused, as users read it: its words, the part of the request, the object in the way, the way out. */
import type { ApiError, ApiErrorCode, Problem } from '#api/client.js'
import { CliError } from './exit.js'

/** The way out, where a command line can say it. */
const ways: Partial<Record<ApiErrorCode, (problem: Problem) => string | undefined>> = {
  unauthorized: () => 'name the file of your token with --token-file or HEDDLE_TOKEN_FILE',
  'name-taken': ({ owner }) => lookAt(owner),
  'vni-taken': ({ owner }) => lookAt(owner) ?? 'leave --vni out to get a free one',
  'vni-quarantined': () => 'leave --vni out to get a free one',
  'interface-taken': ({ owner }) => lookAt(owner),
  'node-in-use': ({ owner }) =>
    owner?.startsWith('endpoint ') === true
      ? 'remove its endpoints first: heddle endpoints list --node NODE'
      : 'remove its links first: heddle links list --node NODE',
  'network-in-use': ({ owner }) => lookAt(owner),
  'network-unknown': () => 'make it first: heddle networks add NETWORK --subnet PREFIX',
  'address-taken': ({ owner }) => lookAt(owner) ?? 'leave --address out to get a free one',
  'address-quarantined': () => 'leave --address out to get a free one',
  'mac-taken': ({ owner }) => lookAt(owner),
  'subnet-exhausted': ({ owner }) => lookAt(owner),
  'topology-owns-link': ({ owner }) => lookAt(owner) ?? 'change the file of the topology and apply it again',
  'eid-taken': ({ owner }) => lookAt(owner),
  'managed-elsewhere': ({ owner }) => lookAt(owner),
  'no-mapping-system': () => 'give the controller addresses to listen on: lisp.listen in its configuration',
  conflict: () => 'look at the object again, then repeat the change',
  'outcome-unknown': () => 'look whether the object is there before you repeat the change',
  'not-leader': () => 'ask the controller that holds the lock: --server URL',
  internal: () => 'the log of the controller says more',
}

/** `link blue` as the command that shows it. */
const lookAt = (owner: string | undefined): string | undefined => {
  const [, kind, name] = /^(link|node|site|topology|network|endpoint) (\S+)$/.exec(owner ?? '') ?? []
  const group = kind === 'topology' ? 'topologies' : `${kind}s`
  return kind === undefined ? undefined : `look at it: heddle ${group} show ${name}`
}

export const describeApiError = (error: ApiError): CliError => {
  if (error.code === 'unreachable') {
    const notes = ['start one with: heddle controller', 'or name another with --server URL or HEDDLE_SERVER']
    return new CliError('unreachable', error.message, notes, error)
  }
  const { problem } = error
  const notes =
    problem === undefined ? ['is this the REST address of a Heddle controller?'] : notesOf(problem)
  return new CliError('failed', error.message, notes, error)
}

const notesOf = (problem: Problem): readonly string[] => {
  const { field, owner, peer, requestId, status, errors = [], code } = problem
  const many = errors.length > 1
  const way = ways[code]?.(problem)
  return [
    ...(field !== undefined && !many ? [`field: ${field}`] : []),
    ...(many ? errors.map((one) => `${one.field ?? 'request'}: ${one.detail}`) : []),
    ...(owner === undefined ? [] : [`owner: ${owner}`]),
    ...(peer === undefined ? [] : [`it said: ${peer}`]),
    ...(status >= 500 ? [`request: ${requestId}`] : []),
    ...(way === undefined ? [] : [way]),
  ]
}
