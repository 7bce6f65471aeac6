/**
 * A node's interfaces in memory, and the programs that the CNI plugin starts to change them: as much of ip(8) and sh(1) as it uses.
 * What it is told it notes, so that a test reads which commands a container got.
 */
import type { ProgramOptions, ProgramResult, RunProgram } from '#cni/programs.js'

interface Device {
  readonly index: number
  readonly peer: number
  alias: string
  mac: string
  mtu: number
  readonly addresses: string[]
}

const good: ProgramResult = { code: 0, stdout: '', stderr: '' }
const bad = (stderr: string): ProgramResult => ({ code: 1, stdout: '', stderr })
const said = (value: unknown): ProgramResult => ({ ...good, stdout: `${JSON.stringify(value)}\n` })

/** The name of the node's own namespace. */
const here = ''

/** Its input is there when a program is asked for its answer. */
interface FedOptions extends ProgramOptions {
  readonly input: string
}

type Program = (args: readonly string[], options: FedOptions) => ProgramResult | Promise<ProgramResult>

export class CniHost {
  /** Every program that was started, with its arguments. */
  readonly started: string[] = []
  /** Lines of batches that were run in containers. */
  readonly inside: string[] = []
  /** Programs of the test: IPAM plugins by path. */
  readonly programs = new Map<string, Program>()
  /** Called before each program; what it returns is the program's result. */
  fault: (line: string) => ProgramResult | undefined = () => undefined
  /** Interfaces whose checksum offload was turned off, with their namespaces. */
  readonly offloadOff: string[] = []
  /** Interfaces whose IPv6 was turned on, with their namespaces. */
  readonly ipv6: string[] = []
  /** Files under /proc, by path. */
  readonly kernelFiles = new Map<string, string>()
  readonly kernel = {
    setMtu: (name: string, mtu: number): void => {
      const device = this.#at(here).get(name)
      if (device !== undefined) device.mtu = mtu
    },
    enableIpv6: (netns: string, name: string): void => void this.ipv6.push(`${netns} ${name}`),
    turnOffloadOff: (netns: string, name: string): void => void this.offloadOff.push(`${netns} ${name}`),
    read: (file: string): string | undefined => this.kernelFiles.get(file),
    write: (file: string, text: string): void => void this.kernelFiles.set(file, text),
  }
  readonly #namespaces = new Map<string, Map<string, Device>>()
  #index = 1

  readonly run: RunProgram = async (program, args, options = {}) => {
    const line = [...(options.netns === undefined ? [] : ['inside']), program, ...args].join(' ')
    this.started.push(line)
    // A program that waits for its input does nothing before it has it.
    const input = (await options.input) ?? ''
    return this.fault(line) ?? this.#answer(program, args, { ...options, input })
  }

  /** The interfaces of the node, or of a container. */
  devices(netns = here): readonly string[] {
    return [...this.#at(netns).keys()]
  }

  device(name: string, netns = here): Readonly<Device> | undefined {
    return this.#at(netns).get(name)
  }

  /** An interface that somebody else made. */
  plug(name: string, netns = here, alias = ''): void {
    this.#at(netns).set(name, {
      index: this.#index++,
      peer: 0,
      alias,
      mac: '02:00:00:00:00:01',
      mtu: 1500,
      addresses: [],
    })
  }

  /** The namespace of a container goes, and every cable into it. */
  removeNamespace(netns: string): void {
    for (const name of this.devices(netns)) this.#remove(netns, name)
    this.#namespaces.delete(netns)
  }

  async #answer(program: string, args: readonly string[], options: FedOptions): Promise<ProgramResult> {
    if (options.netns !== undefined) return this.#inNamespace(options.netns, [program, ...args], options)
    if (program === 'ip') return this.#ip(here, args, options)
    if (program === 'nft') return good
    return (await this.programs.get(program)?.(args, options)) ?? bad(`${program}: not found`)
  }

  #at(netns: string): Map<string, Device> {
    const found = this.#namespaces.get(netns) ?? new Map<string, Device>()
    this.#namespaces.set(netns, found)
    return found
  }

  #inNamespace(netns: string, command: readonly string[], options: FedOptions): ProgramResult {
    const [program, flag, script = '', , name = ''] = command
    if (program === 'ip') return this.#ip(netns, command.slice(1), options)
    if (program !== 'sh' || flag !== '-c') return bad(`${program}: not found`)
    return script.includes('route show') ? this.#routes(name) : bad(`sh: ${script}`)
  }

  /** Destinations that containers were given by the interface. */
  #routes(name: string): ProgramResult {
    const lines = this.inside.filter(
      (line) => line.startsWith('route replace') && line.includes(`dev ${name}`),
    )
    const printed = lines
      .map((line) => line.split(' ')[2] ?? '')
      .map((dst) => (/\/0$/.test(dst) ? 'default' : dst))
    return said(printed.map((dst) => ({ dst })))
  }

  #ip(netns: string, args: readonly string[], { input }: FedOptions): ProgramResult {
    const line = args.join(' ')
    if (line === '-batch -') return this.#batch(netns, input)
    const [, shown] = /^-json addr show dev (\S+)$/.exec(line) ?? []
    if (shown !== undefined) return this.#show(netns, shown)
    if (line === '-json link show type veth')
      return said(this.devices(netns).map((name) => this.#json(netns, name)))
    const [, removed] = /^link del dev (\S+)$/.exec(line) ?? []
    if (removed !== undefined) return this.#remove(netns, removed)
    return line.startsWith('link set dev') ? good : bad(`unknown: ip ${line}`)
  }

  #show(netns: string, name: string): ProgramResult {
    const json = this.#json(netns, name)
    return json === undefined ? bad(`Device "${name}" does not exist.`) : said([json])
  }

  #json(netns: string, name: string): object | undefined {
    const device = this.#at(netns).get(name)
    if (device === undefined) return undefined
    const { index, peer, alias, mac, addresses } = device
    const info = addresses.map((each) => ({
      local: each.split('/')[0],
      prefixlen: Number(each.split('/')[1]),
    }))
    return { ifindex: index, link_index: peer, ifname: name, address: mac, ifalias: alias, addr_info: info }
  }

  #remove(netns: string, name: string): ProgramResult {
    const device = this.#at(netns).get(name)
    if (device === undefined) return bad(`Cannot find device "${name}"`)
    for (const devices of this.#namespaces.values()) {
      for (const [each, { index }] of devices)
        if (index === device.peer || index === device.index) devices.delete(each)
    }
    return good
  }

  #batch(netns: string, input: string): ProgramResult {
    for (const line of input.split('\n').filter((each) => each !== '')) {
      if (netns !== here) this.inside.push(line)
      const refusal = this.#line(netns, line)
      if (refusal !== undefined) return bad(refusal)
    }
    return good
  }

  #line(netns: string, line: string): string | undefined {
    const made =
      /^link add name (\S+) mtu (\d+) address (\S+) type veth peer name (\S+) mtu \d+ netns (\S+)$/.exec(line)
    if (made !== null) return this.#connect(made.slice(1))
    const [, name = ''] = /dev (\S+)/.exec(line) ?? []
    const device = this.#at(netns).get(name)
    if (name !== 'lo' && device === undefined) return `Cannot find device "${name}"`
    if (device === undefined) return undefined
    device.alias = /alias (\S+)/.exec(line)?.[1] ?? device.alias
    device.mac = /^link.* address (\S+)/.exec(line)?.[1] ?? device.mac
    device.mtu = Number(/^link.* mtu (\d+)/.exec(line)?.[1] ?? device.mtu)
    const [, address] = /^addr replace (\S+)/.exec(line) ?? []
    if (address !== undefined && !device.addresses.includes(address)) device.addresses.push(address)
    return undefined
  }

  #connect([host = '', mtu = '', mac = '', name = '', netns = '']: readonly string[]): string | undefined {
    if (this.#at(here).has(host) || this.#at(netns).has(name)) return 'RTNETLINK answers: File exists'
    const [outer, inner] = [this.#index++, this.#index++]
    const rest = { alias: '', mtu: Number(mtu), addresses: [] }
    this.#at(here).set(host, { ...rest, index: outer, peer: inner, mac })
    this.#at(netns).set(name, { ...rest, addresses: [], index: inner, peer: outer, mac: '02:00:00:00:00:09' })
    return undefined
  }
}
