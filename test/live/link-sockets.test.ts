/** Transports over real sockets: tcp, TLS with a CA of our own, Unix; bounds on listeners and on send queues. */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { dial } from '#link/dial.js'
import { type Listener, type ListenOptions, listen } from '#link/listen.js'
import { type DialTarget, parseListenTarget } from '#link/targets.js'
import type { Transport } from '#link/transport.js'
import { type Issued, makePki } from './support/pki.js'

let folder: string
let alice: Issued
let bob: Issued
let mallory: Issued
const listeners: Listener[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'heddle-link-'))
  const pki = makePki(folder)
  alice = pki.issue('alice')
  bob = pki.issue('bob')
  mallory = makePki(folder, 'other').issue('mallory')
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close()))
})

const until = async (condition: () => boolean): Promise<void> => {
  await expect.poll(condition, { timeout: 5_000, interval: 5 }).toBe(true)
}

/** Listens and echoes. */
const echoAt = async (text: string, options: ListenOptions = {}): Promise<Listener> => {
  const accept = (transport: Transport): void =>
    transport.start({ onData: (chunk) => void transport.write(chunk), onClose: () => {} })
  const listener = await listen(parseListenTarget(text), accept, options)
  listeners.push(listener)
  return listener
}

const dialTargetOf = ({ target }: Listener): DialTarget =>
  target.kind === 'punix'
    ? { kind: 'unix', path: target.path }
    : { kind: target.kind === 'ptcp' ? 'tcp' : 'ssl', host: target.host ?? '127.0.0.1', port: target.port }

/** Collects what a transport says. */
const started = (transport: Transport) => {
  const heard = { text: '', closed: undefined as string | undefined }
  transport.start({
    onData: (chunk) => {
      heard.text += Buffer.from(chunk).toString()
    },
    onClose: (error) => {
      heard.closed = error?.message ?? 'in order'
    },
  })
  return heard
}

const exchange = async (transport: Transport): Promise<void> => {
  const heard = started(transport)
  transport.write(Buffer.from('hello'))
  await until(() => heard.text === 'hello')
  transport.close()
  await until(() => heard.closed === 'in order')
}

describe('sockets', () => {
  it('tcp over IPv4 and IPv6, with the addresses of both ends', async () => {
    const v4 = await echoAt('ptcp:0:127.0.0.1')
    const transport = await dial(dialTargetOf(v4))
    expect(transport).toMatchObject({ localAddress: '127.0.0.1', remoteAddress: '127.0.0.1' })
    await exchange(transport)
    const v6 = await dial(dialTargetOf(await echoAt('ptcp:0:[::1]')))
    expect(v6.peer).toMatch(/^tcp:\[::1\]:\d+$/)
    await exchange(v6)
  })

  it('unix; takes over the socket of a dead process but not of a living one', async () => {
    const path = join(folder, 'x.sock')
    const first = await echoAt(`punix:${path}`)
    await exchange(await dial(dialTargetOf(first)))
    await expect(echoAt(`punix:${path}`)).rejects.toMatchObject({ code: 'listen-failed' })
  })

  it('TLS: both sides show a certificate of the same CA', async () => {
    const listener = await echoAt('pssl:0:127.0.0.1', { credentials: alice.credentials })
    await exchange(await dial(dialTargetOf(listener), { credentials: bob.credentials }))
    expect(listener.counts).toMatchObject({ accepted: 1, refused: 0 })
  })

  it('TLS: a certificate of another CA is refused, on either side', async () => {
    const refusals: string[] = []
    const options = {
      credentials: alice.credentials,
      onRefused: (_peer: string, why: string) => refusals.push(why),
    }
    const listener = await echoAt('pssl:0:127.0.0.1', options)
    await expect(dial(dialTargetOf(listener), { credentials: mallory.credentials })).rejects.toMatchObject({
      code: 'dial-failed',
    })
    // One that trusts us but shows a stranger's certificate learns it by being closed.
    const stranger = { ...mallory.credentials, ca: alice.credentials.ca }
    const transport = await dial(dialTargetOf(listener), { credentials: stranger })
    const heard = started(transport)
    await until(() => heard.closed !== undefined)
    expect(refusals).toHaveLength(2)
    expect(listener.counts.connections).toBe(0)
  })

  it('TLS: without credentials, or with a key that does not fit, says so', async () => {
    const target: DialTarget = { kind: 'ssl', host: '127.0.0.1', port: 1 }
    await expect(dial(target)).rejects.toMatchObject({ code: 'bad-credentials' })
    const mixed = { ...alice.credentials, key: bob.credentials.key }
    await expect(dial(target, { credentials: mixed })).rejects.toMatchObject({ code: 'bad-credentials' })
  })

  it('TLS: a peer that never shakes hands is closed in time', async () => {
    const listener = await echoAt('pssl:0:127.0.0.1', {
      credentials: alice.credentials,
      tlsHandshakeMsMax: 100,
    })
    const { port } = listener.target as { port: number }
    const socket = connect({ port, host: '127.0.0.1' })
    let closed = false
    socket.on('close', () => {
      closed = true
    })
    socket.resume()
    await until(() => closed)
    expect(listener.counts).toMatchObject({ connections: 0, refused: 1 })
  })

  it('rejects with the words of the system, and when it is aborted', async () => {
    await expect(dial({ kind: 'tcp', host: '127.0.0.1', port: 1 })).rejects.toThrow(
      /tcp:127.0.0.1:1: .*ECONNREFUSED/,
    )
    await expect(dial({ kind: 'unix', path: join(folder, 'none') })).rejects.toThrow('ENOENT')
    await expect(dial({ kind: 'tcp', host: '127.0.0.1', port: 1 }, {}, AbortSignal.abort('no'))).rejects.toBe(
      'no',
    )
    await expect(echoAt('ptcp:0:192.0.2.1')).rejects.toMatchObject({ code: 'listen-failed' })
  })
})

describe('bounds', () => {
  it('closes connections beyond the limit and counts them; identified ones are not in the way', async () => {
    const identify: (() => void)[] = []
    const refusals: string[] = []
    const accept = (transport: Transport, identified: () => void): void => {
      identify.push(identified)
      transport.start({ onData: () => {}, onClose: () => {} })
    }
    const listener = await listen(parseListenTarget('ptcp:0:127.0.0.1'), accept, {
      connectionsMax: 3,
      strangersMax: 2,
      onRefused: (_peer, why) => refusals.push(why),
    })
    listeners.push(listener)
    const join_ = async () => started(await dial(dialTargetOf(listener)))
    const guests = [await join_(), await join_(), await join_()]
    await until(() => guests[2]?.closed !== undefined)
    expect(listener.counts).toEqual({ connections: 2, strangers: 2, accepted: 2, refused: 1 })
    for (const identified of identify) identified()
    guests.push(await join_(), await join_())
    await until(() => guests[4]?.closed !== undefined)
    expect(listener.counts).toEqual({ connections: 3, strangers: 1, accepted: 3, refused: 2 })
    expect(refusals).toEqual(['2 connections are not identified yet', '3 connections are open'])
  })

  it('gives up a peer that does not read', async () => {
    const listener = await listen(parseListenTarget('ptcp:0:127.0.0.1'), () => {})
    listeners.push(listener)
    const transport = await dial(dialTargetOf(listener), { queueBytesMax: 1_000_000 })
    const heard = started(transport)
    const megabyte = Buffer.alloc(1_000_000)
    let writes = 0
    while (heard.closed === undefined && writes < 1_000) {
      transport.write(megabyte)
      writes += 1
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(heard.closed).toMatch(/does not read: \d+ bytes wait/)
  })

  it('stops reading while paused', async () => {
    const transport = await dial(dialTargetOf(await echoAt('ptcp:0:127.0.0.1')))
    const heard = started(transport)
    transport.pause()
    transport.write(Buffer.from('x'))
    await delay(50)
    expect(heard.text).toBe('')
    transport.resume()
    await until(() => heard.text === 'x')
    transport.close()
  })
})
