/** What a migration leaves behind in its session: the next one must not notice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newestMajor, uniqueName } from '../../helpers/postgres.ts'
import { createScene, errorOf, eventsOf, script, testEach } from './scene.ts'

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
