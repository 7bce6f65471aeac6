/** The example of openflow/README.md is run as it stands, with another target, and must print what the README says. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createLab } from '#lab/create-lab.js'
import { destroyLab } from '#lab/teardown.js'
import { addBridge, bridge, controllerSocket } from './support/openflow-switch.js'

const readme = readFileSync(new URL('../../openflow/README.md', import.meta.url), 'utf8')

const block = (language: string): string => {
  const [, text] = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(readme) ?? []
  if (text === undefined) throw new Error(`the README has no ${language} block`)
  return text
}

it('the example of the README', async () => {
  await destroyLab('ofreadme')
  const lab = await createLab({ name: 'ofreadme', nodes: 1, datapath: 'netdev' })
  onTestFinished(async () => {
    await destroyLab('ofreadme')
  })
  const node = lab.node('n1')
  await addBridge(node)

  const example = block('ts')
  const target = 'ptcp:6653:127.0.0.1'
  expect(example).toContain(target)
  // Beside the sources, so that imports resolve; the folder of built files is not kept.
  const folder = fileURLToPath(new URL('../../dist/readme-openflow/', import.meta.url))
  mkdirSync(folder, { recursive: true })
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = `${folder}openflow-${process.pid}.ts`
  writeFileSync(file, example.replace(target, `punix:${controllerSocket(node)}`))
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
  const running = import(/* @vite-ignore */ file)
  await node.vsctl('set-controller', bridge, `unix:${controllerSocket(node)}`)
  await running
  expect(`${printed.join('\n')}\n`).toBe(block('text'))
})
