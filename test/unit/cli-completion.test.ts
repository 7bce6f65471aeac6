/** The completion scripts: right for their shell, and for bash also in what they offer. */
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { heddle } from './cli-support.js'

const script = async (shell: string): Promise<string> => (await heddle(['completion', shell])).out

/** What bash offers for the last of these words. */
const offered = async (...words: readonly string[]): Promise<readonly string[]> => {
  const array = words.map((word) => `'${word}'`).join(' ')
  const ask = `heddle() { [[ $* == 'completion names links' ]] && echo blue red; }
COMP_WORDS=(heddle ${array}); COMP_CWORD=${words.length}; _heddle; printf '%s\\n' "\${COMPREPLY[@]}"`
  const out = execFileSync('bash', ['-c', `${await script('bash')}\n${ask}`], { encoding: 'utf8' })
  return out.split('\n').filter(Boolean)
}

describe('bash', () => {
  it('accepts the script', async () => {
    execFileSync('bash', ['-n'], { input: await script('bash') })
  })

  it('offers commands', async () => {
    expect(await offered('con')).toEqual(['controller', 'config'])
  })

  it('offers the words of an argument', async () => {
    expect(await offered('completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']))
  })

  it('offers options, and the words of their values', async () => {
    expect(await offered('config', '--log-')).toEqual(['--log-level', '--log-pretty'])
    expect(await offered('config', '-o', '')).toEqual(['table', 'json', 'yaml'])
    expect(await offered('config', '-o', 'json', '--log-l')).toEqual(['--log-level'])
  })

  it('offers the names that the controller knows', async () => {
    expect(await offered('links', 'show', 'b')).toEqual(['blue'])
    expect(await offered('links', 'remove', 'blue', '')).toEqual(['blue', 'red'])
    expect(await offered('links', 'add', '')).toEqual([])
    expect(await offered('config', '')).toEqual([])
  })

  it('offers files where a file is wanted', async () => {
    expect(await offered('config', '--config', 'packag')).toContain('package.json')
  })
})

describe('the others', () => {
  it.each(['zsh', 'fish'])('%s: every command and option is there', async (shell) => {
    const text = await script(shell)
    for (const word of ['controller', 'log-level', 'completion', 'quarantine']) expect(text).toContain(word)
  })

  it('are as many as the help says', async () => {
    const { code, err } = await heddle('completion tcsh')
    expect(code).toBe(2)
    expect(err).toContain('Allowed choices are bash, zsh, fish.')
  })
})
