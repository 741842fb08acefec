/** createIndexConcurrently: valid when it returns, whatever was there before and whatever came in between. */
import assert from 'node:assert/strict'
import { until } from '../../helpers/until.ts'
import {
  createScene,
  errorOf,
  eventsOf,
  refusing,
  type Scene,
  script,
  testEach,
  testNewest,
} from './scene.ts'

const resumable = '{ transaction: false, resumable: true }'
const users = `create table users (id integer primary key, email text, age integer, data jsonb);
insert into users (id, email, age) select i, 'user' || i, i % 90 from generate_series(1, 500) as i;`
const build = (call: string) => script(`await context.createIndexConcurrently(${call})`, resumable)

async function indexes(scene: Scene): Promise<string[]> {
  const rows = await scene.db.query<{ text: string }>(
    `select pg_get_indexdef(indexrelid) || case when indisvalid then '' else ' INVALID' end as text
from pg_index where indrelid = 'users'::regclass and not indisprimary order by 1`,
  )
  return rows.map(({ text }) => text.replace('INDEX ', '').replace('CREATE ', '')).sort()
}

testEach('builds what was asked for, and nothing twice', async (major) => {
  await using scene = await createScene(major, {
    '0001_users.sql': users,
    '0002_index.ts': script(
      `for (const time of [1, 2]) {
        await context.createIndexConcurrently('users', 'email')
        await context.createIndexConcurrently('public.users', ['age', 'id'], {
          unique: true, where: "age > 5 and email like 'user%' and age in (6, 7, 8)", include: ['email'],
        })
        await context.createIndexConcurrently('users', [sql.raw('lower(email) desc nulls last'), 'age'], { name: 'Odd "name"' })
        await context.createIndexConcurrently('users', 'data', { using: 'gin' })
      }`,
      resumable,
    ),
  })
  const result = await scene.up(0)
  assert.deepEqual(
    await indexes(scene),
    [
      '"Odd ""name""" ON public.users USING btree (lower(email) DESC NULLS LAST, age)',
      `UNIQUE users_age_id_idx ON public.users USING btree (age, id) INCLUDE (email) WHERE ((age > 5) AND (email ~~ 'user%'::text) AND (age = ANY (ARRAY[6, 7, 8])))`,
      'users_data_idx ON public.users USING gin (data)',
      'users_email_idx ON public.users USING btree (email)',
    ].sort(),
  )
  assert.deepEqual(eventsOf(result, 'notice'), [])
})

testEach('drops what an earlier attempt left INVALID', async (major) => {
  await using scene = await createScene(major, { '0001_users.sql': users })
  await scene.up(0)
  await scene.db.query("insert into users values (501, 'user1')")
  await assert.rejects(scene.db.query('create unique index concurrently users_email_idx on users (email)'))
  assert.match((await indexes(scene)).join(), /INVALID/)
  await scene.db.query('delete from users where id = 501')
  scene.write({ '0002_index.ts': build(`'users', 'email', { unique: true }`) })
  const result = await scene.up(0)
  assert.deepEqual(await indexes(scene), ['UNIQUE users_email_idx ON public.users USING btree (email)'])
  assert.match(
    String(eventsOf(result, 'notice')[0]?.msg),
    /dropping the index public\.users_email_idx: an earlier attempt left it INVALID/,
  )
})

testEach('one that another session still builds is waited for, not dropped', async (major) => {
  await using scene = await createScene(major, { '0001_users.sql': users })
  await scene.up(0)
  scene.write({
    '0002_index.ts': build(`'users', 'email'`),
    '0003_index.sql':
      '-- migrate:up transaction:false\ncreate index concurrently users_age_idx on users (age);',
  })
  await using app = await scene.db.connect()
  await using builder = await scene.db.connect()
  await app.unsafe("begin; update users set email = 'held' where id = 1")
  const built = builder.unsafe('create index concurrently users_email_idx on users (email)')
  const done = built.then(() => 'built')
  await until('it is on its way', async () => (await indexes(scene)).join().includes('INVALID'))
  const run = scene.start(['up'], { SLIPWAY_DDL_LOCK_TIMEOUT: '100ms' })
  await run.waitForOutput(/users_email_idx is INVALID; waiting for process \d+, which may be building it/)
  await app.unsafe('commit')
  assert.equal(await done, 'built')
  const result = await run.done
  assert.equal(result.code, 0, result.stderr)
  assert.doesNotMatch(result.stderr, /dropping the index/)
  assert.deepEqual(await indexes(scene), [
    'users_age_idx ON public.users USING btree (age)',
    'users_email_idx ON public.users USING btree (email)',
  ])
})

testNewest('a drop that fails leaves the lock timeout as it was', async (major) => {
  await using scene = await createScene(major, { '0001_users.sql': users })
  await scene.up(0)
  await scene.db.query("insert into users values (501, 'user1')")
  await assert.rejects(scene.db.query('create unique index concurrently users_email_idx on users (email)'))
  scene.write({
    '0002_index.ts': script(
      `await context.createIndexConcurrently('users', 'email').catch((error) => log(error.message))
      const [row] = await sql\`show lock_timeout\`
      log(row.lock_timeout)`,
      resumable,
    ),
  })
  await using app = await scene.db.connect()
  // Read by an open transaction, the index is waited for until the statement timeout.
  await app.unsafe('begin; select from users limit 1')
  const result = await scene.up(0, { SLIPWAY_STATEMENT_TIMEOUT: '300ms' })
  assert.deepEqual(
    eventsOf(result, 'migration-log').map(({ msg }) => String(msg).replace(/^.*: /, '')),
    ['canceling statement due to statement timeout', '500ms'],
  )
  await app.unsafe('commit')
})

testNewest('the same name with another definition is an error that shows both', async (major) => {
  await using scene = await createScene(major, {
    '0001_users.sql': `${users}\ncreate index users_email_idx on users (email desc);\ncreate table other (email text);\ncreate index other_idx on other (email);`,
    '0002_index.ts': build(`'users', 'email'`),
  })
  const { message } = errorOf(await scene.up(70))
  assert.match(message, /the index users_email_idx exists with another definition/)
  assert.match(message, /found: {2}CREATE INDEX users_email_idx ON public\.users USING btree \(email DESC\)/)
  assert.match(message, /wanted: create index "users_email_idx" on "public"\."users" using "btree" \("email"/)
  scene.write({ '0002_index.ts': build(`'users', 'email', { name: 'other_idx' }`) })
  assert.match(errorOf(await scene.up(70)).message, /the index other_idx exists with another definition/)
})

testNewest('one that cannot be unique leaves nothing behind', async (major) => {
  await using scene = await createScene(major, {
    '0001_users.sql': users,
    '0002_index.ts': build(`'users', 'age', { unique: true }`),
  })
  const error = errorOf(await scene.up(70))
  assert.equal(error.sqlstate, '23505')
  assert.deepEqual(await indexes(scene), [])
})

testNewest('on an empty table it waits for nobody', async (major) => {
  await using scene = await createScene(major, {
    '0001_users.sql': 'create table users (id integer primary key, email text);',
    '0002_index.ts': build(`'users', 'email'`),
  })
  await using app = await scene.db.connect()
  await app.unsafe('begin isolation level repeatable read; select 1')
  await scene.up(0)
  assert.deepEqual(await indexes(scene), ['users_email_idx ON public.users USING btree (email)'])
  await app.unsafe('commit')
})

testEach(
  'tells how far it is, while it waits and builds; killed meanwhile, it is built anew',
  async (major) => {
    await using scene = await createScene(major, { '0001_users.sql': users })
    await scene.up(0)
    scene.write({ '0002_index.ts': build(`'users', 'email'`) })
    await using app = await scene.db.connect()
    await app.unsafe("begin; update users set email = 'held' where id = 1")
    const first = scene.start(['up'])
    const [line] = await first.waitForOutput(/^.*"event":"progress".*$/m)
    const progress = JSON.parse(line) as Record<string, unknown>
    assert.equal(progress.work, 'index users_email_idx')
    assert.match(String(progress.phase), /^waiting for/)
    assert.deepEqual([progress.unit, progress.done, progress.total], ['lockers', 0, 1])
    first.kill('SIGKILL')
    await first.done
    assert.match((await indexes(scene)).join(), /INVALID/)
    const second = scene.start(['up'])
    await app.unsafe('commit')
    const result = await second.done
    assert.equal(result.code, 0, result.stderr)
    assert.deepEqual(await indexes(scene), ['users_email_idx ON public.users USING btree (email)'])
    const left = await until('nobody is left', async () => {
      const rows = await scene.db.query(
        "select application_name from pg_stat_activity where datname = current_database() and application_name like 'slipway%'",
      )
      return rows.length === 0 ? rows : false
    })
    assert.deepEqual(left, [])
  },
)

testNewest('refuses what cannot be built, by name', async (major) => {
  await using scene = await createScene(major, {
    '0001_users.sql': `${users}
create table parts (id integer, at date) partition by range (at);
create table part_1 partition of parts for values from ('2026-01-01') to ('2027-01-01');`,
  })
  await scene.up(0)
  const cases: readonly [call: string, message: RegExp][] = [
    [`'nowhere', 'a'`, /there is no table nowhere/],
    [`'parts', 'id'`, /no index concurrently on public\.parts, which is partitioned/],
    [`'users', []`, /an index on users needs a column/],
    [`'users', [sql.raw('lower(email)')]`, /needs a name/],
    [`'users', 'email', { where: sql\`email = \${'x'}\` }`, /can hold no bound value/],
    [`'users', 'email"; drop table users; --'`, /email"; drop table users/],
  ]
  const calls = cases.map(([call, message]) => [`createIndexConcurrently(${call})`, message] as const)
  scene.write({ '0002_index.ts': refusing(calls, resumable) })
  assert.match(errorOf(await scene.up(70)).message, /all refused/)
  assert.deepEqual(await indexes(scene), [])
})
