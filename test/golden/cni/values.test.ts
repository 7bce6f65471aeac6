/**
 * Values and results as CNI's own tests and its specification have them: `../shared/vectors/cni`, validation, results-by-version,
 * error-codes and spec-examples. Skipped where the folder is absent.
 */
import { describe, expect, it } from 'vitest'
import { parseArguments, parseFlag } from '#cni/arguments.js'
import { readConfiguration } from '#cni/configuration.js'
import { checkContainerId, checkInterfaceName, checkNetworkName } from '#cni/environment.js'
import { CniError, cniErrorCodes } from '#cni/error.js'
import { addressWithLength, isObject } from '#cni/reading.js'
import { parseResult, printResult, readRoute } from '#cni/result.js'
import { checkVersion, supportedVersions } from '#cni/version.js'
import { vectors, vectorsThere } from './vectors.js'

interface Validation {
  readonly kind: string
  readonly input: unknown
  readonly valid: boolean
  readonly value?: unknown
  readonly error?: { readonly code?: number }
}

/** What judges an input of each kind. */
const judges: Readonly<Record<string, (input: never) => unknown>> = {
  containerID: checkContainerId,
  networkName: checkNetworkName,
  interfaceName: checkInterfaceName,
  CNI_ARGS: parseArguments,
  'CNI_ARGS boolean': parseFlag,
  CIDR: addressWithLength,
  route: readRoute,
  'version reconcile': ({ config, plugin }: { config: string; plugin: readonly string[] }) =>
    checkVersion('ADD', config, plugin),
}

const codeOf = (error: unknown): number | undefined =>
  error instanceof CniError ? error.answer.code : undefined

describe.skipIf(!vectorsThere)('values', () => {
  it.each(vectors<Validation>('validation'))('$kind $input', ({ kind, input, valid, value, error }) => {
    const judge = judges[kind]
    expect(judge, kind).toBeDefined()
    const ask = (): unknown => judge?.(input as never)
    if (valid) {
      const found = ask()
      if (value !== undefined) expect(found).toBe(value)
      return
    }
    let thrown: unknown
    try {
      ask()
    } catch (caught) {
      thrown = caught
    }
    expect(thrown).toBeInstanceOf(Error)
    if (error?.code !== undefined) expect(codeOf(thrown)).toBe(error.code)
  })
})

interface ResultVector {
  readonly name: string
  readonly json: Readonly<Record<string, unknown>>
}

describe.skipIf(!vectorsThere)('results of each version', () => {
  const all = vectors<ResultVector>('results-by-version')
  const whole = all.filter(({ json }) => typeof json.cniVersion === 'string')
  const parts = all.filter(({ json }) => json.cniVersion === undefined)

  it.each(whole.filter(({ json }) => supportedVersions.includes(String(json.cniVersion))))(
    '$name is read and printed',
    ({ json }) => {
      expect(printResult(String(json.cniVersion), parseResult(json, 'the vector'))).toEqual(json)
    },
  )

  it.each(whole.filter(({ json }) => !supportedVersions.includes(String(json.cniVersion))))(
    '$name is of a version that the plugin does not speak',
    ({ json }) => {
      expect(() => checkVersion('ADD', String(json.cniVersion), supportedVersions)).toThrow(/incompatible/)
    },
  )

  it.each(parts)('$name: an address', ({ name, json }) => {
    const read = () => parseResult({ ips: [json] }, 'the vector').ips[0]
    if (name === 'returns an error') expect(read).toThrow(CniError)
    else
      expect(read()).toEqual({
        ...(json.interface === undefined ? {} : { interface: json.interface }),
        address: json.address,
      })
  })

  const newest = whole.find(({ json }) => json.cniVersion === '1.1.0')
  it.each(['0.3.1', '0.4.0', '1.0.0'])('the newest in the form of %s', (version) => {
    const printed = JSON.stringify(printResult(version, parseResult(newest?.json, 'the vector')))
    expect(printed).not.toMatch(/"mtu"|pciID|socketPath/)
    expect(printed.includes('"version":"6"')).toBe(version.startsWith('0.'))
  })
})

describe.skipIf(!vectorsThere)('error codes', () => {
  const numbers = Object.values(cniErrorCodes).map(([number]): number => number)

  it('of the specification are all there, and ours begin at 100', () => {
    const wanted = new Set(vectors<{ code: number }>('error-codes').map(({ code }) => code))
    expect(numbers.filter((number) => number < 100).sort((a, b) => a - b)).toEqual(
      [...wanted].sort((a, b) => a - b),
    )
    expect(new Set(numbers).size).toBe(numbers.length)
  })
})

interface Example {
  readonly name: string
  readonly role?: string
  readonly json?: Readonly<Record<string, unknown>>
}

describe.skipIf(!vectorsThere)('examples of the specification', () => {
  const examples = vectors<Example>('spec-examples')
  const ofRole = (...roles: readonly string[]): readonly Example[] =>
    examples.filter(({ role = '' }) => roles.includes(role))

  it.each(ofRole('result', 'ipam-result'))('$name is read', ({ json }) => {
    const printed = printResult('1.1.0', parseResult(json, 'the example'))
    expect(printed).toEqual({ interfaces: [], ...json, cniVersion: '1.1.0' })
  })

  it.each(
    ofRole('plugin-request').filter(({ json }) => isObject(json?.prevResult) && 'ips' in json.prevResult),
  )('$name: what the plugins before have made', ({ json }) => {
    expect(parseResult(json?.prevResult, 'prevResult').ips.length).toBeGreaterThan(0)
  })

  /** What only the plugin of the example knows. */
  const foreign = ['bridge', 'keyA', 'vxlanID', 'sysctl']

  it.each(ofRole('plugin-config', 'plugin-request'))(
    '$name: the fields of the specification are known',
    ({ json = {} }) => {
      const own = Object.fromEntries(Object.entries(json).filter(([key]) => !foreign.includes(key)))
      expect(readConfiguration(own)).toMatchObject({ type: json.type })
      if (Object.keys(own).length < Object.keys(json).length)
        expect(() => readConfiguration(json)).toThrow(/unsupported field/)
    },
  )
})
