/** Import lines and where they lead. */
import { posix } from 'node:path'
import { codeOf, type Source, textOf } from './sources.js'

export interface Import {
  /** The file that imports. */
  readonly from: string
  /** As it is written: `#wire/codec.js`, `./flow.js`, `fastify`, `node:fs`. */
  readonly specifier: string
  /** A file of ours, from the root; a package; or a module of Node.js. */
  readonly to:
    | { readonly kind: 'ours'; readonly path: string }
    | { readonly kind: 'package'; readonly name: string }
    | { readonly kind: 'node'; readonly name: string }
}

const importing = /(?:\bfrom|^import|\bimport\()\s*'([^'\n]+)'/gm

/** `"#wire/*": "./src/wire/*"` of package.json, under the condition that sources are read with. */
export const subpaths: readonly (readonly [prefix: string, place: string])[] = Object.entries(
  (JSON.parse(textOf('package.json')) as { imports: Record<string, { heddle: string }> }).imports,
).map(([prefix, { heddle }]) => [prefix.replace(/\*$/, ''), posix.normalize(heddle.replace(/\*$/, ''))])

const resolve = (from: string, specifier: string): Import['to'] => {
  if (specifier.startsWith('node:')) return { kind: 'node', name: specifier.slice(5) }
  const ours = specifier.startsWith('.')
    ? posix.join(posix.dirname(from), specifier)
    : subpaths.flatMap(([prefix, place]) =>
        specifier.startsWith(prefix) ? [place + specifier.slice(prefix.length)] : [],
      )[0]
  if (ours !== undefined) return { kind: 'ours', path: ours.replace(/\.js$/, '.ts') }
  const [scope = '', name] = specifier.split('/')
  return { kind: 'package', name: scope.startsWith('@') ? `${scope}/${name}` : scope }
}

export const importsOf = (source: Source): Import[] =>
  [...codeOf(source).matchAll(importing)].map(([, specifier = '']) => ({
    from: source.path,
    specifier,
    to: resolve(source.path, specifier),
  }))
