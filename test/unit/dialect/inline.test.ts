/** Values as literals: only placeholders are replaced, and no value ends its literal early. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inlineValues as postgres } from '../../../src/dialects/postgres/inline.ts'
import { inlineValues as sqlite } from '../../../src/dialects/sqlite/inline.ts'

describe('PostgreSQL', () => {
  const cases: readonly (readonly [string, readonly unknown[], string])[] = [
    ['select $1', [1], "select '1'"],
    ['select $1, $2, $1', ['a', 'b'], "select 'a', 'b', 'a'"],
    [
      `select '$1', "$1", $$ $1 $$, $a$ $1 $a$, $1 -- $1`,
      ['x'],
      `select '$1', "$1", $$ $1 $$, $a$ $1 $a$, 'x' -- $1`,
    ],
    ['select /* $1 /* $1 */ */ $1', ['x'], "select /* $1 /* $1 */ */ 'x'"],
    ['select a$1, $1', ['x'], "select a$1, 'x'"],
    ["select E'\\'$1', $1", ["it's"], "select E'\\'$1', 'it''s'"],
    ['select $1', ["\\'; drop table a; --"], "select E'\\\\''; drop table a; --'"],
    ['select $1, $2', [true, null], 'select true, null'],
    ['select $1', [-9007199254740993n], "select '-9007199254740993'::bigint"],
    ['select $1', [new Date(0)], "select '1970-01-01T00:00:00.000Z'::timestamptz"],
    ['select $1', [new Uint8Array([0, 255])], "select E'\\\\x00ff'::bytea"],
    ['select $1', [{ a: "it's" }], `select '{"a":"it''s"}'`],
    ['select $1', [['a', null, 'b"']], `select E'{"a",NULL,"b\\\\""}'`],
    ['select $1::int', [-5], "select '-5'::int"],
  ]
  for (const [text, values, wanted] of cases) test(text, () => assert.equal(postgres(text, values), wanted))
})

describe('SQLite', () => {
  const cases: readonly (readonly [string, readonly unknown[], string])[] = [
    ['select ?', [1], 'select 1'],
    ['select ?', [1.5], 'select 1.5'],
    ['select ?', [1e21], 'select 1e+21'],
    ['select ?, ?', [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], 'select 9e999, -9e999'],
    ['select ?', [-0], 'select -0.0'],
    ['select ?', [-9223372036854775808n], 'select -9223372036854775808'],
    [`select '?', "?", [?], \`?\`, ? -- ?`, ['x'], `select '?', "?", [?], \`?\`, 'x' -- ?`],
    ['select /* ? */ ?', ["it's"], "select /* ? */ 'it''s'"],
    ['select ?, ?', [true, null], 'select 1, null'],
    ['select ?', [new Uint8Array([0, 255])], "select x'00ff'"],
    ['select ?', ['a\0b'], "select cast(x'610062' as text)"],
    ['select ?', [new Date(0)], "select '1970-01-01T00:00:00.000Z'"],
    ['select ?', [{ a: 1 }], `select '{"a":1}'`],
  ]
  for (const [text, values, wanted] of cases) test(text, () => assert.equal(sqlite(text, values), wanted))
})
