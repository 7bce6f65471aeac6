/** A certification authority of our own, made with openssl(1) for one test, and what it signed. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Credentials } from '#link/credentials.js'

export interface Pki {
  readonly caFile: string
  /** Makes a key and a certificate of that name. */
  issue(name: string): Issued
}

export interface Issued {
  readonly keyFile: string
  readonly certificateFile: string
  readonly credentials: Credentials
}

export const makePki = (folder: string, name = 'ca'): Pki => {
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  }
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl(
    'req',
    '-x509',
    ...curve,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.pem`,
  )
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
  const issue = (subject: string): Issued => {
    const [key, request, certificate] = [`${subject}.key`, `${subject}.req`, `${subject}.pem`]
    openssl('req', ...curve, '-subj', `/CN=${subject}`, '-keyout', key, '-out', request)
    const signed = ['-CA', `${name}.pem`, '-CAkey', `${name}.key`, '-CAcreateserial', '-days', '2']
    openssl('x509', '-req', '-in', request, ...signed, '-out', certificate)
    return {
      keyFile: join(folder, key),
      certificateFile: join(folder, certificate),
      credentials: { key: read(key), certificate: read(certificate), ca: read(`${name}.pem`) },
    }
  }
  return { caFile: join(folder, `${name}.pem`), issue }
}
