/** Frames as bytes, for tests: what protocols of every kind put on a wire. */

export const hexBytes = (hex: string): Uint8Array =>
  new Uint8Array(Buffer.from(hex.replace(/\s/g, ''), 'hex'))

const ethernet = (destination: string, etherType: string, payload: Uint8Array): Uint8Array =>
  new Uint8Array([...hexBytes(`${destination} 020000000001 ${etherType}`), ...payload])

/** Zeros up to `size` bytes. */
export const filled = (frame: Uint8Array, size: number): Uint8Array => {
  const bytes = new Uint8Array(Math.max(size, frame.length))
  bytes.set(frame)
  return bytes
}

/** A sum over 16-bit words: RFC 1071. */
export const checksum = (bytes: Uint8Array): number => {
  let sum = 0
  bytes.forEach((byte, at) => {
    sum += at % 2 === 0 ? byte << 8 : byte
  })
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

const word = (value: number): number[] => [(value >> 8) & 255, value & 255]

export interface Ipv4Facts {
  readonly source?: string
  readonly destination?: string
  readonly ttl?: number
  readonly protocol?: number
  readonly tos?: number
}

const address = (text: string): number[] => text.split('.').map(Number)

/** The payload of an Ethernet frame: an IPv4 packet with a right header checksum. */
export const ipv4 = (payload: Uint8Array, facts: Ipv4Facts = {}): Uint8Array => {
  const { source = '10.0.0.1', destination = '10.0.0.2', ttl = 64, protocol = 17, tos = 0 } = facts
  const header = new Uint8Array([
    0x45,
    tos,
    ...word(20 + payload.length),
    0x12,
    0x34,
    0x40,
    0,
    ttl,
    protocol,
    0,
    0,
    ...address(source),
    ...address(destination),
  ])
  header.set(word(checksum(header)), 10)
  return new Uint8Array([...header, ...payload])
}

/** UDP or TCP with a right checksum over the addresses too. */
const transport = (segment: Uint8Array, at: number, facts: Ipv4Facts, protocol: number): Uint8Array => {
  const { source = '10.0.0.1', destination = '10.0.0.2' } = facts
  const pseudo = [...address(source), ...address(destination), 0, protocol, ...word(segment.length)]
  const whole = segment.slice()
  whole.set(word(checksum(new Uint8Array([...pseudo, ...segment]))), at)
  return whole
}

export const udp = (from: number, to: number, text: string, facts: Ipv4Facts = {}): Uint8Array => {
  const payload = Buffer.from(text)
  const segment = new Uint8Array([...word(from), ...word(to), ...word(8 + payload.length), 0, 0, ...payload])
  return ipv4(transport(segment, 6, facts, 17), { ...facts, protocol: 17 })
}

export const tcp = (from: number, to: number, flags: number, facts: Ipv4Facts = {}): Uint8Array => {
  const head = [...word(from), ...word(to), 0, 0, 0, 1, 0, 0, 0, 2, 0x50, flags, 0x20, 0, 0, 0, 0, 0]
  return ipv4(transport(new Uint8Array(head), 16, facts, 6), { ...facts, protocol: 6 })
}

export const inEthernet = (
  packet: Uint8Array,
  etherType = '0800',
  destination = '020000000002',
): Uint8Array => ethernet(destination, etherType, packet)

const text = (words: string): Uint8Array => new Uint8Array(Buffer.from(words))

/** One frame of each protocol that switches are apt to keep to themselves. */
export const frames: Readonly<Record<string, Uint8Array>> = {
  LLDP: filled(
    ethernet('0180c200000e', '88cc', hexBytes('0207 04 020000000001 0403 05 6531 0602 0078 0000')),
    60,
  ),
  STP: filled(ethernet('0180c2000000', '0026', hexBytes('424203 0000 00 00 00 8000020000000001')), 60),
  LACP: filled(ethernet('0180c2000002', '8809', hexBytes('0101 0114 8000 020000000001')), 124),
  EAPOL: filled(ethernet('0180c2000003', '888e', hexBytes('0101 0000')), 60),
  PAUSE: filled(ethernet('0180c2000001', '8808', hexBytes('0001 ffff')), 60),
  CDP: filled(ethernet('01000ccccccc', '0010', hexBytes('aaaa03 00000c 2000 02b4')), 60),
  ARP: filled(
    ethernet(
      'ffffffffffff',
      '0806',
      hexBytes('0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002'),
    ),
    60,
  ),
  'IPv4 UDP': inEthernet(udp(1000, 2000, 'hello')),
  'IPv4 TCP': inEthernet(tcp(1000, 80, 2)),
  'IPv4 fragment': inEthernet(
    hexBytes('45000020 00012001 40110000 0a000001 0a000002 0102030405060708090a0b0c'),
  ),
  IPv6: inEthernet(
    hexBytes(
      '60000000 0008 3b 40 20010db8000000000000000000000001 20010db8000000000000000000000002 0011223344556677',
    ),
    '86dd',
  ),
  'a VLAN tag': inEthernet(new Uint8Array([...hexBytes('0064 0800'), ...udp(1, 2, 'tagged')]), '8100'),
  'Q-in-Q': inEthernet(new Uint8Array([...hexBytes('0064 8100 00c8 0800'), ...udp(1, 2, 'double')]), '88a8'),
  'three tags': inEthernet(
    new Uint8Array([...hexBytes('0064 8100 00c8 8100 012c 0800'), ...udp(1, 2, 'triple')]),
    '8100',
  ),
  MPLS: inEthernet(new Uint8Array([...hexBytes('00064140'), ...udp(1, 2, 'label')]), '8847'),
  'an unknown Ethertype': ethernet('020000000002', '4242', text('whatever it is')),
  'a runt': hexBytes('0200'),
  jumbo: filled(inEthernet(udp(5, 6, 'x'.repeat(8900))), 9000),
}
