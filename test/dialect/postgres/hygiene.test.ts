/** What a migration leaves behind in its session, and what it does not await: the next one must not notice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newestMajor, uniqueName } from '../../helpers/postgres.ts'
import { createScene, errorOf, eventsOf, lineOf, script, testEach } from './scene.ts'

/** `role` is one that the migrating role may take. */
const leftovers: Readonly<Record<string, (role: string) => string>> = {
  'search_path set to nothing': () => "select pg_catalog.set_config('search_path', '', false)",
  'set role': (role) => `set role "${role}"`,
  'set session authorization': (role) => `set session authorization "${role}"`,
  'statement_timeout and lock_timeout': () => "set statement_timeout = '40ms'; set lock_timeout = '40ms'",
  idle_in_transaction_session_timeout: () => "set idle_in_transaction_session_timeout = '40ms'",
  'a temporary table that hides a real one': () =>
    "create temporary table shown (origin text); insert into shown values ('temporary')",
  listen: () => 'listen something',
  'a prepared statement': () => 'prepare again as select 1',
  'a cursor that outlives its transaction': () => 'declare kept cursor with hold for select 1',
  'a read-only default': () => 'set default_transaction_read_only = on',
  'standard_conforming_strings off': () => 'set standard_conforming_strings = off',
  'a transaction isolation default': () => "set default_transaction_isolation = 'serializable'",
}

/** Notes what it finds of all the things above. */
const witness = `insert into witness
select current_user, session_user, current_setting('search_path'), current_setting('statement_timeout'),
  current_setting('default_transaction_isolation'), current_setting('standard_conforming_strings'),
  (select count(*) from pg_listening_channels()), (select count(*) from pg_prepared_statements),
  (select count(*) from pg_cursors where name = 'kept'), (select origin from shown)
from pg_sleep(0.1)`

const setUp = `create table witness (role text, login text, path text, timeout text, isolation text, strings text,
  channels int, statements int, cursors int, origin text);
create table shown (origin text);
insert into shown values ('real');`

testEach(
  'nothing that a migration leaves in its session reaches the next one or the history',
  async (major) => {
    await using scene = await createScene(major, { '0000_set_up.sql': setUp })
    const role = uniqueName('owner')
    await scene.db.query(`create role "${role}"`)
    await scene.db.query(`grant usage on schema public to "${role}"`)
    try {
      let number = 0
      const files: Record<string, string> = { '0001_before.sql': witness }
      for (const make of Object.values(leftovers)) {
        const text = make(role)
        for (const extension of ['sql', 'ts'] as const) {
          const version = String(10 + number++).padStart(4, '0')
          files[`${version}_leave.${extension}`] =
            extension === 'sql' ? text : script(`await sql.raw(${JSON.stringify(text)})`)
          files[`${version}_notice.sql`] = witness
        }
      }
      scene.write(files)
      await scene.up(0)
      assert.deepEqual(
        await scene.history(),
        ['0000_set_up', ...Object.keys(files).map((file) => file.replace(/\.\w+$/, ''))]
          .sort()
          .map((name) => `${name} applied`),
      )
      const [first, ...others] = await scene.db.query('select distinct * from witness')
      assert.deepEqual(others, [])
      assert.equal(first?.origin, 'real')
      assert.equal(
        (await scene.db.query('select from witness')).length,
        1 + 2 * Object.keys(leftovers).length,
      )
    } finally {
      await scene.db.query(`drop owned by "${role}" cascade; drop role "${role}"`)
    }
  },
)

testEach('what a non-transactional migration leaves behind is gone as well', async (major) => {
  await using scene = await createScene(major, {
    '0000_set_up.sql': setUp,
    '0001_before.sql': witness,
    '0002_sql.sql': `-- migrate:up transaction:false
set search_path = '';
set statement_timeout = '40ms';
listen something;`,
    '0003_notice.sql': witness,
    '0004_script.ts': script(
      "await sql.raw(\"set search_path = ''; set lock_timeout = '40ms'; listen something\")",
      '{ transaction: false }',
    ),
    '0005_notice.sql': witness,
  })
  await scene.up(0)
  assert.equal((await scene.history()).length, 6)
  assert.equal((await scene.db.query('select distinct * from witness')).length, 1)
})

/** A body that must fail with `not-awaited` at the line that holds `at`. */
const unawaited = {
  'a query that was never awaited': { body: 'sql`insert into t values (1)`', at: 'insert into t' },
  'a query that was started and not finished': {
    body: 'sql`select pg_sleep(1)`.then(() => {})',
    at: 'pg_sleep',
  },
  'one of several': {
    body: 'await sql`insert into t values (1)`\nsql`insert into t values (2)`\nawait sql`insert into t values (3)`',
    at: 'values (2)',
  },
  'a raw text': { body: "sql.raw('insert into t values (1)')", at: 'sql.raw' },
  'a check': { body: "context.tableExists('t')", at: 'tableExists' },
  'a fragment that was never used': { body: 'const where = sql`where true`\nvoid where', at: 'where true' },
} as const

for (const [what, { body, at }] of Object.entries(unawaited)) {
  test(`${what} fails its migration and is rolled back`, async () => {
    const source = script(`await sql\`create table t (n int)\`\n${body}`)
    await using scene = await createScene(newestMajor, { '0001_first.sql': 'select 1', '0002_t.ts': source })
    const error = errorOf(await scene.up(70))
    assert.equal(error.code, 'not-awaited')
    assert.match(error.message, /0002_t/)
    assert.match(error.file ?? '', /0002_t\.ts$/)
    assert.equal(error.line, lineOf(source, at))
    assert.deepEqual(await scene.history(), ['0001_first applied'])
    assert.deepEqual(await scene.db.query("select to_regclass('t') as t"), [{ t: null }])
  })
}

const thrown: readonly (readonly [string, RegExp])[] = [
  ["'just a string'", /just a string/],
  ["''", /empty string|''|""/],
  ['null', /threw null/],
  ['undefined', /threw undefined/],
  ['{ reason: "odd" }', /"reason":"odd"/],
  ['42', /42/],
  ['new TypeError("")', /TypeError/],
]

for (const [value, message] of thrown) {
  test(`throwing ${value} fails the migration with words`, async () => {
    await using scene = await createScene(newestMajor, {
      '0001_throws.ts': script(`await sql\`create table t (n int)\`\nthrow ${value}`),
    })
    const error = errorOf(await scene.up(70))
    assert.equal(error.code, 'migration-failed')
    assert.match(error.message, message)
    assert.match(error.file ?? '', /0001_throws\.ts$/)
    assert.deepEqual(await scene.history(), [])
    assert.deepEqual(await scene.db.query("select to_regclass('t') as t"), [{ t: null }])
  })
}

test('an unhandled rejection inside a migration fails it, and nothing is committed', async () => {
  const bodies = {
    'of a promise nobody awaits': "void Promise.reject(new Error('stray'))",
    'while a query runs':
      "setTimeout(() => void Promise.reject(new Error('stray')), 20)\nawait sql`select pg_sleep(20)`",
    'thrown by a timer': "setTimeout(() => { throw new Error('stray') }, 20)\nawait sql`select pg_sleep(20)`",
  }
  for (const [what, body] of Object.entries(bodies)) {
    await using scene = await createScene(newestMajor, {
      '0001_stray.ts': script(`await sql\`create table t (n int)\`\n${body}`),
    })
    const result = await scene.up(70)
    const error = errorOf(result)
    assert.equal(error.code, 'migration-failed', what)
    assert.match(error.message, /stray/, what)
    assert.match(error.message, /0001_stray/, what)
    assert.ok(result.durationMs < 15_000, what)
    assert.deepEqual(await scene.history(), [], what)
    const failures = await scene.db.query("select name from schema_migrations_log where event = 'failure'")
    assert.deepEqual(failures, [{ name: '0001_stray' }], what)
  }
})

test('a query made after its migration has ended fails the run and names that migration', async () => {
  const bodies = {
    'never awaited': 'sql`insert into t values (1)`',
    awaited: 'await sql`insert into t values (1)`',
    'a check': "await context.tableExists('t')",
  }
  for (const [what, body] of Object.entries(bodies)) {
    await using scene = await createScene(newestMajor, {
      '0001_t.sql': 'create table t (n int)',
      '0002_late.ts': script(`setTimeout(async () => { ${body} }, 50)`),
      '0003_slow.sql': 'select pg_sleep(20)',
    })
    const error = errorOf(await scene.up(70))
    assert.match(error.message, /0002_late had already ended/, what)
    assert.deepEqual(await scene.history(), ['0001_t applied', '0002_late applied'], what)
    assert.deepEqual(await scene.db.query('select from t'), [], what)
  }
})

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

testEach('a swallowed query error fails the migration with that error', async (major) => {
  const source = script(`try { await sql\`select * from nowhere\` } catch {}
try { await sql\`select 2\` } catch {}`)
  await using scene = await createScene(major, { '0001_swallows.ts': source })
  const error = errorOf(await scene.up(70))
  assert.equal(error.sqlstate, '42P01')
  assert.match(error.message, /nowhere/)
  assert.equal(error.line, lineOf(source, 'nowhere'))
  assert.deepEqual(await scene.history(), [])
})

testEach('an error inside a savepoint may be swallowed', async (major) => {
  await using scene = await createScene(major, {
    '0001_savepoint.ts': script(`await sql\`savepoint here\`
      try { await sql\`select 1 / 0\` } catch { await sql\`rollback to savepoint here\` }
      await sql\`create table t (n int)\``),
  })
  await scene.up(0)
  assert.deepEqual(await scene.history(), ['0001_savepoint applied'])
})

testEach('the same select works before and after an alter in one migration', async (major) => {
  await using scene = await createScene(major, {
    '0001_t.sql': 'create table t (n int); insert into t values (1);',
    '0002_alters.ts': script(`const read = (n: number) => sql\`select * from t where n = \${n}\`
      log('before', await read(1))
      await sql\`alter table t alter column n type text using n::text, add column more int default 2\`
      log('after', await sql\`select * from t where n = \${'1'}\`)
      await sql\`alter table t alter column n type int using n::int\`
      log('again', await read(1))`),
  })
  const logs = eventsOf(await scene.up(0), 'migration-log').map(({ data }) => data)
  assert.deepEqual(logs, [[{ n: 1 }], [{ n: '1', more: 2 }], [{ n: 1, more: 2 }]])
})

test('a migration that deletes its own history row is refused', async () => {
  await using scene = await createScene(newestMajor, {
    '0001_deletes.sql': 'create table t (n int);\ndelete from schema_migrations;',
  })
  const error = errorOf(await scene.up(70))
  assert.match(error.message, /its own row/)
  assert.deepEqual(await scene.history(), [])
})
