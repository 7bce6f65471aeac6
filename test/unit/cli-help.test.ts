/** The help of every command, as users read it: golden files in test/golden/cli, one a command. */
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { createProgram } from '#cli/program.js'
import { heddle, ioOf } from './cli-support.js'

/** The lab's help belongs to the lab's tests; completion's `names` is for scripts. */
const elsewhere = ['lab', 'demo', 'names', 'help']

const pathsOf = (command: Command, above: readonly string[] = []): readonly (readonly string[])[] => [
  above,
  ...command.commands
    .filter((child) => !elsewhere.includes(child.name()))
    .flatMap((child) => pathsOf(child, [...above, child.name()])),
]

const { io } = ioOf()
const paths = pathsOf(createProgram(io)).map((path) => path.join(' '))

describe('help', () => {
  it.each(paths.filter((path) => path !== ''))('of heddle %s', async (path) => {
    const { code, out, err } = await heddle(`${path} --help`)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    await expect(out).toMatchFileSnapshot(`../golden/cli/${path.replaceAll(' ', '-')}.txt`)
  })

  it('of heddle itself names every command and exit code', async () => {
    const { code, out } = await heddle('--help')
    expect(code).toBe(0)
    for (const path of paths) expect(out).toMatch(new RegExp(`^ *${path.split(' ')[0]}`, 'm'))
    for (const code of ['0', '1', '2', '3', '4', '130'])
      expect(out).toMatch(new RegExp(`^ {2}${code} +[a-z]`, 'm'))
  })

  it('fits the terminal', async () => {
    for (const path of paths) {
      const { out } = await heddle(`${path} --help`)
      // Examples are not wrapped: they are copied.
      const [text = ''] = out.split('\nExamples:')
      for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100)
    }
  })

  it('has colours on a terminal alone', async () => {
    const esc = String.fromCharCode(27)
    expect((await heddle('links --help', { terminal: true })).out).toContain(esc)
    expect((await heddle('links --help', { terminal: true, env: { NO_COLOR: '1' } })).out).not.toContain(esc)
  })
})

describe('words that are no command', () => {
  it.each([
    ['', /^Usage: heddle /],
    ['links', /^Usage: heddle links /],
    ['lnks list', /^heddle: unknown command 'lnks'\n\(Did you mean links\?\)\n$/],
    ['links lst', /^heddle: unknown command 'lst'\n\(Did you mean list\?\)\n$/],
    ['links show', /^heddle: missing required argument 'link'\n$/],
  ])('%j end with 2 and say what would be one', async (words, message) => {
    const { code, out, err } = await heddle(words)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(message)
  })
})

describe('heddle --version', () => {
  it('is the version of the package', async () => {
    expect(await heddle('--version')).toEqual({ code: 0, out: '1.2.3\n', err: '' })
  })
})
