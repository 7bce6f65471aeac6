/** What is not written here, and what is written instead. `home`: the one place whose business it is. */

export interface Ban {
  readonly what: string
  readonly pattern: RegExp
  readonly instead: string
  /** Code in which it has to be found: a ban that finds nothing would be content with anything. */
  readonly sample: string
  /** Everywhere, tests and benches with it; otherwise in the product alone. */
  readonly everywhere?: true
  readonly home?: string
}

const clock = 'a Clock, from src/link/clock.ts, as an argument'

/** Searched in code, comments aside. */
export const codeBans: readonly Ban[] = [
  {
    what: 'the wall clock',
    pattern: /\bDate\.now\(|\bnew Date\(\)/,
    sample: 'const now = Date.now()',
    instead: clock,
    home: 'src/link/clock.ts',
  },
  {
    what: 'the steady clock',
    pattern: /\bperformance\.now\(/,
    sample: 'performance.now() - begun',
    instead: clock,
    home: 'src/link/clock.ts',
  },
  {
    what: 'a timer',
    pattern: /\b(setTimeout|setInterval|setImmediate)\(|'node:timers/,
    sample: 'setTimeout(fire, 10)',
    instead: clock,
    home: 'src/link/clock.ts',
  },
  {
    what: 'chance',
    pattern: /\bMath\.random\(/,
    sample: 'Math.random() * 6',
    instead: 'a Random, from src/link/random.ts, as an argument',
    home: 'src/link/random.ts',
  },
  {
    what: 'an offset into bytes',
    pattern: /\.(read|write)(Big)?U?(Int|Float|Double)\d*(LE|BE)?\(|\.[gs]et(Big)?(Uint|Int|Float)\d+\(/,
    sample: 'bytes.readUInt16BE(4)',
    instead: 'a codec of src/wire',
    home: 'src/wire',
  },
  {
    what: 'console',
    pattern: /\bconsole\.\w+\(/,
    sample: `console.log('x')`,
    instead: 'a Logger, or the Io of the command line',
  },
  {
    what: 'any',
    pattern: /(:|\bas|\w<)\s*any\s*([,;)\]}>=|&[]|$)/,
    sample: '(value: any) => value',
    instead: 'unknown, and a check',
  },
  {
    what: 'a double cast',
    pattern: /\bas unknown as\b/,
    sample: 'value as unkn' + 'own as Flow',
    instead: 'a check, or a type that fits',
    everywhere: true,
  },
  {
    what: 'a test left out',
    pattern: /\b(it|test|describe)\.(skip|only|todo)\b/,
    sample: 'it.sk' + `ip('x', run)`,
    instead: 'a test that runs, or skipIf with what is missing',
    everywhere: true,
  },
]

/** Searched in the whole text: in comments they are what they are for. */
export const textBans: readonly Ban[] = [
  {
    what: 'a silenced check',
    pattern: /@ts-\w|biome-ig[n]ore|eslint-d[i]sable/,
    sample: '// @t' + 's-ignore',
    instead: 'code that passes',
    everywhere: true,
  },
  {
    what: 'a note to ourselves',
    pattern: /\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b/,
    sample: '// TO' + 'DO later',
    instead: 'a page in docs/decisions',
    everywhere: true,
  },
]

/** Searched in every file of text that is ours. */
export const fileBans: readonly Ban[] = [
  {
    what: 'a path of one machine',
    pattern: /(^|[\s"'`(=:])\/(work|root|home\/\w+)\//,
    sample: ['cd ', 'root', 'clone'].join('/'),
    instead: 'a path from the repository, or a setting',
  },
  {
    what: 'a registry or mirror',
    pattern: /registry\.(npm|yarn)|npmmirror|deb\.debian\.org|archive\.ubuntu|pypi\.org/,
    sample: 'https://registry.npmjs.org/x',
    instead: 'the configuration of the machine',
  },
]

/** Nouns that name nothing: a type or file called so does more than one thing, or hides what it does. */
export const emptyNouns: readonly string[] = [
  'Manager',
  'Helper',
  'Util',
  'Utils',
  'Service',
  'Handler',
  'Impl',
]
