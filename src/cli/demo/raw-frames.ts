/**
 * Raw frames between hosts: sent through a packet socket (packet(7)) with nothing filled in, and read from the far
 * interface by tcpdump(8), which puts back the tag that the kernel keeps beside a frame.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { LabHost } from '#lab/host.js'
import { CheckFailed } from './check.js'
import { type Frame, sender } from './frames.js'

/** Node.js opens no packet sockets; Python does, and Open vSwitch's package brings it. */
const sendScript = `
import socket, sys
device = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
device.bind((sys.argv[1], 0))
device.send(bytes.fromhex(sys.argv[2]))
`

export const sendFrame = async (host: LabHost, device: string, { hex }: Frame): Promise<void> => {
  const { code, stderr } = await host.exec(['python3', '-c', sendScript, device, hex])
  if (code !== 0) throw new CheckFailed('a frame that can be sent', stderr.trim())
}

/** What has come in at one interface from the sender of the demo's frames. */
export interface Capture {
  /** Hexadecimal, as frames are. */
  readonly frames: readonly string[]
  stop(): Promise<void>
}

/** `	0x0010:  0800 4500`, as tcpdump prints bytes with -xx. */
const hexLine = /^\s+0x([0-9a-f]+):\s+([0-9a-f ]+?)\s*$/

const collect = (child: ChildProcess, frames: string[]): void => {
  if (child.stdout === null) return
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [, offset, words] = hexLine.exec(line) ?? []
    if (offset === undefined || words === undefined) return
    if (Number.parseInt(offset, 16) === 0) frames.push('')
    frames.push((frames.pop() ?? '') + words.replaceAll(' ', ''))
  })
}

/** Resolves when tcpdump says that it listens; rejects with its words when it ends before. */
const listening = async (child: ChildProcess): Promise<void> => {
  const said: string[] = []
  if (child.stderr === null) return
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.startsWith('listening on')) return
    said.push(line)
  }
  throw new CheckFailed('tcpdump to listen', said.join(' / '))
}

/** Begins to look at one interface of a host. */
export const capture = async (host: LabHost, device: string): Promise<Capture> => {
  const from = `ether src ${sender.match(/../g)?.join(':')}`
  const options = ['-Q', 'in', '-n', '-l', '-xx', '-s', '0', '--immediate-mode']
  const [program = '', ...words] = host.enter(['tcpdump', '-i', device, ...options, from])
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  const frames: string[] = []
  collect(child, frames)
  await listening(child)
  return {
    frames,
    stop: async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}
