/** OXS, the extensible flow statistics of OpenFlow 1.5, section 7.2.4: counters as a list of what the switch keeps. */
import { type Codec, lengthOf, pad, u16, u32, u64 } from '#wire/codec.js'
import { WireError } from '#wire/error.js'
import type { Reader } from '#wire/reader.js'
import { struct } from '#wire/struct.js'
import type { Writer } from '#wire/writer.js'
import { duration } from './parts.js'

/** A stretch of time: seconds, and nanoseconds beyond them. */
export interface Duration {
  readonly sec: number
  readonly nsec: number
}

/** Counters of a flow, or of flows together; those that the switch does not keep are absent. */
export interface FlowStats {
  readonly duration?: Duration
  /** Since the last packet. */
  readonly idleTime?: Duration
  readonly flowCount?: number
  readonly packetCount?: bigint
  readonly byteCount?: bigint
  /** Statistics of other classes or numbers, kept as they came. */
  readonly others?: readonly UnknownStat[]
}

export interface UnknownStat {
  readonly oxsClass: number
  readonly field: number
  readonly value: Uint8Array
}

const basicClass = 0x8002

type Named = Exclude<keyof FlowStats, 'others'>

interface Line {
  readonly name: Named
  readonly field: number
  readonly size: number
  readonly codec: Codec<unknown>
}

/** Each statistic once. */
const lines: readonly Line[] = [
  { name: 'duration', field: 0, size: 8, codec: duration },
  { name: 'idleTime', field: 1, size: 8, codec: duration },
  { name: 'flowCount', field: 3, size: 4, codec: u32 },
  { name: 'packetCount', field: 4, size: 8, codec: u64 },
  { name: 'byteCount', field: 5, size: 8, codec: u64 },
]
const byField = new Map(lines.map((line) => [line.field, line]))

const readOne = (r: Reader, into: Record<string, unknown>): void => {
  const begin = r.pos
  const oxsClass = r.u16()
  const field = r.u8() >>> 1
  const size = r.u8()
  const line = oxsClass === basicClass ? byField.get(field) : undefined
  if (line === undefined) {
    const others = (into.others ?? []) as readonly UnknownStat[]
    into.others = [...others, { oxsClass, field, value: r.raw(size) }]
  } else if (size === line.size) into[line.name] = line.codec.read(r)
  else throw new WireError('invalid', `${line.name} of ${size} bytes where ${line.size} are due`, begin)
}

const writeHeader = (w: Writer, oxsClass: number, field: number, size: number): void => {
  w.u16(oxsClass)
  w.u8(field << 1)
  w.u8(size)
}

/** At most as many foreign statistics are kept: nobody has so many, and the list is rebuilt for each. */
const othersMax = 64

const fields: Codec<FlowStats> = {
  read: (r) => {
    const stats: Record<string, unknown> = {}
    for (let count = 0; r.remaining > 0; count++) {
      if (count > othersMax) r.fail(`more than ${othersMax} statistics`)
      readOne(r, stats)
    }
    return stats
  },
  write: (w, stats) => {
    for (const line of lines) {
      const value = stats[line.name]
      if (value === undefined) continue
      writeHeader(w, basicClass, line.field, line.size)
      line.codec.write(w, value)
    }
    for (const { oxsClass, field, value } of stats.others ?? []) {
      writeHeader(w, oxsClass, field, value.length)
      w.raw(value)
    }
  },
}

const withHeader = struct({ _reserved: pad(2), _length: lengthOf(u16, 2), fields })

/** The statistics with their header, padded to a multiple of 8 bytes that the header's length does not count. */
export const flowStats: Codec<FlowStats> = {
  read: (r) => {
    const begin = r.pos
    const { fields: stats } = withHeader.read(r)
    r.take(Math.min((8 - ((r.pos - begin) % 8)) % 8, r.remaining))
    return stats
  },
  write: (w, stats) => {
    const begin = w.pos
    withHeader.write(w, { fields: stats })
    w.zeros((8 - ((w.pos - begin) % 8)) % 8)
  },
}
