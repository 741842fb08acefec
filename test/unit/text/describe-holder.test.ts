import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRedactor, noRedaction } from '../../../src/redact.ts'
import { describeHolder, shortenStatement } from '../../../src/text/describe-holder.ts'

/** Of another session: as the server has it, as shown. */
const statements: readonly (readonly [string, string])[] = [
  ["create role app\n  password 'hunter2'", "create role app password '***'"],
  ["alter role app password /* now */ 'hunter2'", "alter role app password /* now */ '***'"],
  ["alter role app password U&'hunter2'", "alter role app password U&'***'"],
  ["select set_config('app.secret', 'hunter2', false)", "select set_config('***', '***', false)"],
  ["select 'https://ann:hunter2@example.com/x'", "select 'https://ann:***@example.com/x'"],
  ["select dblink('host=h password=hunter2', 'select 1')", "select dblink('***', '***')"],
  // pg_stat_activity cuts a long one in the middle.
  ["create role app password 'hunter2", "create role app password '***'"],
  ['alter role app password $x$hunter2', "alter role app password '***'"],
  ["do $$ begin execute 'create role a password ''hunter2", "do $$ begin execute '***'$$"],
  ['alter table users add password text', 'alter table users add password text'],
]

for (const [statement, shown] of statements)
  test(`shown: ${statement}`, () => assert.equal(shortenStatement(statement, noRedaction), shown))

test('with what the configuration knows to be secret', () => {
  const holder = { pid: 1, state: 'active', statement: "select 'S3cret-4711'" }
  assert.equal(
    describeHolder(holder, new Date(), createRedactor(['S3cret-4711'])),
    "pid 1, running: select '***'",
  )
})
