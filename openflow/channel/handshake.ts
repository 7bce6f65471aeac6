/**
 * How two peers come to terms: hello both ways, then who the switch is, then a role where one is asked for. OpenFlow 1.5,
 * section 6.3.1. Pure: a message in, the next state and the messages to send out.
 */
import { describePeerError, OpenFlowError } from '../errors.js'
import { version } from '../messages/parts.js'
import type { Envelope, Message, MessageOf } from '../messages.js'

export type Features = MessageOf<'features_reply'>

/** The role to ask for once the switch is known. */
export interface RoleWish {
  readonly role: 'equal' | 'primary' | 'secondary'
  /** Grows with every election; a switch refuses one that it has seen a greater one of. */
  readonly generationId: bigint
}

export type Handshake =
  | { readonly state: 'hello' }
  | { readonly state: 'features' }
  | { readonly state: 'role'; readonly features: Features }
  | { readonly state: 'ready'; readonly features: Features }
  | { readonly state: 'failed'; readonly error: OpenFlowError }

export interface HandshakeTurn {
  readonly handshake: Handshake
  readonly send: readonly Message[]
}

/** The hello that opens a channel: OpenFlow 1.5 and nothing else. */
export const hello: Message = {
  type: 'hello',
  elements: [{ type: 'version_bitmap', bitmaps: [1 << version] }],
}

/** The versions that a hello offers: its bitmap, or without one every version up to the header's. */
export const offeredVersions = (headerVersion: number, message: MessageOf<'hello'>): readonly number[] => {
  for (const element of message.elements) {
    if (element.type !== 'version_bitmap') continue
    return element.bitmaps.flatMap((bitmap, word) =>
      Array.from({ length: 32 }, (_, bit) => bit)
        .filter((bit) => ((bitmap >>> bit) & 1) === 1)
        .map((bit) => word * 32 + bit),
    )
  }
  return Array.from({ length: headerVersion }, (_, index) => index + 1)
}

/** Takes one message of the peer. Echo requests are not for here: the channel answers them in every state. */
export const advance = (
  handshake: Handshake,
  { version: sent, message }: Envelope,
  wish?: RoleWish,
): HandshakeTurn => {
  if (message.type === 'error') return failed(peerRefused(message))
  switch (handshake.state) {
    case 'hello':
      return message.type === 'hello'
        ? greeted(offeredVersions(sent, message))
        : failed(unexpected('hello', message))
    case 'features':
      return message.type === 'features_reply' ? known(message, wish) : stay(handshake)
    case 'role':
      return message.type === 'role_reply'
        ? { handshake: { state: 'ready', features: handshake.features }, send: [] }
        : stay(handshake)
    default:
      return stay(handshake)
  }
}

const stay = (handshake: Handshake): HandshakeTurn => ({ handshake, send: [] })
const failed = (error: OpenFlowError, send: readonly Message[] = []): HandshakeTurn => ({
  handshake: { state: 'failed', error },
  send,
})

const greeted = (offered: readonly number[]): HandshakeTurn => {
  if (offered.includes(version))
    return { handshake: { state: 'features' }, send: [{ type: 'features_request' }] }
  const words = `OpenFlow 1.5 (version ${version}) is spoken here; the peer offers version ${offered.join(', ')}`
  const data = Buffer.from(words)
  return failed(new OpenFlowError('version-mismatch', words), [
    { type: 'error', error: { name: 'OFPHFC_INCOMPATIBLE', type: 0, code: 0, data } },
  ])
}

const known = (features: Features, wish: RoleWish | undefined): HandshakeTurn =>
  wish === undefined
    ? { handshake: { state: 'ready', features }, send: [] }
    : { handshake: { state: 'role', features }, send: [{ type: 'role_request', shortId: 0xffff, ...wish }] }

const peerRefused = ({ error }: MessageOf<'error'>): OpenFlowError => {
  const mismatch = error.name === 'OFPHFC_INCOMPATIBLE'
  const words = mismatch ? `: ${Buffer.from(error.data).toString('latin1')}` : ''
  return new OpenFlowError(
    mismatch ? 'version-mismatch' : 'rejected',
    `the peer refused the handshake with ${describePeerError(error)}${words}`,
    { peer: error },
  )
}

const unexpected = (expected: string, message: Message): OpenFlowError =>
  new OpenFlowError('unexpected', `the peer began with ${message.type} where ${expected} is due`)
