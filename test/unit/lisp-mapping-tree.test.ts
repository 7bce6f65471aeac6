/** The radix tree beside a list that is searched from end to end: whatever is put in and taken out, both say the same. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RadixTree } from '#lisp/mapping/radix-tree.js'

/** A prefix as a string of bits: '' is the default, '0101' four bits. */
type Bits = string

/** The tree with bit strings for keys. */
class Written {
  readonly tree: RadixTree
  readonly root: number

  constructor(readonly words: number) {
    this.tree = new RadixTree(words, 2)
    this.root = this.tree.plant()
  }

  at(bits: Bits): number {
    const padded = bits.padEnd(this.words * 32, '0')
    for (let i = 0; i < this.words; i++)
      this.tree.key[i] = Number.parseInt(padded.slice(i * 32, i * 32 + 32), 2)
    return bits.length
  }

  bitsOf(node: number): Bits {
    let all = ''
    for (let i = 0; i < this.words; i++) all += this.tree.wordAt(node, i).toString(2).padStart(32, '0')
    return all.slice(0, this.tree.lengthAt(node))
  }

  collect(visit: (take: (node: number) => boolean) => void, limit = Number.POSITIVE_INFINITY): Bits[] {
    const found: Bits[] = []
    if (limit === 0) return found
    visit((node) => found.push(this.bitsOf(node)) < limit)
    return found
  }
}

const naive = {
  longest: (all: Map<Bits, number>, bits: Bits): Bits | undefined =>
    [...all.keys()].filter((one) => bits.startsWith(one)).sort((a, b) => b.length - a.length)[0],
  gap: (all: Map<Bits, number>, bits: Bits): number => {
    for (let length = 0; length <= bits.length; length++) {
      if (![...all.keys()].some((one) => one.startsWith(bits.slice(0, length)))) return length
    }
    return -1
  },
  sorted: (all: Map<Bits, number>): Bits[] => [...all.keys()].sort(),
}

/** Bits that meet often: few different ones, at the beginning, across a word's end and at the very end. */
const bitsOf = (words: number): fc.Arbitrary<Bits> => {
  const few = fc.string({ unit: fc.constantFrom('0', '1'), maxLength: 5 })
  const long = '01'.repeat(16 * words)
  return fc.oneof(
    few,
    fc
      .tuple(fc.integer({ min: 0, max: words * 32 - 5 }), few)
      .map(([from, end]) => long.slice(0, from) + end),
    fc.string({ unit: fc.constantFrom('0', '1'), minLength: words * 32 - 2, maxLength: words * 32 }),
  )
}

type Step = { readonly do: 'insert' | 'remove' | 'ask'; readonly bits: Bits; readonly value: number }

const steps = (words: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      do: fc.constantFrom<Step['do'][]>('insert', 'insert', 'remove', 'ask'),
      bits: bitsOf(words),
      value: fc.integer({ min: 1, max: 0xffff_ffff }),
    }),
    { maxLength: 60 },
  )

const compare = (written: Written, model: Map<Bits, number>, bits: Bits): void => {
  const { tree, root } = written
  const length = written.at(bits)
  const longest = tree.longest(root, length)
  expect(longest === 0 ? undefined : written.bitsOf(longest)).toBe(naive.longest(model, bits))
  if (longest !== 0) {
    expect(tree.valueAt(longest)).toBe(model.get(written.bitsOf(longest)))
    expect(tree.hasMoreSpecifics(longest)).toBe(
      [...model.keys()].some(
        (one) => one !== written.bitsOf(longest) && one.startsWith(written.bitsOf(longest)),
      ),
    )
  }
  const exact = tree.exact(root, length)
  expect(exact === 0 ? undefined : tree.valueAt(exact)).toBe(model.get(bits))
  expect(tree.gap(root, length)).toBe(naive.gap(model, bits))
  expect(written.collect((take) => tree.covering(root, length, take))).toEqual(
    naive.sorted(model).filter((one) => bits.startsWith(one)),
  )
  expect(written.collect((take) => tree.walk(root, length, take))).toEqual(
    naive.sorted(model).filter((one) => one > bits),
  )
  expect(written.collect((take) => tree.within(root, length, take), 3)).toEqual(
    naive
      .sorted(model)
      .filter((one) => one.startsWith(bits))
      .slice(0, 3),
  )
}

const play = (words: number, script: readonly Step[]): void => {
  const written = new Written(words)
  const { tree, root } = written
  const model = new Map<Bits, number>()
  for (const step of script) {
    const length = written.at(step.bits)
    if (step.do === 'insert') {
      tree.insert(root, length, step.value)
      model.set(step.bits, step.value)
    } else if (step.do === 'remove') {
      expect(tree.remove(root, length)).toBe(model.get(step.bits) ?? 0)
      model.delete(step.bits)
    }
    compare(written, model, step.bits)
    expect(tree.nodeCount).toBeLessThanOrEqual(Math.max(1, 2 * model.size))
  }
  expect(written.collect((take) => tree.walk(root, -1, take))).toEqual(naive.sorted(model))
  for (const bits of model.keys()) tree.remove(root, written.at(bits))
  expect(tree.isEmpty(root)).toBe(true)
  expect(tree.nodeCount).toBe(1)
}

describe('the radix tree says what a list says', () => {
  test.each([1, 2, 4, 8])('with keys of %i words', (words) => {
    fc.assert(
      fc.property(steps(words), (script) => play(words, script)),
      { numRuns: 150 },
    )
  })
})

test('trees share nodes without seeing each other', () => {
  const written = new Written(1)
  const { tree, root } = written
  const other = tree.plant()
  tree.insert(root, written.at('01'), 7)
  expect(tree.longest(other, written.at('0111'))).toBe(0)
  expect(tree.gap(other, written.at('0111'))).toBe(0)
  tree.fell(other)
  const third = tree.plant()
  expect(tree.isEmpty(third)).toBe(true)
  expect(tree.valueAt(tree.longest(root, written.at('0111')))).toBe(7)
})

test('nodes given back are used again', () => {
  const written = new Written(1)
  const { tree, root } = written
  const before = tree.nodeCount
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 8; i++) tree.insert(root, written.at(i.toString(2).padStart(3, '0')), i + 1)
    for (let i = 0; i < 8; i++) tree.remove(root, written.at(i.toString(2).padStart(3, '0')))
  }
  expect(tree.nodeCount).toBe(before)
})
