/**
 * A LISP site in a lab: a router in a namespace on the underlay and one machine behind it. The router is the suite's own (src/lab/xtr);
 * a process in its namespace owns the sockets and the TUN device (tun(4)) and passes everything on as lines.
 *
 *     underlay ── rloc, mgmt ── xtr ── tun0 (into the overlay)
 *                                 └─── lan ── e0 of the machine behind it
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { managementAddress, managementPrefix, rlocAddress, rlocPrefix } from '#lab/addresses.js'
import { type CommandResult, run, tryRun } from '#lab/command.js'
import type { Lab } from '#lab/lab.js'
import { fabricMember, namespaceOf } from '#lab/names.js'
import { DataPlane } from '#lab/xtr/data-plane.js'
import { gpePort } from '#lab/xtr/vxlan-gpe.js'
import { Xtr, type XtrOptions, xtrPort } from '#lab/xtr/xtr.js'

/** Lines both ways: what it is for, the other's address and port, the bytes in hexadecimal. */
const ports = `
import fcntl, os, select, socket, struct, sys
IFF_TUN, IFF_NO_PI, TUNSETIFF = 1, 0x1000, 0x400454ca
tun = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(tun, TUNSETIFF, struct.pack('16sH', b'tun0', IFF_TUN | IFF_NO_PI))
sockets = {}
for name, port in (('control', ${xtrPort}), ('data', ${gpePort})):
    sockets[name] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sockets[name].bind(('', port))
print('open', flush=True)
rest = b''
while True:
    ready, _, _ = select.select([0, tun, *sockets.values()], [], [])
    if tun in ready: print('site - 0 ' + os.read(tun, 65536).hex(), flush=True)
    for name, one in sockets.items():
        if one in ready:
            data, (address, port) = one.recvfrom(65536)
            print(f'{name} {address} {port} {data.hex()}', flush=True)
    if 0 not in ready: continue
    part = os.read(0, 65536)
    if not part: break
    *lines, rest = (rest + part).split(b'\\n')
    for line in lines:
        name, address, port, data = line.decode().split(' ')
        if name == 'site': os.write(tun, bytes.fromhex(data))
        else: sockets[name].sendto(bytes.fromhex(data), (address, int(port)))
`

/** Far behind the nodes of any test. */
const position = 900

export interface SiteOptions extends Pick<XtrOptions, 'key' | 'xtrId' | 'siteId' | 'clock' | 'random'> {
  readonly lab: Lab
  readonly iid: number
  /** Of the router at its LAN, with prefix length. */
  readonly gateways: readonly string[]
  /** Of the machine behind it, with prefix length. */
  readonly addresses: readonly string[]
  /** Prefixes that the router sends into the overlay. */
  readonly overlay: readonly string[]
}

export interface LispSite {
  readonly xtr: Xtr
  readonly dataPlane: DataPlane
  readonly rloc: string
  /** Command and arguments that run `command` in the machine behind the router. */
  enter(command: readonly string[]): string[]
  /** Runs it to its end. */
  exec(command: readonly string[]): Promise<CommandResult>
  close(): Promise<void>
}

const ip = async (namespace: string, lines: readonly string[]): Promise<void> => {
  await run('ip', ['-netns', namespace, '-batch', '-'], { input: `${lines.join('\n')}\n` })
}

const isIpv6 = (text: string): boolean => text.includes(':')
const given = (address: string, device: string): string =>
  `addr add ${address} dev ${device}${isIpv6(address) ? ' nodad' : ''}`

/** Up with a link-local address at once: one that the kernel makes is tentative for a second or two. */
const raised = (device: string, linkLocal: string): string[] => [
  `link set ${device} addrgenmode none`,
  `link set ${device} up`,
  given(linkLocal, device),
]

/** The namespaces and cables; the TUN device comes with its process. */
const lay = async (
  { lab, gateways, addresses }: SiteOptions,
  router: string,
  machine: string,
): Promise<void> => {
  await run('ip', ['-batch', '-'], { input: `netns add ${router}\nnetns add ${machine}\n` })
  const joined = (port: string, device: string, bridge: string, mtu: number): string[] => [
    `link add ${port} type veth peer name ${device} mtu ${mtu} netns ${router}`,
    `link set ${port} master ${bridge} mtu ${mtu} arp off addrgenmode none`,
    `link set ${port} up`,
  ]
  const fabric = namespaceOf(lab.name, fabricMember)
  await ip(fabric, [
    ...joined('xtr-m', 'mgmt', 'mgmt', 1500),
    ...joined('xtr-u', 'rloc', 'under', lab.state.underlayMtu),
  ])
  await ip(router, [
    'link set lo up',
    `addr add ${managementAddress(lab.state.subnet, position)}/${managementPrefix} dev mgmt`,
    `addr add ${rlocAddress(position)}/${rlocPrefix} dev rloc`,
    'link set mgmt up',
    'link set rloc up',
    `link add lan type veth peer name e0 netns ${machine}`,
    ...raised('lan', 'fe80::1/64'),
    ...gateways.map((address) => given(address, 'lan')),
    ...addresses
      .filter((address) => address.endsWith('/32'))
      .map((address) => `route add ${address} dev lan`),
  ])
  await ip(machine, [
    'link set lo up',
    ...raised('e0', 'fe80::2/64'),
    ...addresses.map((address) => given(address, 'e0')),
    ...gateways.map((address) => `route add default via ${address.replace(/\/.*/, '')} dev e0`),
  ])
  const forwarding = 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
  // Behind a switch that forwards in user space nobody fills in checksums.
  await run('ip', ['netns', 'exec', router, 'sh', '-c', `${forwarding}; ethtool -K rloc tx off`])
}

/** Brings a site up: its router knows nothing yet, and nobody knows it. */
export const openSite = async (options: SiteOptions): Promise<LispSite> => {
  const { lab, iid, overlay } = options
  const [router, machine] = [namespaceOf(lab.name, 'xtr'), namespaceOf(lab.name, 'behind')]
  await lay(options, router, machine)
  const enter = (command: readonly string[]): string[] => ['ip', 'netns', 'exec', machine, ...command]
  const child = spawn('ip', ['netns', 'exec', router, 'python3', '-c', ports], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const write = (name: string, address: string, port: number, data: Uint8Array): void =>
    void child.stdin.write(`${name} ${address} ${port} ${Buffer.from(data).toString('hex')}\n`)
  let hear: (data: Uint8Array) => void = () => {}
  const close = async (): Promise<void> => {
    child.stdin.end()
    await ended
    await run('ip', ['-batch', '-'], { input: `netns del ${machine}\nnetns del ${router}\n` })
  }
  const rloc = rlocAddress(position)
  const address = managementAddress(lab.state.subnet, position)
  const mapServer = { address: lab.controllerAddress, port: xtrPort }
  const xtr = new Xtr(
    { ...options, address, rloc, mapServer, onSolicited: (eid) => dataPlane.forget(eid) },
    {
      send: (data, port, to) => write('control', to, port, data),
      listen: (take) => {
        hear = take
      },
      close,
    },
  )
  const dataPlane = new DataPlane({
    iid,
    resolve: (eid) => xtr.resolve(iid, eid),
    toSite: (packet) => write('site', '-', 0, packet),
    toRloc: (datagram, port, to) => write('data', to, port, datagram),
  })
  const lines = createInterface({ input: child.stdout })
  await once(lines, 'line')
  lines.on('line', (line) => {
    const [name, , , hex = ''] = line.split(' ')
    const data = Buffer.from(hex, 'hex')
    if (name === 'control') hear(data)
    else if (name === 'data') dataPlane.fromRloc(data)
    else dataPlane.fromSite(data)
  })
  await ip(router, [
    'link set tun0 addrgenmode none mtu 1400 up',
    ...overlay.map((prefix) => `route add ${prefix} dev tun0`),
  ])
  return {
    xtr,
    dataPlane,
    rloc,
    enter,
    exec: (command) => tryRun('ip', enter(command).slice(1)),
    close,
  }
}
