/** Why clients of a mapping system refuse messages. Counted and logged as a Map-Server's refusals are. */
export const clientRefusals = {
  malformed: 'bytes that are no LISP message',
  'unknown-type': 'a message type that is not known',
  unsupported: 'a message that a client has no answer to',
  'source-rate': 'too many messages from one source',
  'unknown-nonce': 'a Map-Reply to nothing that was asked',
  'not-asked': 'an answer to another question',
  'no-room': 'a mapping for which the map-cache has no room',
  'unknown-notify': 'a Map-Notify that belongs to no subscription or registration',
  'unknown-key': 'a Map-Notify under a key id that is not configured',
  'unknown-algorithm': 'an authentication algorithm that is not known',
  'refused-algorithm': 'an authentication algorithm that the key is not for',
  'wrong-length': 'authentication data of a wrong length',
  mismatch: 'authentication data that is not right',
  'replayed-nonce': 'a Map-Notify with a nonce that is not greater than the last',
  'smr-not-cached': 'an SMR for an EID of which nothing is cached',
  'smr-not-trusted': 'an SMR from somebody who has no say in the EID',
} as const

export type ClientRefusal = keyof typeof clientRefusals
