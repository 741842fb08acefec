import assert from 'node:assert/strict'
import { test } from 'node:test'
import { followChain, readRevision } from '../../../../src/plan/adopt/chain.ts'
import type { ForeignFile } from '../../../../src/plan/adopt/ledger.ts'

const fileOf = (text: string): ForeignFile => ({
  name: 'x',
  bases: ['x.py'],
  shown: 'x.py',
  place: 'old',
  kind: 'other',
  sha256: '',
  text,
})

const spellings: readonly (readonly [string, readonly [string | undefined, ...string[]]])[] = [
  ["revision = 'a'\ndown_revision = None", ['a']],
  ['revision: str = "a"\ndown_revision: Union[str, Sequence[str], None] = "b"', ['a', 'b']],
  ["revision='a'\ndown_revision=('b', \"c\")", ['a', 'b', 'c']],
  [
    "revision = 'a'\ndown_revision = (\n    'b',\n    'c',  # 'd'\n)\ndepends_on = ['e']",
    ['a', 'b', 'c', 'e'],
  ],
  ["# revision = 'a'\nx.revision = 'b'", [undefined]],
  ["'''\nRevision ID: a\nRevises: b\n'''\nrevision = 'a' # 'x'\ndown_revision = 'b'", ['a', 'b']],
]
for (const [text, [id, ...after]] of spellings)
  test(JSON.stringify(text), () => {
    const found = readRevision(fileOf(text))
    assert.deepEqual([found?.id, ...(found?.after ?? [])], [id, ...after])
  })

const chain = (heads: readonly string[], edges: Readonly<Record<string, readonly string[]>>) => {
  const revisions = Object.entries(edges).map(([id, after]) => ({ id, after, file: fileOf('') }))
  const { applied, pending, missing } = followChain(revisions, heads)
  return [applied.map(({ id }) => id).join(''), pending.map(({ id }) => id).join(''), missing.join('')]
}

test('what a head descends from is applied, in order', () => {
  const edges = { c: ['b'], a: [], b: ['a'], d: ['c'] }
  assert.deepEqual(chain(['c'], edges), ['abc', 'd', ''])
  assert.deepEqual(chain([], edges), ['', 'cabd', ''])
})

test('branches, merges and several heads', () => {
  const edges = { a: [], b: ['a'], c: ['a'], d: ['b', 'c'], e: ['a'] }
  assert.deepEqual(chain(['d'], edges), ['abcd', 'e', ''])
  assert.deepEqual(chain(['b', 'e'], edges), ['abe', 'cd', ''])
})

test('a gap is named, a circle ends', () => {
  assert.deepEqual(chain(['c'], { c: ['x'] }), ['c', '', 'x'])
  assert.deepEqual(chain(['a'], { a: ['b'], b: ['a'] }), ['ba', '', ''])
  const long = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, i) => [`${i},`, i === 0 ? [] : [`${i - 1},`]]),
  )
  assert.equal(chain(['19999,'], long)[0]?.split(',').length, 20_001)
})
