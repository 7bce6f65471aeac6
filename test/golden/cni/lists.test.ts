/**
 * How runtimes find and read network configurations, from the tests of CNI's `libcni`: `../shared/vectors/cni/config-load.json`; and the
 * requests that the specification's examples make of a list. It is the runtime of our tests that is judged. Skipped where the folder is absent.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { addList, findList, findPlugin, parseList } from '../../fake/cni-runtime.js'
import { vectors, vectorsThere } from './vectors.js'

interface Vector {
  readonly name: string
  readonly load: 'conf' | 'conflist' | 'bytes'
  readonly network?: string
  readonly text?: string
  readonly files?: Readonly<Record<string, string | null>> | null
  readonly expect?: Readonly<Record<string, unknown>>
  readonly error?: string
}

const write = (directory: string, files: NonNullable<Vector['files']>): void => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(text === null ? join(directory, name) : dirname(join(directory, name)), { recursive: true })
    if (text !== null) writeFileSync(join(directory, name), text)
  }
}

const load = ({ load: how, network = '', text = '', files }: Vector, directory: string) => {
  if (how === 'bytes') return parseList(text)
  const folder = files == null ? join(directory, 'nowhere') : directory
  if (files != null) write(directory, files)
  return how === 'conf' ? findPlugin(folder, network) : findList(folder, network)
}

/** What a vector says of the plugins: how many, or their types. */
const summaryOf = (found: ReturnType<typeof load>, wanted: Readonly<Record<string, unknown>>) => {
  const plugins = Array.isArray(found.plugins) ? found.plugins : []
  return {
    ...found,
    ...('plugins' in wanted ? { plugins: plugins.length } : {}),
    pluginTypes: plugins.map(({ type }) => type),
  }
}

describe.skipIf(!vectorsThere)('configurations as libcni loads them', () => {
  it.each(vectors<Vector>('config-load'))('$name', (vector) => {
    const directory = mkdtempSync(join(tmpdir(), 'heddle-net-'))
    try {
      if (vector.error !== undefined)
        expect(() => load(vector, directory)).toThrow(vector.error === '' ? undefined : vector.error)
      else expect(summaryOf(load(vector, directory), vector.expect ?? {})).toMatchObject(vector.expect ?? {})
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})

interface Example {
  readonly specVersion: string
  readonly role?: string
  readonly section: string
  readonly json?: Readonly<Record<string, unknown>>
}

describe.skipIf(!vectorsThere)('a list of the specification', () => {
  const examples = vectors<Example>('spec-examples').filter(({ specVersion }) => specVersion === '1.1.0')
  const json = (role: string, section: string) =>
    examples.filter((each) => each.role === role && each.section === section).map((each) => each.json ?? {})

  /** The examples leave routes out of what is handed on. */
  const withoutRoutes = (request: unknown): unknown =>
    JSON.parse(JSON.stringify(request, (key, value) => (key === 'routes' ? undefined : value)))

  it('is called as its example says', async () => {
    const [list] = json('network-config-list', 'Example configuration')
    const wanted = [...json('plugin-config', 'Add example'), ...json('plugin-request', 'Add example')]
    const results = json('result', 'Add example')
    const asked: unknown[] = []
    const capabilities = {
      mac: '00:11:22:33:44:66',
      portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }],
    }
    await addList(
      parseList(JSON.stringify(list)),
      async (_command, { capabilities: _, ...request }) => {
        asked.push(request)
        return results[Math.min(asked.length, results.length) - 1]
      },
      capabilities,
    )
    expect(withoutRoutes(asked)).toEqual(withoutRoutes(wanted))
  })
})
