/** The state machine of a bundle against transcripts that a person can read: openflow-bundle.txt. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import {
  type Bundle,
  type BundleTurn,
  bundleInterrupted,
  bundleReceived,
  bundleXids,
} from '#openflow/channel/bundle.js'
import type { Message } from '#openflow/messages.js'
import { type PeerErrorName, peerErrors } from '#openflow/peer-errors.js'

const xids = bundleXids(100, 3)

const xidOf = (place: string): number => {
  const index = /^add\[(\d)\]$/.exec(place)?.[1]
  return index === undefined
    ? xids[place as 'open' | 'close' | 'commit' | 'discard']
    : xids.add + Number(index)
}

const errorOf = (name: PeerErrorName): Message => {
  const [type, code] = peerErrors[name]
  return { type: 'error', error: { name, type, code, data: new Uint8Array() } }
}

const controlOf = (control: `${'open' | 'close' | 'commit' | 'discard'}_reply`): Message => ({
  type: 'bundle_control',
  bundleId: 1,
  control,
  flags: [],
  properties: [],
})

const happen = (bundle: Bundle, line: string): BundleTurn => {
  const [event = '', place = '', name = ''] = line.split(' ')
  if (event === 'closed' || event === 'timeout') return bundleInterrupted(bundle, new Error(event), event)
  const [xid, message] =
    event === 'error'
      ? [xidOf(place), errorOf(name as PeerErrorName)]
      : [xidOf(event.replace('_reply', '')), controlOf(event as 'open_reply')]
  return bundleReceived(bundle, xids, { version: 6, xid, message })
}

const print = ({ bundle, send }: BundleTurn): readonly string[] => {
  const state =
    bundle.state === 'failed'
      ? `failed ${bundle.error.code} ${bundle.error.index ?? '-'} ${bundle.error.peer?.name ?? '-'}`
      : bundle.state
  return [`  ${state}`, ...(send === undefined ? [] : [`  send ${send}`])]
}

const transcripts = readFileSync(new URL('openflow-bundle.txt', import.meta.url), 'utf8')
  .split('\n\n')
  .slice(1)
  .map((block) => {
    const [title = '', first = '', ...lines] = block.trimEnd().split('\n')
    return { title: title.slice(2), first: first as 'filling' | 'committing', lines }
  })

it.each(transcripts)('$title', ({ first, lines }) => {
  let bundle: Bundle = { state: first }
  const replayed = lines
    .filter((line) => !line.startsWith(' '))
    .flatMap((line) => {
      const turn = happen(bundle, line)
      bundle = turn.bundle
      return [line, ...print(turn)]
    })
  expect(replayed).toEqual(lines)
})
