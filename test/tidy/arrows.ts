/**
 * Who may import whom, and what a folder never contains: the table that `ARCHITECTURE.md` shows. A row is for a folder or a
 * file and for what is below it; a file takes what all rows that fit it allow. `docs/decisions` says why a row is as it is.
 */

export interface Row {
  readonly of: string
  /** Folders and modules of ours, without extension; `*` is everything. */
  readonly may: readonly string[]
  /** Modules of Node.js beyond those that have no effects; `*` is every one. */
  readonly node?: readonly string[] | '*'
  /** What no code of it contains, comments aside. */
  readonly never?: { readonly what: string; readonly pattern: RegExp }
}

const effects = { what: 'effects: async, sockets, files', pattern: /\basync\b|\bawait\b|\bPromise\b/ }
const protocols = { what: 'names of protocols', pattern: /openflow|ovsdb|lisp|vxlan/i }

/** Values of OpenFlow without its bytes and channels. */
const flowValues = [
  'openflow/flow',
  'openflow/match',
  'openflow/match-key',
  'openflow/actions',
  'openflow/instructions',
]
const time = ['src/link/clock', 'src/link/random']

export const rows: readonly Row[] = [
  { of: 'src/model', may: [], never: effects },
  { of: 'src/wire', may: [], never: protocols },
  { of: 'src/link', may: [], node: '*', never: protocols },
  { of: 'ovsdb', may: ['src/wire', 'src/link'], node: '*' },
  { of: 'openflow', may: ['src/wire', 'src/link'] },
  { of: 'lisp', may: ['src/wire', 'src/link'], node: '*' },
  { of: 'src/compile', may: ['src/model', 'src/wire', ...flowValues, 'ovsdb/schemas'], never: effects },
  { of: 'src/answers', may: ['src/model', 'src/wire'], never: effects },
  { of: 'src/trace', may: ['src/model', ...flowValues, 'openflow/fields'], never: effects },
  {
    of: 'src/reconcile',
    may: ['src/model', 'src/compile', ...flowValues, 'src/link/clock'],
    node: ['crypto'],
  },
  {
    of: 'src/switch',
    may: [
      'src/model',
      'src/reconcile',
      'src/compile/cookie',
      'src/compile/desired',
      'src/link',
      'ovsdb',
      'openflow',
    ],
    node: '*',
  },
  {
    of: 'src/mapping',
    may: ['src/model', 'src/link', 'src/store/store', 'lisp', 'api/mappings', 'api/fabric'],
    node: '*',
  },
  { of: 'src/store', may: ['src/model', 'src/link', 'ovsdb'], node: '*' },
  {
    of: 'src/fabric',
    may: [
      'src/model',
      'src/compile',
      'src/reconcile',
      'src/answers',
      'openflow/actions',
      'openflow/match',
      'src/store/store',
      'src/link/clock',
      'src/link/targets',
      'api/fabric',
      'api/networks',
    ],
  },
  { of: 'api', may: ['src/model', ...time], node: '*' },
  { of: 'src/settings.ts', may: ['src/model'] },
  { of: 'src/yaml-source.ts', may: [] },
  { of: 'src/config.ts', may: ['src/settings', 'src/yaml-source'] },
  { of: 'src/cli', may: ['api/client', 'api/follow-events', 'src/model', 'src/config', ...time], node: '*' },
  { of: 'src/cli/heddle.ts', may: ['src/main'] },
  { of: 'src/cli/lab', may: ['src/lab'] },
  { of: 'src/cli/demo', may: ['src/lab'] },
  { of: 'src/cli/debug', may: ['openflow', 'ovsdb', 'lisp', 'src/link'] },
  { of: 'src/cni', may: ['api/client', 'src/model'], node: '*' },
  { of: 'src/lab', may: ['src/wire', ...time], node: '*' },
  { of: 'src/main.ts', may: ['*'], node: '*' },
  { of: 'test', may: ['*'], node: '*' },
  { of: 'bench', may: ['*'], node: '*' },
]

/** Modules of Node.js that compute and do nothing else. */
export const pureNode: readonly string[] = ['buffer', 'net', 'util']

/** Whether a path is what a row or an arrow names: that file, or something below that folder. */
export const isIn = (path: string, place: string): boolean =>
  place === '*' || path === place || path === `${place}.ts` || path.startsWith(`${place}/`)

/** The folder whose inside is nobody else's: arrows within it need no row. A file beside the folders is a home of its own. */
export const homeOf = (path: string): string => {
  const [top = '', second = ''] = path.split('/')
  return top === 'src' ? `src/${second}` : top
}

/** Where relative imports of a file may lead: its home, or what lies beside and below a file that is one. */
export const neighbourhoodOf = (path: string): string => homeOf(path).replace(/\/[^/]+\.ts$/, '')

/** The rows for a file. */
export const rowsFor = (path: string): readonly Row[] => rows.filter(({ of }) => isIn(path, of))
