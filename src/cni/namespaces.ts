/**
 * Being in a container's network namespace for a moment: setns(2) is for one thread, and everything that is done there is done at once, so
 * nothing else of the process sees it. A program that is started meanwhile stays there. One system call where nsenter(1) would be a program.
 */

import { dlopen, ptr } from 'bun:ffi'
import { closeSync, openSync } from 'node:fs'
import { CniError } from './error.js'

/** sched.h, socket(2), linux/sockios.h, linux/ethtool.h: numbers of the kernel's interface, the same on every architecture that Bun runs on. */
const cloneNewNet = 0x4000_0000
const inetFamily = 2
const datagram = 2
const ethtoolRequest = 0x8946n
const setTxChecksum = 0x17
/** `struct ifreq`: a name of 16 bytes, then the address of the data. */
const ifreqBytes = 40
const nameBytes = 16

const libc = () =>
  dlopen('libc.so.6', {
    setns: { args: ['i32', 'i32'], returns: 'i32' },
    socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
    ioctl: { args: ['i32', 'u64', 'ptr'], returns: 'i32' },
  }).symbols

const failed = (what: string): CniError => new CniError('command-failed', what)

const open = (netns: string): number => {
  try {
    return openSync(netns, 'r')
  } catch (cause) {
    throw new CniError('container-unknown', `the network namespace ${netns} does not exist`, { cause })
  }
}

/** Does `work` in the namespace; it must be done when it returns. @throws CniError `command-failed`, `container-unknown` */
export const within = <T>(netns: string, work: () => T): T => {
  const { setns } = libc()
  const home = openSync('/proc/thread-self/ns/net', 'r')
  try {
    const away = open(netns)
    try {
      if (setns(away, cloneNewNet) !== 0) throw failed(`the network namespace ${netns} cannot be entered`)
    } finally {
      closeSync(away)
    }
    try {
      return work()
    } finally {
      // A process that cannot go home would do everything else in the wrong place.
      if (setns(home, cloneNewNet) !== 0) process.exit(1)
    }
  } finally {
    closeSync(home)
  }
}

/** What `ethtool -K NAME tx off` does. @throws CniError `command-failed` */
export const turnOffloadOff = (netns: string, name: string): void => {
  const value = new Uint8Array(Uint32Array.of(setTxChecksum, 0).buffer)
  const request = new Uint8Array(ifreqBytes)
  request.set(Buffer.from(name).subarray(0, nameBytes - 1))
  request.set(new Uint8Array(BigUint64Array.of(BigInt(ptr(value))).buffer), nameBytes)
  within(netns, () => {
    const { socket, ioctl } = libc()
    const handle = socket(inetFamily, datagram, 0)
    if (handle < 0) throw failed('no socket to speak of interfaces')
    try {
      if (ioctl(handle, ethtoolRequest, request) !== 0)
        throw failed(`checksum offload of ${name} cannot be turned off`)
    } finally {
      closeSync(handle)
    }
    // The kernel has read it by its address alone.
    return value.length
  })
}
