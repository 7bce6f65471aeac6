/**
 * Being in a container's network namespace for a moment: setns(2) is for one thread, and everything that is done there is done at once, so
 * nothing else of the process sees it. A program that is started meanwhile stays there. One system call where nsenter(1) would be a program.
 */

import { dlopen, ptr } from 'bun:ffi'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { CniError } from './error.js'

/** sched.h, socket(2), linux/sockios.h, linux/ethtool.h: numbers of the kernel's interface, the same on every architecture that Bun runs on. */
const cloneNewNet = 0x4000_0000
const inetFamily = 2
const datagram = 2
const ethtoolRequest = 0x8946n
const setTxChecksum = 0x17
const setInterfaceMtu = 0x8922n
/** `struct ifreq`: a name of 16 bytes, then the address of the data, or a number. */
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

/** Asks the kernel about an interface of the namespace that the thread is in. @param data eight bytes behind the name */
const control = (request: bigint, name: string, data: ArrayBuffer, what: string): void => {
  const { socket, ioctl } = libc()
  const ifreq = new Uint8Array(ifreqBytes)
  ifreq.set(Buffer.from(name).subarray(0, nameBytes - 1))
  ifreq.set(new Uint8Array(data), nameBytes)
  const handle = socket(inetFamily, datagram, 0)
  if (handle < 0) throw failed('no socket to speak of interfaces')
  try {
    if (ioctl(handle, request, ifreq) !== 0) throw failed(what)
  } finally {
    closeSync(handle)
  }
}

/** What `ip link set dev NAME mtu MTU` does, in the plugin's own namespace. @throws CniError `command-failed` */
export const setMtu = (name: string, mtu: number): void =>
  control(setInterfaceMtu, name, Uint32Array.of(mtu, 0).buffer, `the MTU of ${name} cannot be set to ${mtu}`)

/** What `ethtool -K NAME tx off` does. @throws CniError `command-failed` */
export const turnOffloadOff = (netns: string, name: string): void => {
  const value = new Uint8Array(Uint32Array.of(setTxChecksum, 0).buffer)
  const address = BigUint64Array.of(BigInt(ptr(value))).buffer
  within(netns, () => {
    control(ethtoolRequest, name, address, `checksum offload of ${name} cannot be turned off`)
    // The kernel has read it by its address alone.
    return value.length
  })
}

/** What is opened under /proc/sys/net is of the namespace that the thread is in. @throws CniError `command-failed` */
export const enableIpv6 = (netns: string, name: string): void =>
  within(netns, () => {
    try {
      writeFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, '0')
    } catch (cause) {
      const details = cause instanceof Error ? cause.message : String(cause)
      throw new CniError('command-failed', `IPv6 of ${name} cannot be turned on`, { details, cause })
    }
  })
