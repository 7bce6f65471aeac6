/** The nonces of xTRs on the disk: what is kept is found, and what is damaged is told and put aside. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NonceFile } from '#mapping/nonce-file.js'
import { silentLogger } from '#model/logger.js'

let directory: string
let path: string
let told: string[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'heddle-'))
  path = join(directory, 'lisp-nonces')
  told = []
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const logger = { ...silentLogger, error: (_fields: unknown, message: string) => void told.push(message) }
const open = (noncesMax = 1_000): NonceFile => new NonceFile({ path, logger, noncesMax })

const a = { xtr: 'paris/192.0.2.1/1', nonce: 7n }
const b = { xtr: 'paris/0000000000000005/00000000000000000000000000000002/1', nonce: 2n ** 64n - 1n }

describe('nonces', () => {
  it('are none where nobody has kept any', async () => {
    expect(await open().read()).toEqual({ state: 'none' })
    expect(told).toEqual([])
  })

  it('that were kept are found by the next start, the latest of each', async () => {
    const file = open()
    file.keep([a, b])
    await file.written()
    file.keep([{ ...a, nonce: 8n }])
    await file.written()
    expect(await readFile(path, 'utf8')).toBe(
      `heddle lisp nonces 1\nffffffffffffffff ${b.xtr}\n0000000000000008 ${a.xtr}\nend 2\n`,
    )
    expect(await open().read()).toEqual({ state: 'read', nonces: [b, { ...a, nonce: 8n }] })
    expect(await readdir(directory)).toEqual(['lisp-nonces'])
  })

  it('that come while others are written are all there in the end', async () => {
    const file = open()
    for (let nonce = 1n; nonce <= 50n; nonce++) {
      file.keep([{ xtr: `x${nonce}`, nonce }])
      if (nonce % 7n === 0n) await Promise.resolve()
    }
    await file.written()
    const found = await open().read()
    expect(found).toMatchObject({ state: 'read', nonces: { length: 50 } })
  })

  it('are bounded: the ones renewed longest ago go', async () => {
    const file = open(2)
    file.keep([a, b])
    file.keep([a])
    file.keep([{ xtr: 'c', nonce: 1n }])
    await file.written()
    expect(await open().read()).toEqual({ state: 'read', nonces: [a, { xtr: 'c', nonce: 1n }] })
  })

  it('of thousands of xTRs take more than one write', async () => {
    const many = Array.from({ length: 3_000 }, (_, i) => ({ xtr: `site/x${i}/1`, nonce: BigInt(i) }))
    const file = open(10_000)
    file.keep(many)
    await file.written()
    expect(await open().read()).toEqual({ state: 'read', nonces: many })
  })
})

describe('a file', () => {
  const whole = `heddle lisp nonces 1\n0000000000000007 ${a.xtr}\nend 1\n`
  it.each([
    ['that is empty', '', /line 1/],
    ['of something else', '{"nonces":{}}\n', /line 1/],
    ['without its end', whole.replace('end 1\n', ''), /line 3/],
    ['that was cut within a line', whole.slice(0, 40), /has no end|line/],
    ['that lacks a line', whole.replace('end 1', 'end 2'), /line 3/],
    ['with a nonce that is none', whole.replace('0000000000000007', '7'), /line 2/],
  ])('%s is put aside, and said so', async (_what, text, words) => {
    await writeFile(path, text)
    expect(await open().read()).toEqual({ state: 'damaged' })
    expect(told).toEqual([expect.stringMatching(words)])
    expect(await readdir(directory)).toEqual(['lisp-nonces.damaged'])
    expect(await open().read()).toEqual({ state: 'none' })
  })

  it('that cannot be written is told, and the nonces are tried again with the next', async () => {
    await rm(directory, { recursive: true })
    const file = open()
    file.keep([a])
    await file.written()
    expect(told).toEqual([expect.stringMatching(/cannot be written: ENOENT/)])
  })
})
