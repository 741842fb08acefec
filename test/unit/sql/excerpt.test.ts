import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { excerptAt, locate } from '../../../src/sql/excerpt.ts'

describe('locate', () => {
  const text = 'ab\ncd\n\n😀e'
  const cases = [
    [0, 1, 1],
    [1, 1, 2],
    [2, 1, 3],
    [3, 2, 1],
    [6, 3, 1],
    [7, 4, 1],
    [9, 4, 3],
    [10, 4, 4],
    [99, 4, 4],
    [-1, 1, 1],
  ] as const
  for (const [offset, line, column] of cases)
    it(`puts offset ${offset} at ${line}:${column}`, () =>
      assert.deepEqual(locate(text, offset), { line, column }))

  it('handles the empty text', () => assert.deepEqual(locate('', 0), { line: 1, column: 1 }))
  it('handles a leading newline', () => assert.deepEqual(locate('\na', 0), { line: 1, column: 1 }))
})

describe('excerptAt', () => {
  it('shows two lines before, the line, and a caret', () => {
    const text = 'create table a (\n  id int,\n  name txt\n);\n'
    assert.deepEqual(excerptAt(text, text.indexOf('txt')), {
      line: 3,
      column: 8,
      excerpt: ['1 | create table a (', '2 |   id int,', '3 |   name txt', '  |        ^'].join('\n'),
    })
  })

  it('widens the gutter with the numbers', () => {
    const text = `${'a\n'.repeat(9)}bcd`
    assert.equal(
      excerptAt(text, text.length - 1).excerpt,
      [' 8 | a', ' 9 | a', '10 | bcd', '   |   ^'].join('\n'),
    )
  })

  it('keeps tabs, so that the caret stays below its character', () => {
    assert.equal(excerptAt('\ta\tb', 3).excerpt, '1 | \ta\tb\n  | \t \t^')
  })

  it('points behind the last character at the end of a line', () => {
    assert.equal(excerptAt('ab\ncd', 2).excerpt, '1 | ab\n  |   ^')
  })

  it('cuts a long line around the column, and the caret still points at it', () => {
    for (const at of [0, 10, 60, 61, 500, 980, 1000]) {
      const text = `${'x'.repeat(at)}!${'y'.repeat(1000 - at)}`
      const [line = '', caret = ''] = excerptAt(text, at).excerpt.split('\n')
      assert.equal(line.charAt(caret.indexOf('^')), '!')
      assert.ok(at === 0 || line.includes('x!'), 'what is left of it shows')
      assert.ok(line.length < 130, `${line.length} columns`)
    }
  })

  it('splits no surrogate pair', () => {
    for (let at = 400; at < 404; at += 1) {
      const { excerpt } = excerptAt('😀'.repeat(400), at)
      assert.ok(excerpt.isWellFormed())
    }
  })

  it('lets no control character through to the terminal', () => {
    assert.equal(excerptAt('a\u001b[2Jb', 0).excerpt, '1 | a\ufffd[2Jb\n  | ^')
  })
})

describe('a password in an excerpt', () => {
  const cases = [
    ["create role bob password 'x''y' nosuch", 'nosuch', "create role bob password '***' nosuch"],
    ['create role bob password $q$xyz$q$ nosuch', 'nosuch', "create role bob password '***' nosuch"],
    ["alter role bob password\n  'xyz'", "'xyz'", "  '***'"],
    ["do $$ begin execute 'create role b password ''xyz'''; end $$", 'do', "do '***'"],
    ["await sql`create role b password 'xyz'`", 'await', "await sql`create role b password '***'`"],
    ['const passphrase = "xyz" ; x', 'x', "const passphrase = '***' ; x"],
    ['select dblink_connect(postgres://b:xyz@h/d)', 'select', 'select dblink_connect(postgres://b:***@h/d)'],
    ["select 'kept', nosuch", 'nosuch', "select 'kept', nosuch"],
  ] as const
  for (const [text, at, shown] of cases)
    it(text, () => {
      const { excerpt } = excerptAt(text, text.lastIndexOf(at))
      const lines = excerpt.split('\n')
      assert.equal(lines.at(-2)?.replace(/^\d+ \| /, ''), shown)
      const caret = (lines.at(-1)?.indexOf('^') ?? 0) - 4
      const pointedAt = at.startsWith("'") ? "'***'" : at
      assert.equal(shown.slice(caret, caret + pointedAt.length), pointedAt)
    })

  it('nor in the lines before', () => {
    const { excerpt } = excerptAt("create role b password 'xyz';\nselect nosuch", 37)
    assert.doesNotMatch(excerpt, /xyz/)
  })
})
