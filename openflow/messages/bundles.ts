/** Bundles: messages that take effect together or not at all. OpenFlow 1.5, section 7.3.9; the message inside is `messages.ts`'s. */
import { enumOf, list, u16, u32 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { tlv } from '#wire/tlv.js'
import { experimenter, experimenterType, flags } from './parts.js'

export const bundleFlags = { atomic: 1 << 0, ordered: 1 << 1 } as const

/** Open vSwitch refuses a bundle whose messages do not all carry the flags that it was opened with. */
export const bundleFlagSet = flags(u16, bundleFlags)

export const bundleTypes = {
  open_request: 0,
  open_reply: 1,
  close_request: 2,
  close_reply: 3,
  commit_request: 4,
  commit_reply: 5,
  discard_request: 6,
  discard_reply: 7,
} as const

/** Requests and replies alike. */
export const bundleControl = struct({
  bundleId: u32,
  control: enumOf(u16, bundleTypes, { open: true }),
  flags: bundleFlagSet,
  properties: list(tlv({ experimenter: [experimenterType, experimenter] }, 8)),
})
