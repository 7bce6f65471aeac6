/** Connections to and from real servers: tcp, TLS, Unix, dialling and listening; and what becomes of a client when they go wrong. */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Listener, type ListenOptions, listen } from '#link/listen.js'
import { parseListenTarget } from '#link/targets.js'
import { OvsdbClient } from '#ovsdb/client.js'
import * as op from '#ovsdb/operations.js'
import { manager, openVswitch } from '#ovsdb/schemas/open-vswitch.js'
import { item, itemsDatabase, itemsSchema, itemTables } from './support/items.js'
import { clientSettings, dialTo, openClient, stateOf } from './support/ovsdb-client.js'
import { freePorts, OvsdbServer, type OvsdbServerOptions } from './support/ovsdb-server.js'
import { type Issued, makePki, type Pki } from './support/pki.js'

let folder: string
let pki: Pki
let ours: Issued
let theirs: Issued

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'heddle-pki-'))
  pki = makePki(folder)
  ours = pki.issue('controller')
  theirs = pki.issue('switch')
})
afterAll(() => rmSync(folder, { recursive: true }))

const startServer = async (options: OvsdbServerOptions = {}): Promise<OvsdbServer> => {
  const server = await OvsdbServer.start({ schemas: [itemsSchema], ...options })
  onTestFinished(() => server.remove())
  return server
}

const items = { database: itemsDatabase }
type Tables = (typeof itemTables)[number]

const freePort = async (): Promise<number> => (await freePorts(1))[0] ?? 0

const expectUse = async (client: OvsdbClient<Tables>, name: string): Promise<void> => {
  await client.transact([op.insert(item, { name })])
  await expect.poll(() => client.replica.table(item).one('name', name)).toBeDefined()
}

describe('dialling', () => {
  it('tcp, ssl and unix', async () => {
    const [tcp, tls] = await freePorts(2)
    const server = await startServer({
      remotes: [`ptcp:${tcp}:127.0.0.1`, `pssl:${tls}:127.0.0.1`],
      ssl: { issued: theirs, caFile: pki.caFile },
    })
    const { credentials } = ours
    await expectUse(await openClient(server.target, itemTables, items), 'by unix')
    const plain = await openClient(`tcp:127.0.0.1:${tcp}`, itemTables, items)
    expect(plain.state).toMatchObject({ peer: { peer: `tcp:127.0.0.1:${tcp}`, localAddress: '127.0.0.1' } })
    await expectUse(plain, 'by tcp')
    const secure = [dialTo(`ssl:127.0.0.1:${tls}`, { credentials })]
    await expectUse(await openClient(secure, itemTables, items), 'by ssl')
  })

  it('ssl: a certificate that the server does not know is an error in words, tried again', async () => {
    const port = await freePort()
    const ssl = { issued: theirs, caFile: pki.caFile }
    await startServer({ remotes: [`pssl:${port}:127.0.0.1`], ssl })
    const { credentials } = makePki(folder, 'strange-ca').issue('stranger')
    const dial = dialTo(`ssl:127.0.0.1:${port}`, { credentials })
    const client = OvsdbClient.dial([dial], clientSettings(itemTables, items))
    onTestFinished(() => client.close())
    expect((await stateOf(client, 'waiting')).error.message).toMatch(
      /self-signed|unable to verify|certificate/,
    )
    await stateOf(client, 'connecting')
  })

  it('waits for a server that is not there yet', async () => {
    const server = new OvsdbServer({ schemas: [itemsSchema] })
    onTestFinished(() => server.remove())
    const client = OvsdbClient.dial([dialTo(server.target)], clientSettings(itemTables, items))
    onTestFinished(() => client.close())
    expect((await stateOf(client, 'waiting')).error.message).toContain('ENOENT')
    await server.start()
    await client.synced()
  })
})

describe('listening', () => {
  const listenFor = async (target: string, options: ListenOptions = {}) => {
    const clients: OvsdbClient<Tables>[] = []
    const listener: Listener = await listen(
      parseListenTarget(target),
      (transport, identified) => {
        const client = OvsdbClient.accept(transport, clientSettings(itemTables, items))
        client.synced().then(identified, () => undefined)
        clients.push(client)
      },
      options,
    )
    onTestFinished(() => listener.close())
    return { listener, clients }
  }

  it('takes servers that dial in, by tcp and by ssl, again after each loss', async () => {
    const [tcp, tls] = await freePorts(2)
    const plain = await listenFor(`ptcp:${tcp}:127.0.0.1`)
    const secure = await listenFor(`pssl:${tls}:127.0.0.1`, { credentials: ours.credentials })
    await startServer({
      remotes: [`tcp:127.0.0.1:${tcp}`, `ssl:127.0.0.1:${tls}`],
      ssl: { issued: theirs, caFile: pki.caFile },
    })
    for (const { listener, clients } of [plain, secure]) {
      await expect.poll(() => clients[0]?.state.state, { timeout: 5_000 }).toBe('synced')
      await expect.poll(() => listener.counts.strangers).toBe(0)
      const [first] = clients
      first?.close()
      expect(first?.state.state).toBe('closed')
      await expect.poll(() => clients[1]?.state.state, { timeout: 10_000 }).toBe('synced')
      expect(listener.counts.connections).toBe(1)
    }
  })

  it('closes a peer that says nothing, or nonsense, and says why; the others go on', async () => {
    const port = await freePort()
    const { listener, clients } = await listenFor(`ptcp:${port}:127.0.0.1`)
    await startServer({ remotes: [`tcp:127.0.0.1:${port}`] })
    await expect.poll(() => clients[0]?.state.state, { timeout: 5_000 }).toBe('synced')
    const nonsense = connect({ port, host: '127.0.0.1' })
    nonsense.on('error', () => {})
    nonsense.end('GET / HTTP/1.1\r\n\r\n')
    await expect
      .poll(() => clients[1]?.state, { timeout: 5_000 })
      .toMatchObject({
        state: 'closed',
        error: { code: 'malformed-json' },
      })
    expect(clients[0]?.state.state).toBe('synced')
    await expect.poll(() => listener.counts.connections).toBe(1)
  })
})

describe('a connection that is there and dead', () => {
  it('half-open: the probe notices, and the client comes back by itself', async () => {
    const server = await startServer()
    const client = await openClient(server.target, itemTables, { ...items, link: { probeMsMin: 150 } })
    server.freeze()
    const { error } = await stateOf(client, 'waiting')
    expect(error).toMatchObject({ code: 'no-answer' })
    server.thaw()
    await client.synced()
    await expectUse(client, 'after the thaw')
  })

  it('a server that probes us is answered', async () => {
    const port = await freePort()
    const dbRemote = 'db:Open_vSwitch,Open_vSwitch,manager_options'
    const server = await OvsdbServer.start({ remotes: [dbRemote] })
    onTestFinished(() => server.remove())
    const writer = await openClient(server.target, [])
    await writer.transact([
      op.insert(manager, { target: `ptcp:${port}:127.0.0.1`, inactivity_probe: 1_000 }, 'm'),
      op.insert(openVswitch, { manager_options: [{ namedUuid: 'm' }] }),
    ])
    const quiet = await openClient(`tcp:127.0.0.1:${port}`, [openVswitch], { link: { probeMsMin: 0 } })
    const states: string[] = []
    quiet.onState(({ state }) => states.push(state))
    await delay(3_500)
    expect(states).toEqual([])
  })

  it('a peer that stops reading is given up, with what is queued bounded', async () => {
    const server = await startServer()
    const limited = [dialTo(server.target, { queueBytesMax: 1_000_000 })]
    const client = await openClient(limited, itemTables, items)
    server.freeze()
    const remark = op.comment('x'.repeat(100_000))
    const outcomes = Promise.allSettled(Array.from({ length: 40 }, () => client.transact([remark])))
    const codes = (await outcomes).map((outcome) =>
      outcome.status === 'rejected' ? outcome.reason.code : 'fine',
    )
    expect(new Set(codes)).toEqual(new Set(['outcome-unknown', 'closed']))
    expect((await stateOf(client, 'waiting')).error).toMatchObject({ code: 'slow-peer' })
    server.thaw()
    await client.synced()
  })
})

describe('a transaction whose answer is lost', () => {
  it('is rejected as unknown when the server is killed in the middle of it; reading back tells', async () => {
    const server = await startServer()
    const client = await openClient(server.target, itemTables, items)
    await expectUse(client, 'before')
    server.freeze()
    const lost = client.transact([op.insert(item, { name: 'perhaps' }), op.commit(true)])
    const outcome = expect(lost).rejects.toMatchObject({ code: 'outcome-unknown' })
    await delay(20)
    const pause = stateOf(client, 'waiting')
    process.kill(server.pid, 'SIGKILL')
    await outcome
    await pause
    await expect(client.transact([op.comment('x')])).rejects.toMatchObject({ code: 'closed' })
    await server.stop()
    await server.start()
    await client.synced()
    const [rows] = await client.transact([op.select(item, [], ['name'])])
    expect(rows).toEqual([{ name: 'before' }])
  })

  it('may have happened: it is there once, because nothing repeats it', async () => {
    const server = await startServer()
    const proxy = await muteProxy(server.target)
    const client = await openClient(`tcp:127.0.0.1:${proxy.port}`, itemTables, items)
    proxy.mute()
    const outcome = expect(client.transact([op.insert(item, { name: 'it did' })])).rejects.toMatchObject({
      code: 'outcome-unknown',
    })
    const other = await openClient(server.target, itemTables, items)
    await expect.poll(() => other.replica.table(item).size).toBe(1)
    proxy.drop()
    await outcome
    await client.synced()
    expect(client.replica.table(item).one('name', 'it did')).toBeDefined()
    expect(client.replica.table(item).size).toBe(1)
  })
})

describe('locks', () => {
  it('pass from one client to the next, can be stolen, and survive a reconnect', async () => {
    const server = await startServer()
    const first = await openClient(server.target, [], items)
    const second = await openClient(server.target, [], items)
    const [mine, yours] = [first.lock('leader'), second.lock('leader')]
    const heard: string[] = []
    mine.onState((state) => heard.push(state))
    await expect.poll(() => [mine.state, yours.state]).toEqual(['locked', 'waiting'])
    await yours.steal()
    await expect.poll(() => [mine.state, yours.state]).toEqual(['stolen', 'locked'])
    await second.unlock('leader')
    await expect.poll(() => mine.state).toBe('locked')
    server.control('ovsdb-server/reconnect')
    await expect.poll(() => heard).toContain('unconnected')
    await expect.poll(() => mine.state).toBe('locked')
    expect(heard).toEqual(['locked', 'stolen', 'locked', 'unconnected', 'locked'])
  })
})

/** A tcp proxy before a Unix socket that can stop passing on what the server says, as a network does that loses one direction. */
const muteProxy = async (target: string): Promise<{ port: number; mute(): void; drop(): void }> => {
  const pairs = new Set<readonly [Socket, Socket]>()
  const proxy: Server = createServer((near) => {
    const far = connect({ path: target.slice('unix:'.length) })
    const pair = [near, far] as const
    pairs.add(pair)
    for (const socket of pair) {
      socket.on('error', () => {})
      socket.on('close', () => {
        near.destroy()
        far.destroy()
        pairs.delete(pair)
      })
    }
    near.pipe(far)
    far.pipe(near)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const address = proxy.address()
  const each = (act: (near: Socket, far: Socket) => void): void => {
    for (const [near, far] of pairs) act(near, far)
  }
  const drop = (): void => each((near) => near.destroy())
  onTestFinished(() => {
    drop()
    proxy.close()
  })
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    mute: () => each((near, far) => void far.unpipe(near)),
    drop,
  }
}
