import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPaint } from '../../../src/reporters/paint.ts'
import { canRedraw, shouldColor } from '../../../src/reporters/should-color.ts'
import { tableLines } from '../../../src/reporters/table.ts'
import { clipToWidth, padToWidth, textWidth } from '../../../src/reporters/text-width.ts'
import { oneLine, visibleText } from '../../../src/text/visible-text.ts'

const cases: [Record<string, string>, boolean, boolean][] = [
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '' }, true, true],
  [{ NODE_DISABLE_COLORS: '1' }, true, false],
  [{ TERM: 'dumb' }, true, false],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '3', NO_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ FORCE_COLOR: 'false' }, true, false],
  [{ FORCE_COLOR: '' }, false, false],
]
for (const [env, isTTY, expected] of cases)
  test(`colours with ${JSON.stringify(env)}, ${isTTY ? 'terminal' : 'pipe'}: ${expected}`, () =>
    assert.equal(shouldColor(env, isTTY), expected))

test('a dumb terminal and a pipe cannot redraw', () => {
  assert.deepEqual(
    [canRedraw({}, true), canRedraw({ TERM: 'dumb' }, true), canRedraw({}, false)],
    [true, false, false],
  )
})

test('paint adds codes only when told to, whatever the stream is', () => {
  assert.equal(createPaint(true)('bad', 'x'), '\u001b[31mx\u001b[39m')
  assert.equal(createPaint(false)('bad', 'x'), 'x')
})

test('wide characters count twice, marks and styles nothing', () => {
  assert.deepEqual(
    ['abc', '漢字', 'e\u0301', '🚀', '\u001b[31mred\u001b[39m', '✓…'].map(textWidth),
    [3, 4, 1, 2, 3, 2],
  )
  assert.equal(padToWidth('漢', 4), '漢  ')
})

test('clipping never exceeds the width', () => {
  assert.equal(clipToWidth('abcdef', 6), 'abcdef')
  assert.equal(clipToWidth('abcdef', 4), 'abc…')
  assert.equal(clipToWidth('漢字漢字', 4), '漢…')
})

test('tables are aligned by width and end without blanks', () => {
  assert.deepEqual(tableLines([['a', '漢字', 'x'], ['long', 'b', ''], []]), ['a     漢字  x', 'long  b', ''])
})

test('foreign text loses escape sequences and control characters', () => {
  assert.equal(visibleText('a\u001b[2Jb\u0007c\r\nd\te\u009b1mf'), 'abc\nd\tef')
  assert.equal(
    visibleText('a\u001b]0;unterminated, so it must not swallow b'),
    'a0;unterminated, so it must not swallow b',
  )
  assert.equal(oneLine('a\n  b\u001b]0;title\u0007', 10), 'a b')
  assert.equal(oneLine('abcdefghijk', 5), 'abcd…')
})
