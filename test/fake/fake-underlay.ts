/** The network below simulated nodes: carries what leaves one tunnel port to the node with that address. Says where a frame comes out. */
import { parseRloc } from '#model/address.js'
import type { FieldName } from '#openflow/fields.js'
import type { TracedOutput } from '#trace/switch.js'
import type { FakeSwitch, Frame } from './fake-switch.js'

/** A packet between two tunnel endpoints. */
export interface Encapsulated {
  readonly from: string
  readonly to: string
  readonly vni: number
  readonly bytes: Uint8Array
}

const printIpv4 = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')

const addressOf = ({ state: { values } }: TracedOutput, side: 'src' | 'dst'): string | undefined => {
  const four = Number(values.get(`tun_${side}`) ?? 0)
  if (four !== 0) return printIpv4(four)
  const six = BigInt(values.get(`tun_ipv6_${side}`) ?? 0)
  return six === 0n ? undefined : keyOf(six)
}

const keyOf = (value: number | bigint): string =>
  typeof value === 'bigint' ? `ipv6 ${value.toString(16)}` : printIpv4(value)

const canonical = (address: string): string => keyOf(parseRloc(address)?.value ?? 0)

export class FakeUnderlay {
  private readonly byAddress = new Map<string, FakeSwitch>()
  private readonly byName = new Map<string, FakeSwitch>()
  private frames: Frame[] = []
  /** What has crossed since the start, for those who look. */
  readonly crossed: Encapsulated[] = []

  join(node: FakeSwitch): void {
    this.byName.set(node.name, node)
    if (node.rloc !== undefined) this.byAddress.set(canonical(node.rloc), node)
  }

  node(name: string): FakeSwitch {
    const node = this.byName.get(name)
    if (node === undefined) throw new TypeError(`there is no node ${name}`)
    return node
  }

  nodes(): Iterable<FakeSwitch> {
    return this.byName.values()
  }

  /** To be given to the switches. */
  readonly onFrame = (frame: Frame): void => {
    this.frames.push(frame)
  }

  readonly onTunnel = (output: TracedOutput, node: FakeSwitch): void => {
    const to = addressOf(output, 'dst')
    const own = node.rloc === undefined ? undefined : canonical(node.rloc)
    const from = addressOf(output, 'src') ?? own
    if (to === undefined || from === undefined) return
    const vni = Number(output.state.values.get('tun_id') ?? 0n)
    this.carry({ from, to, vni, bytes: output.state.packet.bytes })
  }

  /** Delivers a packet to the node whose address it bears, whoever sent it. */
  carry(packet: Encapsulated): void {
    this.crossed.push(packet)
    const from = parseKey(packet.from)
    const to = parseKey(packet.to)
    const values = new Map<FieldName, number | bigint>([['tun_id', BigInt(packet.vni)]])
    values.set(typeof from === 'bigint' ? 'tun_ipv6_src' : 'tun_src', from)
    values.set(typeof to === 'bigint' ? 'tun_ipv6_dst' : 'tun_dst', to)
    this.byAddress.get(keyOf(to))?.fromTunnel(packet.bytes, values)
  }

  /** A container of `node` sends a frame: everything that comes out of any interface because of it. */
  send(node: string, name: string, bytes: Uint8Array): readonly Frame[] {
    this.frames = []
    this.node(node).inject(name, bytes)
    return this.frames
  }

  /** As `send`, for a packet that arrives from outside the fabric. */
  sendEncapsulated(packet: Encapsulated): readonly Frame[] {
    this.frames = []
    this.carry(packet)
    return this.frames
  }
}

const parseKey = (address: string): number | bigint =>
  address.startsWith('ipv6 ') ? BigInt(`0x${address.slice(5)}`) : (parseRloc(address)?.value ?? 0)
