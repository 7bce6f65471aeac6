/** The manual of the plugin, and the files for clusters, say what the code says. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { fieldNames, readConfiguration, readNodeSettings } from '#cni/configuration.js'
import { cniErrorCodes } from '#cni/error.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const textOf = (path: string): string => readFileSync(`${root}${path}`, 'utf8')
const manual = textOf('docs/cni.md')

describe('docs/cni.md', () => {
  it.each(fieldNames)('has a line for %s', (name) => {
    expect(manual).toMatch(new RegExp(`^\\| (\`\\w+\`, )?\`${name}\``, 'm'))
  })

  it.each(Object.values(cniErrorCodes).map(([number]) => number))('has a line for error %d', (number) => {
    expect(manual).toContain(`\n| ${number} | `)
  })

  it('has examples that are configurations', () => {
    const examples = [...manual.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json = '']) => JSON.parse(json))
    expect(examples.length).toBeGreaterThan(1)
    for (const { plugins, ...rest } of examples)
      expect(() => readConfiguration({ ...rest, ...plugins?.[0] })).not.toThrow()
  })
})

describe('the files for clusters', () => {
  const manifests = parseAllDocuments(textOf('deploy/kubernetes/heddle-cni.yaml'))
  const documents: readonly { kind: string; data?: Readonly<Record<string, string>> }[] = manifests.map(
    (each) => each.toJSON(),
  )
  const files = documents.find(({ kind }) => kind === 'ConfigMap')?.data ?? {}

  it('are YAML', () => {
    expect(manifests.flatMap(({ errors }) => errors)).toEqual([])
    expect(documents.map(({ kind }) => kind)).toEqual(['Namespace', 'Secret', 'ConfigMap', 'DaemonSet'])
  })

  it('hold settings and configurations that the plugin reads', () => {
    expect(readNodeSettings(JSON.parse(files['cni.json'] ?? ''), 'cni.json')).toMatchObject({
      controller: expect.stringMatching(/^http/),
    })
  })

  it.each([
    ['the ConfigMap', files['10-heddle.conflist'] ?? ''],
    ['deploy/heddle.conflist', textOf('deploy/heddle.conflist')],
  ])('has a list in %s whose first plugin is ours', (_where, text) => {
    const { plugins, ...rest } = JSON.parse(text)
    expect(readConfiguration({ ...rest, ...plugins[0] })).toMatchObject({
      type: 'heddle-cni',
      nodeEndpoint: true,
    })
  })

  it('put everything in its place, executable and secret as they have to be', () => {
    const directory = mkdtempSync(join(tmpdir(), 'heddle-install-'))
    try {
      const script = textOf('deploy/kubernetes/install.sh')
        .replace(/ \/(heddle-cni|settings|secret|host)/g, ` ${directory}/$1`)
        .replace('sleep 30 &', 'exit 0')
      for (const folder of [
        'settings',
        'secret',
        'host/opt/cni/bin',
        'host/etc/heddle',
        'host/etc/cni/net.d',
      ])
        mkdirSync(join(directory, folder), { recursive: true })
      for (const file of ['heddle-cni', 'settings/cni.json', 'settings/10-heddle.conflist', 'secret/token'])
        writeFileSync(join(directory, file), file)
      execFileSync('sh', ['-c', script])
      const modeOf = (file: string): string =>
        (statSync(join(directory, 'host', file)).mode & 0o777).toString(8)
      expect(modeOf('opt/cni/bin/heddle-cni')).toBe('755')
      expect(modeOf('etc/heddle/cni-token')).toBe('600')
      expect(readFileSync(join(directory, 'host/etc/cni/net.d/10-heddle.conflist'), 'utf8')).toBe(
        'settings/10-heddle.conflist',
      )
      expect(execFileSync('sh', ['-c', script]).toString()).toBe('')
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})
