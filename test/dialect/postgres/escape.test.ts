/** A migration may not end the transaction it runs in; when it manages to, that is noticed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newestMajor } from '../../helpers/postgres.ts'
import { createScene, errorOf, lineOf, script } from './scene.ts'

test('commit in a SQL file is refused before anything runs', async () => {
  await using scene = await createScene(newestMajor, {
    '0001_first.sql': 'create table t (n int);',
    '0002_commits.sql': 'create table u (n int);\ncommit;\ncreate table v (n int);',
  })
  const error = errorOf(await scene.up(66))
  assert.equal(error.code, 'transaction-control')
  assert.equal(error.line, 2)
  assert.deepEqual(await scene.history(), [])
  assert.deepEqual(await scene.db.query("select to_regclass('t') as t"), [{ t: null }])
})

for (const text of ['commit', 'rollback', 'END', '/* now */ Abort', 'begin', 'start transaction']) {
  test(`await sql\`${text}\` in a script is refused and rolled back`, async () => {
    const source = script(`await sql\`create table t (n int)\`\nawait sql\`${text}\``)
    await using scene = await createScene(newestMajor, { '0001_commits.ts': source })
    const error = errorOf(await scene.up(70))
    assert.equal(error.code, 'migration-failed')
    assert.match(error.message, /opens and ends the transaction/)
    assert.equal(error.line, lineOf(source, `\`${text}\``))
    assert.deepEqual(await scene.history(), [])
    assert.deepEqual(await scene.db.query("select to_regclass('t') as t"), [{ t: null }])
  })
}

const escapes = {
  'a commit in the middle of a text': "await sql.raw('create table x (); commit; create table y ()')",
  'commit and begin': "await sql.raw('create table x (); commit; begin')",
  'commit, begin and more work':
    "await sql.raw('create table x (); commit; begin read write')\nawait sql`create table y ()`",
  'commit, begin and work that is refused':
    "await sql.raw('create table x (); commit; begin')\nawait sql`create table y ()`",
  'an escape whose error was swallowed':
    "try { await sql.raw('create table x (); commit; create table y ()') } catch {}",
  'an escape that then throws': "await sql.raw('create table x (); commit; begin')\nthrow new Error('later')",
}

for (const [what, body] of Object.entries(escapes)) {
  test(`${what} leaves the transaction: the step is marked, and waits for a human`, async () => {
    await using scene = await createScene(newestMajor, {
      '0001_escapes.ts': script(body),
      '0002_next.sql': 'create table z ()',
    })
    const error = errorOf(await scene.up(79))
    assert.equal(error.code, 'escaped')
    assert.match(error.file ?? '', /0001_escapes\.ts$/)
    assert.deepEqual(await scene.history(), ['0001_escapes started'])
    const again = errorOf(await scene.up(79))
    assert.equal(again.code, 'unfinished')
    assert.deepEqual(await scene.history(), ['0001_escapes started'])
    assert.deepEqual(await scene.db.query("select to_regclass('z') as z"), [{ z: null }])
  })
}

test('a rollback inside a text leaves no effect and no row, and says so', async () => {
  await using scene = await createScene(newestMajor, {
    '0001_rolls_back.ts': script("await sql.raw('create table x (); rollback; select 1')"),
  })
  const error = errorOf(await scene.up(79))
  assert.equal(error.code, 'escaped')
  assert.deepEqual(await scene.history(), ['0001_rolls_back started'])
})
