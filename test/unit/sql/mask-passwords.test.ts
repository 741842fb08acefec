import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maskPasswords } from '../../../src/sql/mask-passwords.ts'

/** As sent, as shown. */
const masked: readonly (readonly [string, string])[] = [
  ["create role app login password 'hunter2'", "create role app login password '***'"],
  [
    "alter role app with encrypted password 'it''s hunter2' valid until 'x'",
    "alter role app with encrypted password '***' valid until '***'",
  ],
  ["alter role app PASSWORD e'hun\\'ter2'", "alter role app PASSWORD '***'"],
  ["alter role app password U&'hunter2'", "alter role app password U&'***'"],
  ['alter role app password $$hunter2$$', "alter role app password '***'"],
  ['alter role app password /* now */ $x$hunter2$x$', "alter role app password /* now */ '***'"],
  ["alter role app password 'hunter2", "alter role app password '***'"],
  [
    "alter role app password\n-- the password is hunter2\n'hunter2'",
    "alter role app password\n-- ***\n'***'",
  ],
  ['/* password: hunter2 */ select 1', '/* *** */ select 1'],
  [
    "create user mapping for a server s options (user 'a', password 'hunter2')",
    "create user mapping for a server s options (user '***', password '***')",
  ],
  [
    "create subscription s connection 'host=h password=hunter2' publication p",
    "create subscription s connection '***' publication p",
  ],
  ['select dblink_connect($$host=h password=hunter2$$)', "select dblink_connect('***')"],
  [
    "insert into users (name, password_hash) values ('ann', 'hunter2')",
    "insert into users (name, password_hash) values ('***', '***')",
  ],
  [`update "Passwords" set value = 'hunter2'`, `update "Passwords" set value = '***'`],
  ["do $$ begin execute 'create role a password ''hunter2'''; end $$", "do $$ begin execute '***'; end $$"],
  [
    "do $$ begin execute format('create role a password %L', 'hunter2'); end $$",
    "do $$ begin execute format('***', '***'); end $$",
  ],
  [
    "do $o$ begin execute $i$create role a password 'hunter2'$i$; end $o$",
    "do $o$ begin execute $i$create role a password '***'$i$; end $o$",
  ],
  ["select 'https://ann:hunter2@example.com/x'", "select 'https://ann:***@example.com/x'"],
  [
    "select 'a'; alter role app password 'hunter2'; select 'b'",
    "select 'a'; alter role app password '***'; select 'b'",
  ],
  ["select set_config('app.secret', 'hunter2', false)", "select set_config('***', '***', false)"],
]

for (const [text, shown] of masked)
  test(`masked: ${text}`, () => {
    assert.equal(maskPasswords(text), shown)
    assert.doesNotMatch(maskPasswords(text), /hunter2|ter2/)
  })

const kept = [
  "create table t (a text default 'x')",
  'create table users (id integer, password text not null)',
  "do $$ begin raise notice '%', 'x'; end $$",
  'update users set password = $1 where id = $2',
  "select 'https://example.com:443/x', 'me@example.com'",
  "comment on table t is 'it''s; fine' -- really",
]

for (const text of kept)
  test(`kept: ${text}`, () => {
    assert.equal(maskPasswords(text), text)
  })

test('a text of megabytes', () => {
  const values = `${"('x', 'password'), ".repeat(50_000)}('x', 'y')`
  assert.equal(maskPasswords(`insert into t values ${values}`).includes("'x'"), false)
})
