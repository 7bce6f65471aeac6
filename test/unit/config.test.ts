/** The settings: names derived from the schema, precedence, and errors that say where. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ConfigError, type ConfigInput, loadConfig, settings } from '#config'
import { gpeSettings } from '#switch/settings.js'

const path = '/etc/heddle/heddle.yaml'
const fromFile = (text: string, more: ConfigInput = {}) => loadConfig({ ...more, file: { path, text } })

const problemsOf = (input: ConfigInput): readonly string[] => {
  try {
    loadConfig(input)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}
const problemsIn = (text: string): readonly string[] => problemsOf({ file: { path, text } })

describe('defaults', () => {
  it('listen on loopback alone and ask for no file', () => {
    const { config, sources } = loadConfig()
    expect(config.listen).toEqual({
      rest: '127.0.0.1:8080',
      ovsdb: ['ptcp:6640:127.0.0.1'],
      openflow: ['ptcp:6653:127.0.0.1'],
    })
    expect(config.northbound).toEqual({ file: '/var/lib/heddle/northbound.db' })
    expect(config.vni).toEqual({ min: 4096, max: 16_777_215, quarantineSeconds: 300 })
    expect(new Set(sources.values())).toEqual(new Set(['default']))
  })

  it('of one load are not changed by another', () => {
    loadConfig({ flags: { bridge: 'br-x' } })
    expect(loadConfig().config.bridge).toBe('br-int')
  })

  it('follow the settings that they depend on', () => {
    const { config } = loadConfig({ flags: { dataDirectory: '/srv/heddle/' } })
    expect(config.northbound.file).toBe('/srv/heddle/northbound.db')
  })
})

describe('names', () => {
  it.each([
    ['listen.rest', 'HEDDLE_LISTEN_REST', 'listen-rest'],
    ['tls.privateKey', 'HEDDLE_TLS_PRIVATE_KEY', 'tls-private-key'],
    ['vni.quarantineSeconds', 'HEDDLE_VNI_QUARANTINE_SECONDS', 'vni-quarantine-seconds'],
    ['northbound.target', 'HEDDLE_NORTHBOUND_TARGET', 'northbound'],
  ])('of %s derive from its path', (key, variable, flag) => {
    expect(settings.find((setting) => setting.key === key)).toMatchObject({ variable, flag })
  })

  it('are unique', () => {
    for (const of of ['key', 'variable', 'flag'] as const) {
      expect(new Set(settings.map((setting) => setting[of])).size).toBe(settings.length)
    }
  })
})

describe('precedence', () => {
  const text = 'bridge: br-file\nunderlayMtu: 1400\nvni:\n  min: 10\nlog: { level: debug }\n'
  const env = { HEDDLE_BRIDGE: 'br-env', HEDDLE_UNDERLAY_MTU: '9000', HEDDLE_LOG_LEVEL: '' }
  const { config, sources } = fromFile(text, { env, flags: { bridge: 'br-flag' } })

  it.each([
    ['bridge', config.bridge, 'br-flag', 'flag --bridge'],
    ['underlayMtu', config.underlayMtu, 9000, 'HEDDLE_UNDERLAY_MTU'],
    ['vni.min', config.vni.min, 10, `${path}:4`],
    ['log.level', config.log.level, 'debug', `${path}:5`],
    ['vni.max', config.vni.max, 16_777_215, 'default'],
  ])('%s', (key, value, expected, source) => {
    expect(value).toBe(expected)
    expect(sources.get(key)).toBe(source)
  })
})

describe('listen targets', () => {
  it.each([
    ['one in a file', fromFile('listen: { ovsdb: "ptcp:6640" }'), ['ptcp:6640']],
    ['a list in a file', fromFile('listen: { ovsdb: ["ptcp:1", "punix:/x"] }'), ['ptcp:1', 'punix:/x']],
    [
      'commas in a flag',
      loadConfig({ flags: { 'listen.ovsdb': 'ptcp:1, ptcp:2:[::1]' } }),
      ['ptcp:1', 'ptcp:2:[::1]'],
    ],
  ])('%s', (_name, { config }, expected) => {
    expect(config.listen.ovsdb).toEqual(expected)
  })

  it.each(['127.0.0.1:0', '[::1]:8080', 'localhost:80'])('REST accepts %s', (rest) => {
    expect(loadConfig({ flags: { 'listen.rest': rest } }).config.listen.rest).toBe(rest)
  })

  it.each(['8080', '::1:8080', '127.0.0.1', '127.0.0.1:65536', '300.0.0.1:80', '[zz]:80', ''])(
    'REST refuses %j',
    (rest) => {
      expect(problemsOf({ flags: { 'listen.rest': rest } })).toEqual([
        'flag --listen-rest: listen.rest: expected HOST:PORT, an IPv6 address in brackets',
      ])
    },
  )
})

describe('a file', () => {
  it.each(['', '# nothing\n', 'tls:\n  # ca: x\nauth:\n  tokenFile:\n', '---\n'])(
    '%j means defaults',
    (text) => {
      expect(fromFile(text).config).toEqual(loadConfig().config)
    },
  )

  it('with unknown keys is refused with their lines', () => {
    const problems = problemsIn('bridge: b\nvni:\n  minimum: 3\nportt: 1\n__proto__: { bridge: x }\n')
    expect(problems).toEqual([
      `${path}:3: vni.minimum: no such setting; known here: min, max, quarantineSeconds`,
      expect.stringMatching(/heddle\.yaml:4: portt: no such setting; known here: listen, tls, openflow, /),
      expect.stringMatching(/heddle\.yaml:5: __proto__: no such setting/),
    ])
  })

  it.each([
    ['[1, 2]', [`${path}: expected settings, "key: value" lines`]],
    ['vni: 5', [expect.stringMatching(/yaml:1: vni: .*object/)]],
    ['vni:\n  min: x', [expect.stringMatching(/yaml:2: vni\.min: .*number/)]],
    [
      'listen:\n  ovsdb: tcp:1.2.3.4:6640',
      [expect.stringMatching(/yaml:2: listen\.ovsdb\.0: expected ptcp:/)],
    ],
    ['a: 1\na: 2', [expect.stringMatching(/yaml:2: Map keys must be unique/)]],
    ['a: &a [x]\nb: &b [*a, *a]\nc: *z', [expect.stringMatching(/heddle\.yaml/)]],
    ['vni: [', [expect.stringMatching(/yaml:1: /)]],
  ])('%j is refused', (text, expected) => {
    expect(problemsIn(text)).toEqual(expected)
  })
})

describe('the mapping system', () => {
  const site = `mapping:
  sites:
    - name: paris
      prefixes: [{ iid: 100, eid: 10.1.0.0/16 }]
      keys: [{ keyId: 1, secretFile: /keys/paris }]
`

  it('listens on loopback, unless told elsewhere or nowhere', () => {
    const listen = (value: string) => loadConfig({ flags: { 'lisp.listen': value } }).config.lisp.listen
    expect(loadConfig().config.lisp.listen).toEqual(['127.0.0.1:4342'])
    expect(listen('none')).toEqual([])
    expect(fromFile('lisp: { listen: [] }').config.lisp.listen).toEqual([])
    expect(listen('192.0.2.1:4342, [2001:db8::1]:0')).toEqual(['192.0.2.1:4342', '[2001:db8::1]:0'])
  })

  it.each(['localhost:4342', '192.0.2.1', '::1:4342', '[192.0.2.1]:1', '192.0.2.1:65536', ''])(
    'does not listen on %j',
    (value) => {
      expect(problemsOf({ flags: { 'lisp.listen': value } })).toEqual([
        'flag --lisp-listen: lisp.listen.0: expected ADDRESS:PORT, an IPv6 address in brackets',
      ])
    },
  )

  it.each(['0.0.0.0:4342', '[::]:4342'])('has to be told its address where it listens on %s', (listen) => {
    expect(problemsOf({ flags: { 'lisp.listen': listen } })).toEqual([
      `flag --lisp-listen: lisp.listen: ${listen} is every address; say in lisp.rloc which one routers know`,
    ])
    expect(problemsOf({ flags: { 'lisp.listen': listen, 'lisp.rloc': '2001:db8::1' } })).toEqual([])
  })

  it('asks elsewhere only from where answers can come to', () => {
    const problems = (flags: Readonly<Record<string, string>>) =>
      problemsOf({ flags: { 'mapping.resolvers': '198.51.100.1:4342', ...flags } })
    expect(problems({})).toEqual([
      'default: lisp.listen: 127.0.0.1:4342 cannot be reached from 198.51.100.1:4342: listen where its answers can come to',
    ])
    expect(problems({ 'lisp.listen': 'none' })).toEqual([expect.stringMatching(/^default: lisp\.rloc: /)])
    expect(problems({ 'lisp.listen': 'none', 'lisp.rloc': '192.0.2.1' })).toEqual([])
    expect(problems({ 'lisp.listen': '192.0.2.1:4342' })).toEqual([])
    expect(problems({ 'mapping.resolvers': '127.0.0.2:4342' })).toEqual([])
  })

  it('has sites, whose secrets lie in files of their own', () => {
    expect(fromFile(site).config.mapping.sites).toEqual([
      {
        name: 'paris',
        prefixes: [{ iid: 100, eid: '10.1.0.0/16' }],
        keys: [{ keyId: 1, secretFile: '/keys/paris' }],
      },
    ])
    expect(problemsIn(site.replace('secretFile', 'secret'))).toEqual([
      expect.stringMatching(/yaml:5: .*keys\.0\.secretFile: /),
      expect.stringMatching(/yaml:5: mapping\.sites\.0\.keys\.0\.secret: no such setting$/),
    ])
    expect(problemsIn(`${site}    - { name: paris, prefixes: [{ eid: 10.2.0.0/16 }] }`)).toEqual([
      `${path}:3: mapping.sites: there are two sites paris`,
    ])
  })

  it('takes sites from the file alone', () => {
    const { config, ignored } = loadConfig({
      env: { HEDDLE_MAPPING_SITES: 'x' },
      flags: { 'mapping.sites': 'x' },
    })
    expect(config.mapping.sites).toEqual([])
    expect(ignored).toEqual(['HEDDLE_MAPPING_SITES'])
  })
})

describe('VXLAN-GPE ports', () => {
  const port = { port: 'heddle-gpe', udpPort: 4790 }

  it.each([
    ['no router can reach the mapping system', {}, undefined],
    ['there is no mapping system', { 'lisp.listen': 'none' }, undefined],
    ['routers can come', { 'lisp.listen': '192.0.2.1:4342' }, port],
    ['EIDs are elsewhere', { 'mapping.resolvers': '127.0.0.1:4343' }, port],
    ['they are wanted', { 'tunnel.gpe': 'always', 'tunnel.gpePortName': 'gpe0' }, { ...port, port: 'gpe0' }],
    ['they are not wanted', { 'tunnel.gpe': 'never', 'lisp.listen': '192.0.2.1:4342' }, undefined],
  ])('where %s', (_, flags, expected) => {
    expect(gpeSettings(loadConfig({ flags }).config).gpe).toEqual(expected)
  })
})

describe('environment and flags', () => {
  it('say where a bad value comes from', () => {
    expect(problemsOf({ env: { HEDDLE_UNDERLAY_MTU: '1e3', HEDDLE_LOG_LEVEL: 'loud' } })).toEqual([
      expect.stringMatching(/^HEDDLE_UNDERLAY_MTU: underlayMtu: .*number/),
      expect.stringMatching(/^HEDDLE_LOG_LEVEL: log\.level: .*"trace"/),
    ])
  })

  it('name variables that nobody reads', () => {
    const env = { HEDDLE_BRIGDE: 'x', HEDDLE_SERVER: 'http://x', HEDDLE_PORT: 'tcp://10.0.0.1:80', HOME: '/' }
    expect(loadConfig({ env }).ignored).toEqual(['HEDDLE_BRIGDE', 'HEDDLE_PORT'])
  })
})

describe('settings that contradict each other', () => {
  it.each([
    ['vni: { min: 20, max: 10 }', `${path}:1: vni.max: 10 is below vni.min, 20`],
    [
      'tunnel: { gpePortName: heddle-vxlan }',
      `${path}:1: tunnel.gpePortName: heddle-vxlan is the name of the VXLAN port`,
    ],
    ['tunnel: { gpeDstPort: 4789 }', `${path}:1: tunnel.gpeDstPort: 4789 is the port of VXLAN`],
    ['tls: { ca: /ca.pem }', `${path}:1: tls.ca: tls.privateKey, tls.certificate and tls.ca go together`],
    [
      'listen: { openflow: [ptcp:1, pssl:2] }',
      `${path}:1: listen.openflow: pssl:2 needs tls.privateKey, tls.certificate and tls.ca`,
    ],
    [
      'northbound: { target: ssl:db:6641 }',
      `${path}:1: northbound.target: ssl:db:6641 needs tls.privateKey, tls.certificate and tls.ca`,
    ],
  ])('%s', (text, problem) => {
    expect(problemsIn(text)).toEqual([problem])
  })
})

describe('deploy/heddle.yaml', () => {
  const text = readFileSync(new URL('../../deploy/heddle.yaml', import.meta.url), 'utf8')

  it('changes nothing as it is', () => {
    expect(fromFile(text).config).toEqual(loadConfig().config)
  })

  it('shows every setting, those that have a default with it', () => {
    const loaded = fromFile(text.replace(/^( *)#(?=[A-Za-z]+:)/gm, '$1'))
    expect([...loaded.sources].filter(([, source]) => source === 'default')).toEqual([])
    const {
      tls: _tls,
      openflow: _openflow,
      northbound,
      auth: _auth,
      overlay: _overlay,
      lisp,
      ...shown
    } = loaded.config
    const { rloc: _rloc, ...shownOfLisp } = lisp
    expect(loadConfig().config).toMatchObject({ ...shown, lisp: shownOfLisp })
    expect(loadConfig().config.northbound.file).toBe(northbound.file)
  })
})
