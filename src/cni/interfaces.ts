/** The interfaces of the node and of a container: making, equipping, looking, removing. Each step starts one program. */
import { CniError } from './error.js'
import type { Kernel, Rim } from './node.js'
import { type Cable, cableLines, containerLines, type Equipment, needsIpv6 } from './plumbing.js'
import { outputOf, type ProgramResult, type RunProgram, wordsOf } from './programs.js'
import { isObject } from './reading.js'

/** What `ip -json` says of an interface. */
export interface SeenInterface {
  readonly name: string
  readonly index: number
  /** Of the other end of the cable, in its own namespace. */
  readonly peerIndex: number | undefined
  readonly mac: string
  readonly alias: string
  /** With prefix length. */
  readonly addresses: readonly string[]
}

/** What becomes of a cable once it is known what it is for. */
export interface Fitting {
  readonly equipment: Equipment
  /** The container has to fill in checksums itself. */
  readonly offloadOff: boolean
}

export class Interfaces {
  readonly #run: RunProgram
  readonly #kernel: Pick<Kernel, 'turnOffloadOff' | 'setMtu' | 'enableIpv6'>

  constructor({ run, kernel }: Pick<Rim, 'run' | 'kernel'>) {
    this.#run = run
    this.#kernel = kernel
  }

  /**
   * Makes the cable, or finds that it is there already. What else is left under the name of the host's end goes, if it is ours.
   * @throws CniError `taken` where another has an interface of either name, `command-failed`
   */
  async connect(cable: Cable): Promise<void> {
    const made = await this.#batch(cableLines(cable))
    if (made.code === 0) return
    const { host, netns, interfaceName, alias } = cable
    const [outside, inside] = await Promise.all([this.look(host), this.lookInside(netns, interfaceName)])
    if (inside !== undefined && inside.peerIndex !== outside?.index)
      throw new CniError('taken', `the container has an interface ${interfaceName} already`)
    if (outside === undefined) throw failed(cable, made)
    if (outside.alias !== alias && outside.alias !== '')
      throw new CniError('taken', `the node has an interface ${host} already`, { details: outside.alias })
    if (inside !== undefined) return
    await this.remove(host)
    const again = await this.#batch(cableLines(cable))
    if (again.code !== 0) throw failed(cable, again)
  }

  /**
   * Gives the container's end what it needs, and the host's end an MTU that was not known when it was made.
   * @param fitting known when the cable is there; the program that it is told to starts meanwhile
   * @throws CniError `command-failed`, `container-unknown`; what `fitting` rejects with
   */
  async equip(cable: Cable, fitting: Promise<Fitting>): Promise<void> {
    const { interfaceName, netns } = cable
    const input = fitting.then(({ equipment, offloadOff }) => {
      this.#prepare(cable, equipment, offloadOff)
      return batch(containerLines(interfaceName, equipment))
    })
    const running = this.#run('ip', ['-batch', '-'], { input, netns })
    await outputOf(`${interfaceName} of the container could not be set up`, running)
  }

  #prepare({ host, interfaceName, netns, mtu }: Cable, equipment: Equipment, offloadOff: boolean): void {
    if (equipment.mtu > mtu) this.#kernel.setMtu(host, equipment.mtu)
    if (needsIpv6(equipment)) this.#kernel.enableIpv6(netns, interfaceName)
    // Frames with checksums left for a network card to fill in arrive broken behind a userspace datapath.
    if (offloadOff) this.#kernel.turnOffloadOff(netns, interfaceName)
  }

  /** Runs a batch in the node's namespace. @throws CniError `command-failed` */
  async configure(lines: readonly string[]): Promise<void> {
    await outputOf('an interface of the node could not be set up', this.#batch(lines))
  }

  /** Removes an interface of the node, and with it the other end of its cable; one that is not there is removed. */
  async remove(host: string): Promise<void> {
    gone(host, await this.#run('ip', ['link', 'del', 'dev', host]))
  }

  /** As `remove`, unless it is another's. */
  async removeOwn(host: string, alias: string): Promise<void> {
    const found = await this.look(host)
    if (found !== undefined && (found.alias === alias || found.alias === '')) await this.remove(host)
  }

  /** As `remove`, from inside of a container. */
  async removeInside(netns: string, interfaceName: string): Promise<void> {
    const running = this.#run('ip', ['link', 'del', 'dev', interfaceName], { netns })
    const result = await running.catch((error: unknown) => {
      if (error instanceof CniError && error.code === 'container-unknown') return undefined
      throw error
    })
    if (result !== undefined) gone(interfaceName, result)
  }

  /** An interface of the node, if it is there. */
  async look(name: string): Promise<SeenInterface | undefined> {
    return seen(await this.#run('ip', ['-json', 'addr', 'show', 'dev', name]))[0]
  }

  async lookInside(netns: string, name: string): Promise<SeenInterface | undefined> {
    return seen(await this.#run('ip', ['-json', 'addr', 'show', 'dev', name], { netns }))[0]
  }

  /** Every interface of the node. */
  async list(): Promise<readonly SeenInterface[]> {
    const running = this.#run('ip', ['-json', 'link', 'show', 'type', 'veth'])
    return seen({
      code: 0,
      stdout: await outputOf('the interfaces of the node cannot be listed', running),
      stderr: '',
    })
  }

  /** Destinations of a container's routes by an interface, as `ip` prints them. */
  async destinationsInside(netns: string, name: string): Promise<readonly string[]> {
    const script = 'ip -json -4 route show dev "$1"; ip -json -6 route show dev "$1"'
    const said = await outputOf(
      'the routes of the container cannot be listed',
      this.#run('sh', ['-c', script, 'sh', name], { netns }),
    )
    return said
      .split('\n')
      .flatMap(parseList)
      .map(({ dst }) => String(dst))
  }

  #batch(lines: readonly string[]): Promise<ProgramResult> {
    return this.#run('ip', ['-batch', '-'], { input: batch(lines) })
  }
}

const batch = (lines: readonly string[]): string => `${lines.join('\n')}\n`

const failed = ({ host, interfaceName }: Cable, result: ProgramResult): CniError =>
  new CniError('command-failed', `the cable from ${host} to ${interfaceName} could not be made`, {
    details: wordsOf(result),
  })

const gone = (name: string, result: ProgramResult): void => {
  // It may go of itself at the same moment, with the container's namespace.
  if (result.code === 0 || /Cannot find device|No such device/.test(result.stderr)) return
  throw new CniError('command-failed', `${name} could not be removed`, { details: wordsOf(result) })
}

const parseList = (json: string): readonly Readonly<Record<string, unknown>>[] => {
  if (json.trim() === '') return []
  try {
    const value: unknown = JSON.parse(json)
    return Array.isArray(value) ? value.filter(isObject) : []
  } catch (cause) {
    throw new CniError('decoding-failure', 'ip printed what is no JSON', { cause })
  }
}

const seen = ({ code, stdout }: ProgramResult): readonly SeenInterface[] => {
  if (code !== 0) return []
  // `ip` leaves empty objects where a filter left interfaces out.
  const named = parseList(stdout).filter(({ ifname }) => typeof ifname === 'string')
  return named.map((each) => {
    const { ifname, ifindex, link_index: peer, address, ifalias, addr_info: addresses } = each
    return {
      name: String(ifname),
      index: Number(ifindex),
      peerIndex: typeof peer === 'number' ? peer : undefined,
      mac: String(address),
      alias: typeof ifalias === 'string' ? ifalias : '',
      addresses: (Array.isArray(addresses) ? addresses.filter(isObject) : []).map(
        ({ local, prefixlen }) => `${local}/${prefixlen}`,
      ),
    }
  })
}
