/** The driver: a link with a clock, a timer and transports. */
import { describe, expect, it } from 'vitest'
import { LinkError } from '#link/errors.js'
import { LinkDriver, type LinkOwner } from '#link/link-driver.js'
import { memoryPair } from '#link/memory.js'
import type { Transport } from '#link/transport.js'
import { VirtualClock } from '../../fake/virtual-clock.js'

/** A peer that can be refused, answered or cut; the owner writes down what it hears. */
const bench = () => {
  const clock = new VirtualClock()
  const heard: string[] = []
  const far: Transport[] = []
  const cuts: (() => void)[] = []
  const owner: LinkOwner = {
    onOpen: (transport) => {
      heard.push(`${clock.now()} open`)
      transport.start({
        onData: (chunk) => heard.push(`${clock.now()} data ${Buffer.from(chunk).toString()}`),
        onClose: () => {},
      })
    },
    onProbe: () => heard.push(`${clock.now()} probe`),
    onLost: (error, phase) =>
      heard.push(`${clock.now()} lost ${error.code}: ${error.message}; ${phase.state}`),
  }
  const connect = async (): Promise<Transport> => {
    const pair = memoryPair({ clock })
    pair.ends[1].start({ onData: () => {}, onClose: () => heard.push(`${clock.now()} far end closed`) })
    far.push(pair.ends[1])
    cuts.push(pair.cut)
    return pair.ends[0]
  }
  return { clock, heard, far, cuts, owner, connect, options: { clock, random: () => 1, owner } }
}

describe('link driver', () => {
  it('dials, reports, probes a silent peer, gives it up and dials again', async () => {
    const { clock, heard, far, cuts, connect, options } = bench()
    const driver = LinkDriver.dialling(options, connect)
    await clock.run(1)
    driver.established()
    far[0]?.write(Buffer.from('hello'))
    await clock.run(10)
    cuts[0]?.()
    await clock.run(11_000)
    expect(heard).toEqual([
      '0 open',
      '1 data hello',
      '5001 probe',
      '10001 lost no-answer: no answer to a probe; backoff',
      '11001 open',
    ])
    driver.stop()
    await clock.run(60_000)
    expect(heard.slice(5)).toEqual(['11011 far end closed'])
    expect(clock.pending).toBe(0)
  })

  it('backs off from a peer that refuses', async () => {
    const { clock, heard, options } = bench()
    const driver = LinkDriver.dialling(options, () => Promise.reject(new LinkError('dial-failed', 'refused')))
    await clock.run(6_999)
    expect(heard).toEqual([
      '0 lost dial-failed: refused; backoff',
      '1000 lost dial-failed: refused; backoff',
      '3000 lost dial-failed: refused; backoff',
    ])
    driver.stop()
    expect(clock.pending).toBe(0)
  })

  it('gives up a dial that takes too long and closes it should it open after all', async () => {
    const { clock, heard, connect, options } = bench()
    let open: () => void = () => {}
    const slow = new Promise<void>((resolve) => {
      open = resolve
    })
    let aborted = false
    const driver = LinkDriver.dialling(options, (signal) => {
      signal.addEventListener('abort', () => {
        aborted = true
      })
      return slow.then(connect)
    })
    await clock.run(10_000)
    expect(aborted).toBe(true)
    expect(heard).toEqual(['10000 lost timeout: no connection in time; backoff'])
    open()
    await clock.run(10)
    expect(heard.slice(1)).toEqual(['10000 far end closed'])
    driver.stop()
  })

  it('drops a connection on request and dials the next', async () => {
    const { clock, heard, connect, options } = bench()
    const driver = LinkDriver.dialling({ ...options, link: { freeTries: 1 } }, connect)
    await clock.run(1)
    driver.drop(new LinkError('closed', 'not the leader'))
    await clock.run(1)
    expect(heard).toEqual(['0 open', '1 lost closed: not the leader; backoff', '1 open', '1 far end closed'])
    driver.stop()
  })

  it('looks after an accepted connection once', async () => {
    const { clock, heard, options } = bench()
    const { ends } = memoryPair({ clock })
    ends[1].start({ onData: () => {}, onClose: () => {} })
    const driver = LinkDriver.accepted({ ...options, link: { handshakeMsMax: 100 } }, ends[0])
    await clock.run(200)
    expect(heard).toEqual(['0 open', '100 lost timeout: no handshake in time; ended'])
    expect(driver.phase.state).toBe('ended')
    expect(clock.pending).toBe(0)
  })
})
