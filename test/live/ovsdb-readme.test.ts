/** The example of ovsdb/README.md is run as it stands, with another target, and must print what the README says. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished, vi } from 'vitest'
import { insert } from '#ovsdb/operations.js'
import { openVswitch } from '#ovsdb/schemas/open-vswitch.js'
import { openClient } from './support/ovsdb-client.js'
import { OvsdbServer } from './support/ovsdb-server.js'

const readme = readFileSync(new URL('../../ovsdb/README.md', import.meta.url), 'utf8')

const block = (language: string): string => {
  const [, text] = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(readme) ?? []
  if (text === undefined) throw new Error(`the README has no ${language} block`)
  return text
}

it('the example of the README', async () => {
  const server = await OvsdbServer.start()
  onTestFinished(() => server.remove())
  const client = await openClient(server.target, [])
  await client.transact([insert(openVswitch, {})])

  const example = block('ts')
  const target = 'unix:/var/run/openvswitch/db.sock'
  expect(example).toContain(target)
  // Beside the sources, so that imports resolve; the folder of built files is not kept.
  const folder = fileURLToPath(new URL('../../dist/readme/', import.meta.url))
  mkdirSync(folder, { recursive: true })
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = `${folder}ovsdb-${process.pid}.ts`
  writeFileSync(file, example.replace(target, server.target))
  writeFileSync(
    `${folder}tsconfig.json`,
    JSON.stringify({ extends: '../../tsconfig.json', files: [file], include: [] }),
  )
  execFileSync('npx', ['tsc', '--noEmit', '-p', folder], { stdio: 'pipe' })

  const printed: string[] = []
  const log = vi
    .spyOn(console, 'log')
    .mockImplementation((...words: unknown[]) => void printed.push(words.join(' ')))
  onTestFinished(() => log.mockRestore())
  await import(/* @vite-ignore */ file)
  expect(`${printed.join('\n')}\n`).toBe(block('text'))
})
