/** Small pieces of text: durations, tables in pages, details, colours. */
import { describe, expect, it } from 'vitest'
import { paletteFor, wantsColour } from '#cli/palette.js'
import { detailsOf, Table, tableOf } from '#cli/table.js'
import { counted, duration, plain } from '#cli/text.js'

const output = { write: () => undefined }
const colourless = paletteFor(output, {})
const coloured = paletteFor(output, { FORCE_COLOR: '1' })

describe('duration', () => {
  it.each([
    [0, '0 ms'],
    [0.44, '0.4 ms'],
    [9.96, '10 ms'],
    [12.4, '12 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [1000, '1.0 s'],
    [59_900, '59.9 s'],
    [61_000, '1 m 1 s'],
    [3_661_000, '1 h 1 m'],
    [90_000_000, '1 d 1 h'],
  ])('of %d ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text)
  })
})

describe('text of others', () => {
  it.each([
    ['br-int', 'br-int'],
    ['Zürich 東京', 'Zürich 東京'],
    ['a\nb\tc', 'a\\u{a}b\\u{9}c'],
    ['\u001b[31m', '\\u{1b}[31m'],
    ['\u009b31m', '\\u{9b}31m'],
    ['a\u202eb\u2028c', 'a\\u{202e}b\\u{2028}c'],
  ])('%j is shown as %s', (text, shown) => {
    expect(plain(text)).toBe(shown)
  })
})

describe('words', () => {
  it('count', () => {
    expect([0, 1, 2].map((count) => counted(count, 'link'))).toEqual(['0 links', '1 link', '2 links'])
  })
})

describe('tables', () => {
  const columns = [
    { title: 'NAME', cell: ([name]: readonly [string, number]) => name },
    {
      title: 'COUNT',
      align: 'right' as const,
      cell: ([, count]: readonly [string, number]) => String(count),
    },
  ]

  it('align', () => {
    expect(
      tableOf(
        columns,
        [
          ['a', 5],
          ['longer', 123_456],
        ],
        colourless,
      ),
    ).toBe('NAME     COUNT\na            5\nlonger  123456\n')
  })

  it('keep their columns from page to page, and widen what needs it', () => {
    const table = new Table(columns, colourless)
    expect(table.page([['a', 1]])).toBe('NAME  COUNT\na         1\n')
    expect(table.page([['longer', 2]])).toBe('longer      2\n')
    expect(table.page([['b', 3]])).toBe('b           3\n')
  })

  it('measure what is seen: colours take no room, wide characters two columns', () => {
    const green = [
      { title: 'X', cell: (text: string) => coloured.green(text) },
      { title: 'Y', cell: () => '|' },
    ]
    const text = tableOf(green, ['up', '東京'], coloured)
    expect(text.split('\n').map((line) => line.replace(coloured.green('up'), 'up'))[1]).toBe('up    |')
    expect(text).toContain(`${coloured.green('東京')}  |`)
  })

  it('of one thing leave out what is absent, and indent what has several lines', () => {
    const details = [
      ['name', 'x'],
      ['why', 'one\ntwo'],
      ['none', undefined],
    ] as const
    expect(detailsOf(details, colourless)).toBe('name  x\nwhy   one\n      two\n')
  })
})

describe('colours', () => {
  it.each([
    ['a terminal', true, {}, true],
    ['a file', false, {}, false],
    ['NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR', true, { NO_COLOR: '' }, true],
    ['a dumb terminal', true, { TERM: 'dumb' }, false],
    ['FORCE_COLOR', false, { FORCE_COLOR: '1' }, true],
    ['both', true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ])('with %s', (_with, isTTY, env, expected) => {
    expect(wantsColour({ ...output, isTTY }, env)).toBe(expected)
  })
})
