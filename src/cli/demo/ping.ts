/** Pings between hosts, by ping(8) of iputils: a few, or a stream of them under which things are done. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { LabHost } from '#lab/host.js'
import { expectThat } from './check.js'

const numberIn = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? Number.NaN)

/** Pings until `count` are answered, for 5 s at most; what ping printed. */
const pingUntil = async (from: LabHost, address: string, count: number): Promise<string> => {
  // With -c alone ping waits for the last answer no longer than two round trips, which a busy machine exceeds.
  const { stdout, stderr } = await from.exec(['ping', '-c', `${count}`, '-i', '0.05', '-w', '5', address])
  const received = numberIn(stdout, /(\d+) received/)
  const found = received >= 0 ? `${received} answers` : `${stderr} ${stdout}`.trim()
  expectThat(received >= count, `${count} answers from ${address} to ${from.name}`, found)
  return stdout
}

/**
 * Three pings, behind one that waits until all on the way know their neighbours, which takes a switch in user space a second.
 * Returns the shortest round trip in milliseconds. @throws CheckFailed
 */
export const pingThrice = async (from: LabHost, address: string): Promise<number> => {
  await pingUntil(from, address, 1)
  const printed = await pingUntil(from, address, 3)
  return Math.min(...[...printed.matchAll(/time=([\d.]+) ms/g)].map(([, ms]) => Number(ms)))
}

export interface PingResult {
  readonly sent: number
  readonly lost: number
}

export interface PingStream {
  /** Stops it and counts. A ping that was on its way at that moment is not counted as sent. */
  stop(): Promise<PingResult>
}

/** Seconds between pings: a hundred a second, and not half of that where the kernel's clock ticks every 10 ms. */
const interval = '0.009'

/** A hundred pings a second until stopped. */
export const startPing = (from: LabHost, address: string): PingStream => {
  const [program = '', ...words] = from.enter(['ping', '-n', '-i', interval, address])
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const closed = once(child, 'close')
  return {
    stop: async () => {
      child.kill('SIGINT')
      await closed
      const transmitted = numberIn(output, /(\d+) packets transmitted/)
      const answered = new Set(
        [...output.matchAll(/icmp_seq=(\d+) ttl/g)].map(([, number]) => Number(number)),
      )
      const sent = answered.has(transmitted) ? transmitted : transmitted - 1
      const lost = Array.from({ length: sent }, (_, index) => index + 1).filter(
        (number) => !answered.has(number),
      )
      return { sent, lost: lost.length }
    },
  }
}
