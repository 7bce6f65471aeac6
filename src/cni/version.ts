/** Versions of the CNI specification: which the plugin speaks, and which commands each of them has. */
import { CniError } from './error.js'

export const supportedVersions: readonly string[] = ['0.3.1', '0.4.0', '1.0.0', '1.1.0']

/** The version of what is said before the runtime's own is known. */
export const ownVersion = '1.1.0'

/** What a configuration without `cniVersion` speaks. */
export const versionDefault = '0.1.0'

/** The version that brought a command in; the others were there from the beginning. */
export const sinceVersion: Readonly<Record<string, string>> = { CHECK: '0.4.0', GC: '1.1.0', STATUS: '1.1.0' }

/** @throws CniError `decoding-failure` */
export const parseVersion = (text: string): readonly [major: number, minor: number, micro: number] => {
  const [, major, minor, micro] = /^(\d+)\.(\d+)\.(\d+)$/.exec(text) ?? []
  if (major === undefined)
    throw new CniError('decoding-failure', `"${text}" is not a CNI version, such as 1.0.0`)
  return [Number(major), Number(minor), Number(micro)]
}

/** Whether version `a` is `b` or newer. @throws CniError `decoding-failure` */
export const isAtLeast = (a: string, b: string): boolean => {
  const [left, right] = [parseVersion(a), parseVersion(b)]
  for (const at of [0, 1, 2] as const) {
    if (left[at] !== right[at]) return left[at] > right[at]
  }
  return true
}

/**
 * That the plugin speaks `version`, and that both know `command`.
 * @throws CniError `incompatible-version`, `decoding-failure`
 */
export const checkVersion = (command: string, version: string, supported: readonly string[]): void => {
  const refuse = (message: string): CniError =>
    new CniError('incompatible-version', message, {
      details: `config is "${version}", plugin supports ${JSON.stringify(supported)}`,
    })
  const since = sinceVersion[command]
  if (since !== undefined) {
    if (!isAtLeast(version, since)) throw refuse(`config version does not allow ${command}`)
    if (!supported.map((each) => isAtLeast(each, since)).includes(true))
      throw refuse(`plugin version does not allow ${command}`)
  }
  if (!supported.includes(version)) throw refuse('incompatible CNI versions')
}
