/** Flow tables themselves: OpenFlow 1.5, sections 7.3.4.1, 7.3.5.4, 7.3.5.5, 7.3.5.18 and 7.4.5. */
import { enumOf, lengthOf, list, pad, rest, text, u8, u16, u32, u64 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { tlv } from '#wire/tlv.js'
import { experimenter, experimenterType, flags } from './parts.js'

export const tableConfigs = { eviction: 1 << 2, vacancy_events: 1 << 3 } as const
export const evictionFlags = { other: 1 << 0, importance: 1 << 1, lifetime: 1 << 2 } as const

const properties = list(
  tlv(
    {
      eviction: [2, struct({ flags: flags(u32, evictionFlags) })],
      /** Percentages of free space. */
      vacancy: [3, struct({ down: u8, up: u8, vacancy: u8, _pad: pad(1) })],
      experimenter: [experimenterType, experimenter],
    },
    8,
  ),
)

export const tableMod = struct({
  tableId: u8,
  _pad: pad(3),
  config: flags(u32, tableConfigs),
  properties,
})

export const tableDesc = struct({
  _length: lengthOf(u16, 2),
  tableId: u8,
  _pad: pad(1),
  config: flags(u32, tableConfigs),
  properties,
})

export const tableStatus = struct({
  reason: enumOf(u8, { vacancy_down: 3, vacancy_up: 4 }, { open: true }),
  _pad: pad(7),
  table: tableDesc,
})

export const tableStats = struct({
  tableId: u8,
  _pad: pad(3),
  activeCount: u32,
  lookupCount: u64,
  matchedCount: u64,
})

/** What a table can match and do. The properties are kept as they came: nothing of ours depends on them. */
export const tableFeatures = struct({
  _length: lengthOf(u16, 2),
  tableId: u8,
  command: u8,
  features: u32,
  name: text(32, false),
  metadataMatch: u64,
  metadataWrite: u64,
  capabilities: u32,
  maxEntries: u32,
  properties: rest,
})
