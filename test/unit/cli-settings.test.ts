/** `heddle config` and the flags of `heddle controller`. */
import { describe, expect, it } from 'vitest'
import { type Config, loadConfig, settings } from '#config'
import { heddle } from './cli-support.js'

describe('heddle config', () => {
  it('prints YAML that means what is in force', async () => {
    const { code, out } = await heddle('config --bridge br-x', { env: { HEDDLE_VNI_MIN: '7' } })
    expect(code).toBe(0)
    const { config } = loadConfig({ flags: { bridge: 'br-x', 'vni.min': '7' } })
    expect(loadConfig({ file: { path: 'x', text: out } }).config).toEqual(config)
    expect(config).toMatchObject({ bridge: 'br-x', vni: { min: 7 } })
  })

  it('shows every setting with its source', async () => {
    const file = '/etc/heddle.yaml'
    const { out } = await heddle(['config', '--config', file, '--log-level=warn'], {
      env: { HEDDLE_UNDERLAY_MTU: '9000', HEDDLE_TYPO: '1' },
      files: {
        [file]:
          'listen:\n  ovsdb: [ptcp:6640, "pssl:6641:[::1]"]\ntls: { privateKey: /k, certificate: /c, ca: /a }\n',
      },
    })
    for (const { path } of settings) expect(out).toMatch(new RegExp(`^ *(# )?${path.at(-1)}: `, 'm'))
    expect(out).toContain(`  ovsdb: [ ptcp:6640, "pssl:6641:[::1]" ] # ${file}:2\n`)
    expect(out).toContain('underlayMtu: 9000 # HEDDLE_UNDERLAY_MTU\n')
    expect(out).toContain('  level: warn # flag --log-level\n')
    expect(out).toContain('  # controllerTarget: not set\n')
    expect(out).toContain('# HEDDLE_TYPO is set and is no setting\n')
  })

  it('prints sites with the files of their secrets, and reads none of these', async () => {
    const text = `mapping:
  sites:
    - { name: paris, prefixes: [{ iid: 7, eid: 10.1.0.0/16 }], keys: [{ keyId: 1, secretFile: /k }] }
`
    const { out } = await heddle('config --config /c', { files: { '/c': text, '/k': 'a secret' } })
    expect(out).toContain('secretFile: /k')
    expect(out).not.toContain('a secret')
    const read = (one: string) => loadConfig({ file: { path: 'x', text: one } }).config.mapping
    expect(read(out)).toEqual(read(text))
  })

  it('prints JSON for programs', async () => {
    const { out } = await heddle('config -o json')
    expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(loadConfig().config)))
  })

  it('takes the file from the environment, and the flag before it', async () => {
    const files = { '/a': 'bridge: br-a', '/b': 'bridge: br-b' }
    const env = { HEDDLE_CONFIG: '/a' }
    expect((await heddle('config', { env, files })).out).toContain('bridge: br-a # /a:1')
    expect((await heddle('config --config /b', { env, files })).out).toContain('bridge: br-b # /b:1')
  })
})

describe('settings that are not valid', () => {
  it('are told all at once, with their places, and exit code 2', async () => {
    const { code, err, out } = await heddle('config --config /c --underlay-mtu huge', {
      files: { '/c': 'bridgee: x\nvni:\n  min: 0\n' },
    })
    expect(out).toBe('')
    expect(code).toBe(2)
    expect(err).toMatch(/^heddle: the settings are not valid\n/)
    expect(err).toMatch(/^ {2}\/c:1: bridgee: no such setting; known here: listen, /m)
    expect(err).toMatch(/^ {2}\/c:3: vni\.min: /m)
    expect(err).toMatch(/^ {2}flag --underlay-mtu: underlayMtu: /m)
  })

  it.each([
    ['config --config /none', /^heddle: the settings cannot be read: ENOENT.*'\/none'\n$/],
    [
      'config --log-level loud',
      /^heddle: option '--log-level <value>' argument 'loud' is invalid\. Allowed choices are trace, /,
    ],
    ['config --brigde x', /^heddle: unknown option '--brigde'\n\(Did you mean --bridge\?\)\n$/],
    ['config extra', /^heddle: too many arguments/],
  ])('%s', async (words, message) => {
    const { code, err } = await heddle(words)
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(message) })
  })
})

describe('heddle controller', () => {
  it('runs with the settings', async () => {
    const ran: Config[] = []
    const { code } = await heddle('controller --northbound unix:/run/nb.sock --listen-rest [::1]:0', {
      runController: async (config) => {
        ran.push(config)
      },
    })
    expect(code).toBe(0)
    expect(ran[0]?.northbound.target).toBe('unix:/run/nb.sock')
    expect(ran[0]?.listen.rest).toBe('[::1]:0')
  })

  it('tells why it could not start, without a stack trace', async () => {
    const failure = Object.assign(new Error('ptcp:6640: address already in use'), { code: 'listen-failed' })
    const { code, err } = await heddle('controller', { runController: () => Promise.reject(failure) })
    expect(code).toBe(1)
    expect(err).toBe('heddle: ptcp:6640: address already in use\n')
  })
})
