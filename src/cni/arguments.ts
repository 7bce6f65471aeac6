/** CNI_ARGS: `KEY=VALUE;KEY=VALUE`. Kubernetes tells of the pod there; an address or a MAC may be asked for (CONVENTIONS.md of CNI). */
import { CniError } from './error.js'

export interface CniArguments {
  readonly ip?: string
  readonly mac?: string
  readonly podNamespace?: string
  readonly podName?: string
}

const invalid = (message: string): CniError => new CniError('invalid-environment', `CNI_ARGS: ${message}`)

/** Keys that mean something here; the other ones of Kubernetes are of use to nobody but its own plugins. */
const known = {
  IP: 'ip',
  MAC: 'mac',
  K8S_POD_NAMESPACE: 'podNamespace',
  K8S_POD_NAME: 'podName',
} as const satisfies Record<string, keyof CniArguments>
const ignored = new Set(['IgnoreUnknown', 'K8S_POD_INFRA_CONTAINER_ID', 'K8S_POD_UID'])

/** @throws CniError `invalid-environment` */
export const parseFlag = (text: string): boolean => {
  if (/^(1|true)$/i.test(text)) return true
  if (/^(0|false)$/i.test(text)) return false
  throw invalid(`"${text}" is neither true nor false`)
}

const pairsOf = (text: string): [key: string, value: string][] =>
  text
    .split(';')
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=')
      if (at < 1) throw invalid(`"${part}" is not KEY=VALUE`)
      return [part.slice(0, at), part.slice(at + 1)]
    })

/** @throws CniError `invalid-environment`: a key that nobody knows counts unless `IgnoreUnknown` says otherwise */
export const parseArguments = (text: string): CniArguments => {
  const pairs = pairsOf(text)
  const ignore = pairs.find(([key]) => key === 'IgnoreUnknown')
  const mayIgnore = ignore !== undefined && parseFlag(ignore[1])
  const entries = pairs.flatMap(([key, value]): [string, string][] => {
    const name = Object.entries(known).find(([each]) => each === key)?.[1]
    if (name !== undefined) return value === '' ? [] : [[name, value]]
    if (mayIgnore || ignored.has(key)) return []
    throw invalid(`unknown key ${key}`)
  })
  return Object.fromEntries(entries)
}
