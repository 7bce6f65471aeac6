/** The mapping system as the settings have it: secrets out of their files, and errors that name the setting. */
import { mkdtempSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '#config'
import { parseIp } from '#lisp/address-text.js'
import type { ConfiguredSite } from '#mapping/configured.js'
import { listenAddresses, readElsewhere, readSites, rlocOf, serverOptions } from '#mapping/configured.js'

const directory = mkdtempSync(join(tmpdir(), 'heddle-'))
const file = (name: string): string => join(directory, name)

beforeAll(async () => {
  await writeFile(file('good'), 'a secret with spaces \n')
  await writeFile(file('windows'), 'other\r\n')
  await writeFile(file('empty'), '\n')
  await writeFile(file('lines'), 'one\ntwo\n')
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const site = (name: string, eid: string, ...files: readonly string[]): ConfiguredSite => ({
  name,
  prefixes: [{ iid: 7, eid }],
  keys: files.map((one, index) => ({ keyId: index + 1, secretFile: file(one) })),
})

describe('sites', () => {
  it('have their secrets from files, without the end of the line', async () => {
    const [paris] = await readSites([site('paris', '10.1.0.0/16', 'good', 'windows')], true)
    expect(paris?.strictNonces).toBe(true)
    expect(paris?.keys.map(({ keyId, secret }) => [keyId, secret.export().toString()])).toEqual([
      [1, 'a secret with spaces '],
      [2, 'other'],
    ])
  })

  it.each([
    [
      'a file that is not there',
      site('a', '10.0.0.0/8', 'none'),
      /^mapping\.sites\[0\]\.keys\[0\]\.secretFile: ENOENT/,
    ],
    ['an empty file', site('a', '10.0.0.0/8', 'good', 'empty'), /keys\[1\]\.secretFile: .*not one line/],
    ['several lines', site('a', '10.0.0.0/8', 'lines'), /keys\[0\]\.secretFile: .*not one line/],
    [
      'a prefix that is none',
      site('a', '10.0.0.0/40'),
      /^mapping\.sites\[0\]\.prefixes\[0\]\.eid: 10\.0\.0\.0\/40: /,
    ],
  ])('are refused with %s', async (_what, wrong, words) => {
    await expect(readSites([wrong], false)).rejects.toThrow(words)
  })

  it('are refused where two have one prefix', async () => {
    const both = [site('a', '10.1.0.0/16'), site('b', '10.1.2.3/16')]
    await expect(readSites(both, false)).rejects.toThrow(
      'mapping.sites[1]: [7]10.1.0.0/16 is a prefix of site a as well',
    )
  })
})

describe('addresses', () => {
  const lisp = (flags: Readonly<Record<string, string>>) => loadConfig({ flags }).config.lisp

  it('of the server are those it listens on, and the first one is what routers know it by', () => {
    const one = lisp({ 'lisp.listen': '192.0.2.1:4342,[2001:db8::1]:4343' })
    expect(listenAddresses(one)).toEqual([
      { address: '192.0.2.1', port: 4342 },
      { address: '2001:db8::1', port: 4343 },
    ])
    expect(rlocOf(one)).toEqual(parseIp('192.0.2.1'))
    expect(rlocOf(lisp({ 'lisp.listen': '[::]:4342', 'lisp.rloc': '2001:db8::1' }))).toEqual(
      parseIp('2001:db8::1'),
    )
  })

  it('of clients alone are the own one at the port for LISP', () => {
    const alone = lisp({ 'lisp.listen': 'none', 'lisp.rloc': '192.0.2.1' })
    expect(listenAddresses(alone)).toEqual([{ address: '192.0.2.1', port: 4342 }])
  })

  it('of what is elsewhere come with one own address of each family', async () => {
    const own = lisp({ 'lisp.listen': '192.0.2.1:4342,192.0.2.2:4342,[::]:4342', 'lisp.rloc': '192.0.2.2' })
    const servers = [{ address: '198.51.100.1:4342', keyId: 3, secretFile: file('good') }]
    expect(await readElsewhere({ resolvers: ['[2001:db8::9]:4342'], servers }, own)).toMatchObject({
      resolvers: [{ address: parseIp('2001:db8::9'), port: 4342 }],
      servers: [
        { name: '198.51.100.1:4342', proof: { keyId: 3, algorithm: 'hmac-sha-256-128' }, proxyReply: true },
      ],
      rlocs: [parseIp('192.0.2.2')],
      port: 4342,
    })
    expect(await readElsewhere({ resolvers: [], servers: [] }, own)).toBeUndefined()
    const wrong = [{ address: '198.51.100.1:4342', keyId: 3, secretFile: file('none') }]
    await expect(readElsewhere({ resolvers: [], servers: wrong }, own)).rejects.toThrow(
      /^mapping\.servers\[0\]\.secretFile: ENOENT/,
    )
  })
})

it('limits are what the Map-Server has by default, unless told', () => {
  expect(serverOptions(loadConfig().config.lisp)).toMatchObject({
    registrationMs: 60_000,
    requestRate: { perSecond: 200_000, burst: 50_000 },
    sourceRate: { perSecond: 20_000, burst: 10_000 },
    siteRate: { perSecond: 5_000, burst: 5_000 },
  })
  const few = loadConfig({ flags: { 'lisp.sourceMessagesPerSecond': '1' } }).config.lisp
  expect(serverOptions(few).sourceRate).toEqual({ perSecond: 1, burst: 1 })
})
