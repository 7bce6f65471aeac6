/** The channel against a scripted peer in memory: what a real switch does too seldom, or never. */
import { describe, expect, it } from 'vitest'
import { type MemoryPairOptions, memoryPair } from '#link/memory.js'
import { hello } from '#openflow/channel/handshake.js'
import { type Channel, type ChannelOptions, type EventMessage, openChannel } from '#openflow/channel.js'
import { OpenFlowError } from '#openflow/errors.js'
import { flowModOf } from '#openflow/messages/flows.js'
import type { Envelope, Message } from '#openflow/messages.js'
import { OpenFlowPeer } from '../../fake/openflow-peer.js'
import { VirtualClock } from '../../fake/virtual-clock.js'

const clockAndPeer = (options: Partial<ChannelOptions> = {}, pair: Partial<MemoryPairOptions> = {}) => {
  const clock = new VirtualClock()
  const { ends, cut } = memoryPair({ clock, ...pair })
  const events: EventMessage[] = []
  const ended: Error[] = []
  const opening = openChannel(ends[0], {
    clock,
    random: () => 1,
    onEvent: (event) => events.push(event),
    onClose: (error) => ended.push(error),
    ...options,
  })
  return { clock, cut, events, ended, opening: kept(opening), peer: new OpenFlowPeer(ends[1]) }
}

/** A channel that is ready, and a peer that has heard nothing since. */
const ready = async (options: Partial<ChannelOptions> = {}, pair: Partial<MemoryPairOptions> = {}) => {
  const bench = clockAndPeer(options, pair)
  bench.peer.greet()
  await bench.clock.run(10)
  const channel: Channel = await bench.opening
  bench.peer.take()
  return { ...bench, channel }
}

const typesOf = (envelopes: readonly Envelope[]): readonly string[] =>
  envelopes.map(({ message }) => message.type)
/** A promise that may fail before anybody looks. */
const kept = <T>(promise: Promise<T>): Promise<T> => {
  promise.catch(() => {})
  return promise
}
const failureOf = (promise: Promise<unknown>): Promise<OpenFlowError> =>
  promise.then(
    () => expect.fail('it succeeded'),
    (error: OpenFlowError) => error,
  )
const flow = { table: 0, priority: 1, match: {}, cookie: 0n, actions: [] }
const add = flowModOf('add', flow)
const refusal = (name: 'OFPFMFC_OVERLAP' | 'OFPBRC_EPERM'): Message => {
  const [type, code] = name === 'OFPFMFC_OVERLAP' ? [5, 3] : [1, 5]
  return { type: 'error', error: { name, type, code, data: new Uint8Array() } }
}

describe('the handshake', () => {
  it('says hello first, then asks who the switch is', async () => {
    const { clock, opening, peer } = clockAndPeer()
    await clock.run(1)
    expect(peer.take()).toMatchObject([{ version: 6, message: hello }])
    peer.send(hello)
    await clock.run(1)
    expect(typesOf(peer.take())).toEqual(['features_request'])
    peer.send({ type: 'echo_request', data: Uint8Array.of(1) }, 9)
    await clock.run(1)
    expect(peer.take()).toMatchObject([{ xid: 9, message: { type: 'echo_reply' } }])
    peer.greet()
    await clock.run(1)
    expect((await opening).datapathId).toBe(0x42n)
  })

  it('refuses a peer that does not speak 1.5, and tells it why', async () => {
    const { clock, opening, peer } = clockAndPeer()
    peer.send({ type: 'hello', elements: [{ type: 'version_bitmap', bitmaps: [0b1_0010] }] })
    await clock.run(10)
    const error = await failureOf(opening)
    expect(error).toMatchObject({
      code: 'version-mismatch',
      message: expect.stringContaining('version 1, 4'),
    })
    expect(peer.take().at(-1)?.message).toMatchObject({
      type: 'error',
      error: { name: 'OFPHFC_INCOMPATIBLE' },
    })
    expect(peer.closed).not.toBe('open')
  })

  it.each([
    ['an old version without a bitmap', '0400000800000001', 'version-mismatch'],
    ['garbage', '474554202f20485454502f312e310d0a', 'malformed'],
    ['a message without a length', '0600000000000001', 'malformed'],
    ['no hello', '0606000800000001', 'malformed'],
    ['an answer before a question', '0615000800000001', 'unexpected'],
    ['a refusal', '0601000c0000000100000000', 'version-mismatch'],
  ])('ends with %s', async (_, hex, code) => {
    const { clock, opening, peer } = clockAndPeer()
    peer.sendBytes(Buffer.from(hex, 'hex'))
    await clock.run(10)
    expect((await failureOf(opening)).code).toBe(code)
    expect(peer.closed).not.toBe('open')
    expect(clock.pending).toBe(0)
  })

  it('does not wait for ever', async () => {
    const { clock, opening, peer } = clockAndPeer()
    peer.send(hello)
    await clock.run(20_000)
    expect(await failureOf(opening)).toMatchObject({ code: 'timeout', message: 'no handshake in time' })
  })

  it('asks for a role where it is told to', async () => {
    const { clock, opening, peer } = clockAndPeer({ role: { role: 'primary', generationId: 7n } })
    peer.greet()
    await clock.run(1)
    expect(peer.take().at(-1)?.message).toMatchObject({
      type: 'role_request',
      role: 'primary',
      generationId: 7n,
    })
    peer.send({ type: 'role_reply', role: 'primary', shortId: 0, generationId: 7n })
    await clock.run(1)
    expect((await opening).datapathId).toBe(0x42n)
  })
})

describe('an open channel', () => {
  it('reads messages cut at any byte', async () => {
    const cutAt = (data: Uint8Array) => Array.from(data, (byte) => Uint8Array.of(byte))
    const { channel, clock, peer, events } = await ready({}, { cutAt })
    const asked = kept(channel.request({ type: 'desc_request' }))
    await clock.run(1)
    const xid = peer.take()[0]?.xid
    const [manufacturer, hardware, software] = ['a', 'b', 'c']
    const desc = { manufacturer, hardware, software, serialNumber: '', datapath: '' } as const
    peer.send({
      type: 'role_status',
      role: 'equal',
      reason: 'configuration_changed',
      generationId: 1n,
      properties: [],
    })
    peer.send({ type: 'desc_reply', ...desc }, xid)
    await clock.run(1)
    expect(await asked).toMatchObject(desc)
    expect(events).toMatchObject([{ type: 'role_status' }])
  })

  it('puts a multipart answer together, and matches answers by xid', async () => {
    const { channel, clock, peer } = await ready()
    const flows = kept(channel.request({ type: 'table_stats_request' }))
    const barrier = kept(channel.barrier())
    await clock.run(1)
    const [first, second] = peer.take()
    const table = (tableId: number) => ({ tableId, activeCount: 0, lookupCount: 0n, matchedCount: 0n })
    peer.send({ type: 'table_stats_reply', items: [table(0)], more: true }, first?.xid)
    peer.send({ type: 'barrier_reply' }, second?.xid)
    peer.send({ type: 'table_stats_reply', items: [table(1), table(2)], more: true }, first?.xid)
    peer.send({ type: 'table_stats_reply', items: [] }, first?.xid)
    await clock.run(1)
    await barrier
    expect(await flows).toEqual({ type: 'table_stats_reply', items: [0, 1, 2].map(table) })
    expect(channel.waiting).toBe(0)
  })

  it('bounds an answer that does not end', async () => {
    const { channel, clock, peer } = await ready({ limits: { itemsMax: 2 } })
    const asked = kept(channel.request({ type: 'table_desc_request' }))
    await clock.run(1)
    const item = { tableId: 0, config: [], properties: [] }
    const xid = peer.take()[0]?.xid
    for (let i = 0; i < 3; i++) peer.send({ type: 'table_desc_reply', items: [item], more: true }, xid)
    await clock.run(1)
    expect((await failureOf(asked)).code).toBe('too-large')
  })

  it('fails a request, and no other, for an answer that is wrong or cannot be read', async () => {
    const { channel, clock, peer } = await ready()
    const wrong = kept(channel.request({ type: 'desc_request' }))
    const broken = kept(channel.request({ type: 'desc_request' }))
    await clock.run(1)
    const [first, second] = peer.take()
    peer.send({ type: 'barrier_reply' }, first?.xid)
    const bytes = Buffer.from('0613001200000000000000000000000000ff', 'hex')
    bytes.writeUInt32BE(second?.xid ?? 0, 4)
    peer.sendBytes(bytes)
    await clock.run(1)
    expect((await failureOf(wrong)).code).toBe('unexpected')
    expect((await failureOf(broken)).code).toBe('malformed')
    expect(peer.closed).toBe('open')
  })

  it('gives up on an answer that does not come, and on too many questions', async () => {
    const { channel, clock } = await ready({ limits: { waitersMax: 2, requestMsMax: 100 } })
    const waiting = [kept(channel.barrier()), kept(channel.barrier())]
    expect((await failureOf(channel.barrier())).code).toBe('busy')
    await clock.run(100)
    for (const one of waiting) expect((await failureOf(one)).code).toBe('timeout')
    expect(channel.waiting).toBe(0)
  })

  it('probes a silent peer and ends with it', async () => {
    const { channel, clock, peer, ended } = await ready()
    await clock.run(6_000)
    expect(typesOf(peer.take())).toEqual(['echo_request'])
    const barrier = kept(channel.barrier())
    await clock.run(10_000)
    expect(ended).toMatchObject([{ code: 'no-answer' }])
    expect(await failureOf(barrier)).toBe(ended[0])
  })

  it('ends, alone, with a peer that sends what cannot be followed', async () => {
    const { clock, peer, ended } = await ready()
    peer.sendBytes(Buffer.from('060a000c00000000ffffffff', 'hex'))
    await clock.run(1)
    expect(ended).toMatchObject([{ name: 'OpenFlowError', code: 'malformed' }])
    expect(ended[0]?.message).toBe('packet_in.totalLength: 2 bytes needed, 0 left, at byte 12')
  })

  it('refuses new work while the peer reads nothing, and ends with it', async () => {
    const { channel, clock, peer, ended } = await ready(
      { limits: { queueBytesMax: 10_000 } },
      { queueBytesMax: 20_000 },
    )
    peer.pause()
    const echo: Message = { type: 'echo_request', data: new Uint8Array(6_000) }
    channel.send(echo)
    channel.send(echo)
    expect(() => channel.send(echo)).toThrow(OpenFlowError)
    await clock.run(11_000)
    expect(ended).toMatchObject([{ code: 'no-answer' }])
  })

  it('tells everybody who waits when it is closed', async () => {
    const { channel, clock, ended, peer } = await ready()
    const all = [channel.barrier(), channel.batch([add]), channel.bundle([add])].map(kept)
    await clock.run(1)
    channel.close()
    await clock.run(1)
    const codes = await Promise.all(all.map(async (one) => (await failureOf(one)).code))
    expect(codes).toEqual(['closed', 'outcome-unknown', 'closed'])
    expect(ended).toHaveLength(1)
    expect(peer.closed).toBeUndefined()
    expect(clock.pending).toBe(0)
  })
})

describe('a bundle', () => {
  const control = (name: 'close_reply' | 'commit_reply' | 'open_reply' | 'discard_reply'): Message => ({
    type: 'bundle_control',
    bundleId: 1,
    control: name,
    flags: [],
    properties: [],
  })
  const xidOf = (sent: readonly Envelope[], name: string): number =>
    sent.find(({ message }) => message.type === 'bundle_control' && message.control === name)?.xid ??
    expect.fail(`no ${name}`)
  const namesOf = (sent: readonly Envelope[]): readonly string[] =>
    sent.map(({ message }) => (message.type === 'bundle_control' ? message.control.toString() : message.type))

  it('is opened, filled and closed at once, and committed when the switch has all of it', async () => {
    const { channel, clock, peer } = await ready()
    const done = kept(channel.bundle([add, add]))
    await clock.run(1)
    const sent = peer.take()
    expect(namesOf(sent)).toEqual(['open_request', 'bundle_add', 'bundle_add', 'close_request'])
    for (const { xid, message } of sent)
      if (message.type === 'bundle_add') expect(message.request.xid).toBe(xid)
    peer.send(control('open_reply'), xidOf(sent, 'open_request'))
    peer.send(control('close_reply'), xidOf(sent, 'close_request'))
    await clock.run(1)
    const commit = peer.take()
    expect(namesOf(commit)).toEqual(['commit_request'])
    peer.send(control('commit_reply'), xidOf(commit, 'commit_request'))
    await clock.run(1)
    await done
    expect(channel.waiting).toBe(0)
  })

  it('goes out whole, commit and all, where the caller can do with less than all of it', async () => {
    const { channel, clock, peer } = await ready()
    const done = kept(channel.bundle([add, add], { commit: 'at-once' }))
    await clock.run(1)
    const sent = peer.take()
    expect(namesOf(sent)).toEqual([
      'open_request',
      'bundle_add',
      'bundle_add',
      'close_request',
      'commit_request',
    ])
    const commit = xidOf(sent, 'commit_request')
    peer.send(refusal('OFPFMFC_OVERLAP'), commit - 2)
    peer.send(control('commit_reply'), commit)
    await clock.run(1)
    expect(await failureOf(done)).toMatchObject({ code: 'partly-rejected', index: 1 })
  })

  it('is discarded when the switch refuses a message of it', async () => {
    const { channel, clock, peer } = await ready()
    const done = kept(channel.bundle([add, add, add]))
    await clock.run(1)
    const sent = peer.take()
    const close = xidOf(sent, 'close_request')
    peer.send(refusal('OFPFMFC_OVERLAP'), close - 2)
    peer.send(refusal('OFPBRC_EPERM'), close - 1)
    peer.send(control('close_reply'), close)
    await clock.run(1)
    const discard = peer.take()
    expect(namesOf(discard)).toEqual(['discard_request'])
    peer.send(control('discard_reply'), xidOf(discard, 'discard_request'))
    await clock.run(1)
    expect(await failureOf(done)).toMatchObject({
      code: 'rejected',
      index: 1,
      peer: { name: 'OFPFMFC_OVERLAP' },
    })
  })

  const committing = async () => {
    const bench = await ready({ limits: { bundleMsMax: 1_000 } })
    const done = kept(bench.channel.bundle([add]))
    await bench.clock.run(1)
    bench.peer.send(control('close_reply'), xidOf(bench.peer.take(), 'close_request'))
    await bench.clock.run(1)
    return { ...bench, done, commit: xidOf(bench.peer.take(), 'commit_request') }
  }

  it('has an unknown outcome when the channel ends behind the commit', async () => {
    const { done, peer, clock } = await committing()
    peer.close()
    await clock.run(1)
    expect(await failureOf(done)).toMatchObject({ code: 'outcome-unknown', cause: { code: 'closed' } })
  })

  it('has an unknown outcome when the answer to the commit is late', async () => {
    const { done, clock, peer, commit } = await committing()
    await clock.run(1_000)
    expect((await failureOf(done)).code).toBe('outcome-unknown')
    peer.send(control('commit_reply'), commit)
    await clock.run(1)
    expect(peer.closed).toBe('open')
  })

  it('has changed nothing when the switch is silent before the commit', async () => {
    const { channel, clock, peer } = await ready({ limits: { bundleMsMax: 1_000 } })
    const done = kept(channel.bundle([add]))
    await clock.run(1_001)
    expect((await failureOf(done)).code).toBe('timeout')
    expect(namesOf(peer.take()).at(-1)).toBe('discard_request')
  })

  it('is refused as a whole where no message is to blame', async () => {
    const { done, peer, clock, commit } = await committing()
    peer.send(refusal('OFPBRC_EPERM'), commit)
    await clock.run(1)
    const error = await failureOf(done)
    expect(error).toMatchObject({ code: 'rejected', peer: { name: 'OFPBRC_EPERM' } })
    expect(error.index).toBeUndefined()
  })
})
