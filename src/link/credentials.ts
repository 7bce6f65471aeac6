/**
 * Who we are and whom we trust on `ssl:` and `pssl:` connections: a key and its certificate, and the CA that signed the
 * peer's. Both sides show a certificate; names in it are not compared, as everywhere in Open vSwitch: the CA decides.
 */
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { LinkError, linkError } from './errors.js'

/** PEM texts, not file names. */
export interface Credentials {
  readonly key: string
  readonly certificate: string
  readonly ca: string
}

/** What node:tls needs. Throws `LinkError` `bad-credentials` where they are missing or do not belong together. */
export const secureOptions = (credentials: Credentials | undefined, target: string): SecureContextOptions => {
  if (credentials === undefined) {
    throw new LinkError(
      'bad-credentials',
      `${target} needs a private key, a certificate and a CA certificate`,
    )
  }
  const { key, certificate, ca } = credentials
  const options: SecureContextOptions = { key, cert: certificate, ca, minVersion: 'TLSv1.2' }
  try {
    createSecureContext(options)
    return options
  } catch (error) {
    throw linkError('bad-credentials', target, error)
  }
}
