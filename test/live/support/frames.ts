/**
 * Raw Ethernet frames between the hosts of a lab: sent through a packet socket (packet(7)) as they are given, with nothing
 * filled in, and seen at the far end by tcpdump.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect } from 'vitest'
import type { LabHost } from '#lab/host.js'
import type { LabNode } from '#lab/node.js'

/** Hexadecimal, lower case, without blanks, from the destination address on. */
export type Hex = string

const sender = `
import socket, sys
device = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
device.bind((sys.argv[1], 0))
for line in sys.stdin:
    device.send(bytes.fromhex(line.strip()))
`

/** Sends frames in this order. */
export const sendFrames = async (from: LabHost, device: string, frames: readonly Hex[]): Promise<void> => {
  const input = `${frames.join('\n')}\n`
  const { code, stderr } = await from.exec(['python3', '-c', sender, device], { input })
  expect(stderr).toBe('')
  expect(code).toBe(0)
}

const tapOwner = `
import fcntl, struct, sys
tap = open('/dev/net/tun', 'r+b', buffering=0)
IFF_TAP, IFF_NO_PI, TUNSETIFF = 2, 0x1000, 0x400454ca
fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH', sys.argv[1].encode(), IFF_TAP | IFF_NO_PI))
print('open', flush=True)
for line in sys.stdin:
    tap.write(bytes.fromhex(line.strip()))
`

const spawned = (words: readonly string[]): ChildProcess => {
  const [program = '', ...args] = words
  return spawn(program, args, { stdio: 'pipe' })
}

/** What stands for the virtual machine behind a tap interface of a node. */
export interface TapOwner {
  send(frame: Hex): void
  close(): Promise<void>
}

/** Opens a tap interface that is there. */
export const openTap = async (node: LabNode, device: string): Promise<TapOwner> => {
  const child = spawned(node.enter(['python3', '-c', tapOwner, device]))
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error('no pipes')
  await once(stdout, 'data')
  return {
    send: (frame) => void stdin.write(`${frame}\n`),
    close: async () => {
      stdin.end()
      await once(child, 'exit')
    },
  }
}

/** A capture of what comes in at one interface of a host. */
export interface Capture {
  readonly frames: Hex[]
  stop(): Promise<void>
}

/** `	0x0010:  0800 4500`, as tcpdump prints them with -xx. */
const hexLine = /^\s+0x([0-9a-f]+):\s+([0-9a-f ]+?)\s*$/

/** Starts a capture and returns when it runs. */
export const capture = async (host: LabHost, device: string): Promise<Capture> => {
  const child = spawned(
    host.enter(['tcpdump', '-i', device, '-Q', 'in', '-n', '-xx', '-l', '-s', '0', '--immediate-mode']),
  )
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('no pipes')
  const frames: Hex[] = []
  let fresh = true
  createInterface({ input: stdout }).on('line', (line) => {
    const [, offset, words] = hexLine.exec(line) ?? []
    if (offset === undefined || words === undefined) {
      fresh = true
      return
    }
    // For some protocols tcpdump prints a part in the same form before the frame.
    if (Number.parseInt(offset, 16) === 0) {
      if (!fresh) frames.pop()
      frames.push('')
      fresh = false
    }
    frames.push(`${frames.pop() ?? ''}${words.replaceAll(' ', '')}`)
  })
  for await (const line of createInterface({ input: stderr })) if (line.includes('listening on')) break
  return {
    frames,
    stop: async () => {
      child.kill('SIGINT')
      await once(child, 'exit')
    },
  }
}

/** Frames in an order of their own, long ones as their beginning and a digest, so that a difference can be read. */
const listed = (frames: readonly Hex[]): string[] =>
  frames
    .map((frame) => {
      const digest = createHash('sha256').update(frame).digest('hex').slice(0, 16)
      return frame.length <= 128 ? frame : `${frame.slice(0, 96)}... ${frame.length / 2} bytes, ${digest}`
    })
    .sort()

/** Waits until a capture holds these frames and no others, in any order. */
export const arrive = (seen: Capture, frames: readonly Hex[]): Promise<void> =>
  expect.poll(() => listed(seen.frames), { timeout: 5_000 }).toEqual(listed(frames))

/** Keeps the kernel of a host from saying anything by itself. */
export const silence = async (host: LabHost): Promise<void> => {
  const { code } = await host.exec(['sh', '-c', 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6'])
  expect(code).toBe(0)
}

/** A frame of an EtherType with a recognizable payload of `size` bytes. */
export const frameOf = (head: Hex, size = 60): Hex =>
  head +
  Buffer.from(Array.from({ length: size - head.length / 2 }, (_, index) => index & 255)).toString('hex')
