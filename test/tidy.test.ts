/** Style as a test: the import table, the homes of packages, what is not written here, what has to be documented. */
import { describe, expect, it } from 'vitest'
import { refusals } from '#lisp/map-server/refusals.js'
import { clientRefusals } from '#lisp/resolver-client/refusals.js'
import { errorCodes } from '#model/error.js'
import { arrowTable } from './tidy/architecture.js'
import { homeOf, isIn, neighbourhoodOf, pureNode, rowsFor } from './tidy/arrows.js'
import { type Ban, codeBans, emptyNouns, fileBans, textBans } from './tidy/bans.js'
import { declarations, errorCodesManual } from './tidy/error-codes.js'
import { type Import, importsOf, subpaths } from './tidy/imports.js'
import { longest } from './tidy/longest.js'
import { homes } from './tidy/packages.js'
import { codeOf, files, isProduct, placesOf, type Source, sources, textOf } from './tidy/sources.js'

const imports = sources.flatMap(importsOf)

/** `a.ts -> b.ts` for every import that does not hold. */
const wrong = (holds: (one: Import) => boolean): string[] =>
  imports.filter((one) => !holds(one)).map(({ from, specifier }) => `${from} -> ${specifier}`)

describe('imports', () => {
  it('go only where the table has an arrow', () => {
    const holds = ({ from, to }: Import): boolean =>
      to.kind !== 'ours' ||
      homeOf(from) === homeOf(to.path) ||
      rowsFor(from).some(({ may }) => may.some((place) => isIn(to.path, place)))
    expect(wrong(holds)).toEqual([])
  })

  it('lead to a file that is there', () => {
    const paths = new Set(files.map(({ path }) => path))
    expect(wrong(({ to }) => to.kind !== 'ours' || paths.has(to.path))).toEqual([])
  })

  it('cross folders by a subpath where there is one', () => {
    const holds = ({ from, specifier, to }: Import): boolean =>
      to.kind !== 'ours' ||
      !subpaths.some(([, place]) => to.path.startsWith(place)) ||
      specifier.startsWith('#') ||
      isIn(to.path, neighbourhoodOf(from))
    expect(wrong(holds)).toEqual([])
  })

  it('leave packages at home', () => {
    const holds = ({ from, to }: Import): boolean =>
      to.kind !== 'package' ||
      from.startsWith('test/') ||
      (homes[to.name] ?? []).some((home) => isIn(from, home))
    expect(wrong(holds)).toEqual([])
  })

  it('bring effects of Node.js only where effects belong', () => {
    const holds = ({ from, to }: Import): boolean =>
      to.kind !== 'node' ||
      rowsFor(from).some(({ node = pureNode }) => node === '*' || [...pureNode, ...node].includes(to.name))
    expect(wrong(holds)).toEqual([])
  })

  it('come from files that the table knows', () => {
    expect(sources.filter(({ path }) => rowsFor(path).length === 0).map(({ path }) => path)).toEqual([])
  })

  it('are shown in ARCHITECTURE.md as the table has them', () => {
    expect(textOf('ARCHITECTURE.md')).toContain(arrowTable())
  })
})

describe('nowhere is', () => {
  const inScope = ({ everywhere, home }: Ban, source: Source): boolean =>
    (everywhere === true || isProduct(source)) && (home === undefined || !isIn(source.path, home))

  it.each(codeBans)('$what: there is $instead', (ban) => {
    const subject = sources.filter((source) => inScope(ban, source))
    expect(subject.flatMap((source) => placesOf(source, codeOf(source), ban.pattern))).toEqual([])
  })

  it.each(textBans)('$what: there is $instead', (ban) => {
    const subject = sources.filter((source) => inScope(ban, source))
    expect(subject.flatMap((source) => placesOf(source, source.text, ban.pattern))).toEqual([])
  })

  it.each(fileBans)('$what: there is $instead', ({ pattern }) => {
    const subject = files.filter(({ path }) => !path.startsWith('test/tidy'))
    expect(subject.flatMap((file) => placesOf(file, file.text, pattern))).toEqual([])
  })

  it('what a folder never contains', () => {
    const found = sources.flatMap((source) =>
      rowsFor(source.path).flatMap(({ never }) =>
        never === undefined ? [] : placesOf(source, codeOf(source), never.pattern),
      ),
    )
    expect(found).toEqual([])
  })
})

describe('names', () => {
  it('of files are in kebab-case', () => {
    const odd = sources.filter(
      ({ path }) => !/^([a-z0-9.]+(-[a-z0-9.]+)*\/)*[a-z0-9]+([-.][a-z0-9]+)*\.ts$/.test(path),
    )
    expect(odd.map(({ path }) => path)).toEqual([])
  })

  it('say what a thing is', () => {
    const endsEmpty = new RegExp(`(${emptyNouns.join('|')})$`, 'i')
    const declared = /\b(?:class|interface|type|enum|function) (\w+)/g
    const found = sources.flatMap((source) => [
      ...(endsEmpty.test(source.path.replace(/(\.test)?\.ts$/, '')) ? [source.path] : []),
      ...[...codeOf(source).matchAll(declared)]
        .filter(([, name = '']) => endsEmpty.test(name))
        .map(([words]) => `${source.path}: ${words}`),
    ])
    expect(found).toEqual([])
  })
})

describe('documentation', () => {
  it('opens every file', () => {
    const silent = sources.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text))
    expect(silent.map(({ path }) => path)).toEqual([])
  })

  it('says what every error code means', async () => {
    const silent = declarations.flatMap(({ path, codes }) =>
      codes.filter(({ meaning }) => meaning === '').map(({ code }) => `${path}: ${code}`),
    )
    expect(silent).toEqual([])
    await expect(errorCodesManual()).toMatchFileSnapshot('../docs/error-codes.md')
  })

  it('has a section for every error of REST', () => {
    const page = textOf('docs/errors.md')
    expect(Object.keys(errorCodes).filter((code) => !page.includes(`\n## ${code}\n`))).toEqual([])
  })

  it('tells what to do about every error of REST and every pending link', () => {
    const page = textOf('docs/operating.md')
    const pending =
      declarations.find(({ name }) => name === 'PendingCode')?.codes.map(({ code }) => code) ?? []
    expect(pending).not.toEqual([])
    const wanted = [...Object.keys(errorCodes), ...pending]
    expect(wanted.filter((code) => !page.includes(`\`${code}\``))).toEqual([])
  })

  it('has a line for every metric', () => {
    const names = sources
      .filter(({ path }) => path.startsWith('src/fabric/'))
      .flatMap((source) =>
        [...codeOf(source).matchAll(/'((?:heddle|process)_[a-z_]+)'/g)].map(([, name = '']) => name),
      )
    const page = textOf('docs/operating.md')
    expect(names.filter((name) => !page.includes(`\`${name}\``) && name !== 'heddle_controller')).toEqual([])
  })

  it('says what becomes of everything that the mapping system refuses, and each is seen in a transcript', () => {
    const page = textOf('docs/lisp.md')
    const reasons = [...Object.keys(refusals), ...Object.keys(clientRefusals)]
    expect(reasons.filter((reason) => !page.includes(`\n| \`${reason}\` |`))).toEqual([])
    const transcripts = files.filter(({ path }) => path.startsWith('test/golden/lisp-map-server/'))
    const unseen = Object.keys(refusals).filter(
      (reason) => !transcripts.some(({ text }) => new RegExp(`^ +log ${reason}\\b`, 'm').test(text)),
    )
    expect(unseen).toEqual([])
  })

  it('of LISP names files that there are', () => {
    const paths = [...textOf('docs/lisp.md').matchAll(/`((?:lisp|src|test)\/[\w./-]+)`/g)].map(
      ([, path = '']) => path,
    )
    expect(paths).not.toEqual([])
    expect(paths.filter((path) => !files.some((file) => file.path === path))).toEqual([])
  })

  it('has a line for every package that we depend on', () => {
    const { dependencies, devDependencies, overrides } = JSON.parse(textOf('package.json'))
    const page = textOf('docs/decisions/0001-dependencies.md')
    const names = Object.keys({ ...dependencies, ...devDependencies, ...overrides })
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  })
})

describe('the checks themselves', () => {
  it.each([...codeBans, ...textBans, ...fileBans])('find $what', ({ pattern, sample }) => {
    expect(placesOf({ path: 'src/x.ts', text: '' }, `fine()\n${sample}\n`, pattern)).toEqual([
      `src/x.ts:2: ${sample}`,
    ])
  })

  it('see imports of every form, and none in comments', () => {
    const text = `import '#a'\nimport {\n  b,\n} from './tidy/bans.js'\nexport type * from 'fastify/x'\nconst c = await import('node:fs')\n// from 'd'\n`
    const found = importsOf({ path: 'src/model/x.ts', text }).map(({ to }) =>
      'path' in to ? to.path : to.name,
    )
    expect(found).toEqual(['#a', 'src/model/tidy/bans.ts', 'fastify', 'fs'])
  })

  it('know an arrow that the table has not', () => {
    expect(rowsFor('src/model/x.ts').flatMap(({ may }) => may)).toEqual([])
    expect(isIn('openflow/flow-text.ts', 'openflow/flow')).toBe(false)
    expect(isIn('openflow/flow.ts', 'openflow/flow')).toBe(true)
  })
})

it('every package that we depend on is used', () => {
  const { dependencies } = JSON.parse(textOf('package.json'))
  const named = sources.filter(isProduct).map(codeOf).join('\n')
  const unused = Object.keys(dependencies).filter((name) => !new RegExp(`'${name}['/]`).test(named))
  expect(unused).toEqual([])
})

it('prints the longest files and functions', () => {
  const list = longest()
  process.stdout.write(`\n${list}\n\n`)
  expect(list).toContain('longest functions:')
})
