/** `heddle sites`: what it asks of REST, what it prints, how it ends. */
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Site } from '#api/client.js'
import { controllerWith, problem } from './cli-controller.js'
import { heddle } from './cli-support.js'

const branch: Site = {
  name: 'branch',
  origin: 'stored',
  spec: {
    prefixes: [
      { iid: 0, eid: '10.1.0.0/16', acceptMoreSpecifics: true },
      { iid: 7, eid: '2001:db8:1::/48', acceptMoreSpecifics: false },
    ],
    keys: [
      { keyId: 0, algorithms: ['hmac-sha-256-128'] },
      { keyId: 1, algorithms: ['hmac-sha-256-128', 'hmac-sha-256-128+hkdf-sha256'] },
    ],
    proxyReply: 'asked',
    allowedLocators: ['192.0.2.0/24'],
    strictNonces: true,
    siteIds: ['0000000000000001'],
    registrationsMax: 1_000_000,
    xtrsMax: 4096,
    unregistered: 'natively-forward',
  },
  registrations: 12,
  xtrs: 2,
  createdBy: 'alice',
  createdAt: '2026-01-31T11:59:00.000Z',
  requestId: 'req-1',
}

const blue: Site = {
  name: 'net-blue',
  origin: 'network',
  spec: {
    ...{ keys: [], siteIds: [], strictNonces: false, proxyReply: 'always' },
    ...{ registrationsMax: 0, xtrsMax: 0, unregistered: 'drop' },
    prefixes: [{ iid: 4097, eid: '10.0.0.0/24', acceptMoreSpecifics: true }],
  },
  registrations: 0,
  xtrs: 0,
}

describe('heddle sites list', () => {
  const controller = () => controllerWith({ 'GET /v1/sites': { body: { sites: [branch, blue] } } })

  it('prints a table', async () => {
    const { out, err, code } = await heddle('sites list', controller())
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatchInlineSnapshot(`
      "SITE      ORIGIN   PREFIXES                   KEYS  REGISTERED  ROUTERS
      branch    stored   10.1.0.0/16 (and 1 other)  0, 1          12        2
      net-blue  network  [4097]10.0.0.0/24                         0        0
      "
    `)
  })

  it('prints JSON and YAML for programs', async () => {
    expect(JSON.parse((await heddle('sites list -o json', controller())).out)).toEqual([branch, blue])
    expect(parse((await heddle('sites list -o yaml', controller())).out)).toEqual([branch, blue])
  })

  it('says so when there are none', async () => {
    const { fetch } = controllerWith({ 'GET /v1/sites': { body: { sites: [] } } })
    expect(await heddle('sites list', { fetch })).toEqual({ code: 0, out: '', err: 'no sites\n' })
  })

  it('says how a controller comes to have a mapping system', async () => {
    const { fetch } = controllerWith({
      'GET /v1/sites': problem(501, 'no-mapping-system', 'this controller runs no mapping system'),
    })
    const { code, err } = await heddle('sites list', { fetch })
    expect(code).toBe(1)
    expect(err).toMatchInlineSnapshot(`
      "heddle: this controller runs no mapping system
        request: req-9
        give the controller addresses to listen on: lisp.listen in its configuration
      "
    `)
  })
})

describe('heddle sites show', () => {
  it.each([
    ['with keys', branch],
    ["a network's", blue],
  ])('shows all of a site %s', async (_kind, site) => {
    const { fetch } = controllerWith({ 'GET /v1/sites/x': { body: site } })
    expect((await heddle('sites show x', { fetch })).out).toMatchSnapshot()
  })
})

describe('heddle sites add', () => {
  const controller = () => controllerWith({ 'PUT /v1/sites/branch': { status: 201, body: branch } })

  it('makes a site of what is named', async () => {
    const world = { ...controller(), files: { 'branch.key': 'a secret, with blanks \r\n' } }
    const words =
      'sites add branch --prefix 10.1.0.0/16 --prefix 10.2.0.0/16 --iid 7 --more-specifics --secret-file branch.key --key-id 3 --algorithm hmac-sha-1-96 --proxy-reply always --allow-locator 192.0.2.0/24 --strict-nonces --unregistered drop'
    const { code, out, err } = await heddle(words, world)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('branch')
    expect(out).not.toContain('secret')
    expect(world.asked).toEqual([
      {
        method: 'PUT',
        path: '/v1/sites/branch',
        body: {
          prefixes: [
            { eid: '10.1.0.0/16', iid: 7, acceptMoreSpecifics: true },
            { eid: '10.2.0.0/16', iid: 7, acceptMoreSpecifics: true },
          ],
          keys: [{ keyId: 3, secret: 'a secret, with blanks ', algorithms: ['hmac-sha-1-96'] }],
          proxyReply: 'always',
          allowedLocators: ['192.0.2.0/24'],
          strictNonces: true,
          unregistered: 'drop',
        },
      },
    ])
  })

  it('reads a secret from standard input, and leaves out what is not named', async () => {
    const world = { ...controller(), stdin: ['s3cr', 'et\n'] }
    await heddle('sites put branch --prefix 10.1.0.0/16 --secret-file -', world)
    expect(world.asked[0]?.body).toEqual({
      prefixes: [{ eid: '10.1.0.0/16' }],
      keys: [{ keyId: 0, secret: 's3cret' }],
    })
  })

  it('reads a file, as it was shown', async () => {
    const world = { ...controller(), files: { 'b.json': JSON.stringify(branch.spec) } }
    await heddle('sites add branch --file b.json', world)
    expect(world.asked[0]?.body).toEqual(branch.spec)
  })

  it('says where a file is wrong', async () => {
    const files = { 'b.yaml': 'prefixes:\n  - eid: 10.0.0.0/8\n    more: true\nkeys:\n  - keyId: 300\n' }
    const { code, err } = await heddle('sites add branch -f b.yaml', { files })
    expect(code).toBe(2)
    expect(err).toMatchInlineSnapshot(`
      "heddle: b.yaml is no site
        b.yaml:3: prefixes[0].more: there is no such field
        b.yaml:5: keys[0].keyId: Too big: expected number to be <=255
      "
    `)
  })

  it.each([
    ['sites add branch', /a site has a prefix: name it with --prefix, or --file/],
    ['sites add branch --prefix 10.0.0.0/8 --secret-file none', /the secret cannot be read: ENOENT/],
    ['sites add branch --prefix 10.0.0.0/8 --secret-file empty', /there is no secret in empty/],
    [
      'sites add branch --file x --prefix 10.0.0.0/8',
      /'-f, --file <file>' cannot be used with option '--prefix/,
    ],
    ['sites add branch --prefix 10.0.0.0/8 --iid 16777216', /Expected a whole number from 0 to 16777215/],
    ['sites add branch --prefix 10.0.0.0/8 --algorithm md5', /Allowed choices are none, hmac-sha-1-96/],
  ])('%s is a usage error', async (line, message) => {
    const { code, err, out } = await heddle(line, { files: { empty: '\n' } })
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(message)
  })

  it('names the site that has the prefix', async () => {
    const answer = problem(409, 'eid-taken', '10.1.0.0/16 belongs to site lab', {
      field: 'prefixes[0].eid',
      owner: 'site lab',
    })
    const { code, err } = await heddle('sites add branch --prefix 10.1.0.0/16', {
      ...controllerWith({ 'PUT /v1/sites/branch': answer }),
    })
    expect(code).toBe(1)
    expect(err).toMatchInlineSnapshot(`
      "heddle: 10.1.0.0/16 belongs to site lab
        field: prefixes[0].eid
        owner: site lab
        look at it: heddle sites show lab
      "
    `)
  })
})

it('heddle sites remove takes several', async () => {
  const gone = { status: 204 }
  const world = controllerWith({ 'DELETE /v1/sites/a': gone, 'DELETE /v1/sites/b': gone })
  const { code, out } = await heddle('sites rm a b', world)
  expect(code).toBe(0)
  expect(out).toBe('site a is removed\nsite b is removed\n')
  expect(world.asked.map(({ path }) => path)).toEqual(['/v1/sites/a', '/v1/sites/b'])
})

it('completion knows the names of sites', async () => {
  const { fetch } = controllerWith({ 'GET /v1/sites': { body: { sites: [branch, blue] } } })
  expect((await heddle('completion names sites', { fetch })).out).toBe('branch\nnet-blue\n')
})
