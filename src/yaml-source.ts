/** YAML that people wrote, with the lines of its keys, so that whatever is wrong with a value can be said with its place. */
import { LineCounter, parseDocument } from 'yaml'

export interface YamlSource {
  /** Plain values: maps, lists, text, numbers, booleans, null. */
  readonly value: unknown
  /** `PATH:LINE` of a value; of what would hold it where it is missing. */
  where(keys: readonly PropertyKey[]): string
}

/** The text is no YAML. Each problem begins with `PATH:LINE`. */
export class YamlError extends Error {
  readonly code = 'malformed-yaml'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'YamlError'
    this.problems = problems
  }
}

/** Reads one document. Throws `YamlError`. `path` is where the text comes from, for messages. */
export const readYaml = (path: string, text: string): YamlSource => {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number): string => `${path}:${lines.linePos(offset).line}`
  if (document.errors.length > 0) {
    throw new YamlError(document.errors.map((error) => `${at(error.pos[0])}: ${error.message}`))
  }
  const where = (keys: readonly PropertyKey[]): string => {
    const node: unknown = document.getIn(keys, true)
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined
    if (Array.isArray(range) && typeof range[0] === 'number') return at(range[0])
    return keys.length === 0 ? path : where(keys.slice(0, -1))
  }
  try {
    return { value: document.toJS(), where }
  } catch (error) {
    // Only now does yaml follow aliases, and refuses those that would multiply without end.
    throw new YamlError([`${path}: ${error instanceof Error ? error.message : String(error)}`])
  }
}
