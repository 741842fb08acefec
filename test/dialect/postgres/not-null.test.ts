/** validateConstraint and setNotNull, from whatever state an interruption left. */
import assert from 'node:assert/strict'
import { until } from '../../helpers/until.ts'
import { createScene, errorOf, eventsOf, type Scene, script, testEach, testNewest } from './scene.ts'

const resumable = '{ transaction: false, resumable: true }'
const users = `create table users (id integer primary key, email text);
insert into users select i, 'user' || i from generate_series(1, 100) as i;`
const notNull = script(`await context.setNotNull('users', 'email')`, resumable)
const check = 'users_email_slipway_not_null_check'

async function stateOf(scene: Scene): Promise<string> {
  const [row] = await scene.db.query<{ state: string }>(
    `select attnotnull || ' ' || (select count(*) from pg_constraint where conrelid = attrelid and contype = 'c') as state
from pg_attribute where attrelid = 'users'::regclass and attname = 'email'`,
  )
  return row?.state ?? ''
}

testEach('sets a column not null wherever it was interrupted', async (major) => {
  const steps = [
    'add constraint users_COLUMN_slipway_not_null_check check (COLUMN is not null) not valid',
    'validate constraint users_COLUMN_slipway_not_null_check',
    'alter column COLUMN set not null',
    'drop constraint users_COLUMN_slipway_not_null_check',
  ]
  await using scene = await createScene(major, { '0001_users.sql': users })
  await scene.up(0)
  const columns = [0, 1, 2, 3, 4].map((done) => `after_${done}`)
  for (const [done, column] of columns.entries())
    for (const step of [`add ${column} integer default 1`, ...steps.slice(0, done)])
      await scene.db.query(`alter table users ${step.replaceAll('COLUMN', column)}`)
  const calls = columns.map((column) => `await context.setNotNull('users', '${column}')`)
  scene.write({ '0002_not_null.ts': script(calls.join('\n'), resumable) })
  await scene.up(0)
  assert.deepEqual(
    await scene.db.query(
      "select attname as column from pg_attribute where attrelid = 'users'::regclass and attname like 'after%' and attnotnull order by 1",
    ),
    columns.map((column) => ({ column })),
  )
  assert.equal(await stateOf(scene), 'false 0', 'no check is left')
})

testEach('stopped or out of time, it leaves nothing that would refuse the app', async (major) => {
  await using scene = await createScene(major, { '0001_users.sql': users })
  await scene.up(0)
  scene.write({ '0002_not_null.ts': notNull })
  // Sleeps once the check is validated, in that transaction.
  await scene.db.query(`create function linger() returns event_trigger language plpgsql as $$ begin
  if exists (select from pg_constraint where conname = '${check}' and convalidated)
    and not (select attnotnull from pg_attribute where attrelid = 'users'::regclass and attname = 'email')
  then perform pg_sleep(100); end if;
end $$;
create event trigger linger on ddl_command_end when tag in ('ALTER TABLE') execute function linger()`)
  const run = scene.start(['up'])
  await until('it validates', async () => {
    const rows = await scene.db.query(
      "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()",
    )
    return rows.length > 0
  })
  assert.equal(await stateOf(scene), 'false 1')
  run.kill('SIGTERM')
  const stopped = await run.done
  assert.equal(stopped.code, 143, stopped.stderr)
  assert.equal(await stateOf(scene), 'false 0')
  const late = await scene.up(70, { SLIPWAY_STATEMENT_TIMEOUT: '300ms' })
  assert.equal(errorOf(late).sqlstate, '57014')
  assert.equal(await stateOf(scene), 'false 0')
  await scene.db.query('drop event trigger linger')
  await scene.up(0)
  assert.equal(await stateOf(scene), 'true 0')
})

testNewest('reads the table while the app writes, and not again under the exclusive lock', async (major) => {
  await using scene = await createScene(major, { '0001_users.sql': users, '0002_not_null.ts': notNull })
  const { stderr } = await scene.up(0, { SLIPWAY_ECHO: 'true' })
  const sent = eventsOf({ stderr }, 'statement-echo')
    .map(({ text }) => String(text))
    .filter((text) => text.includes('alter table'))
  assert.deepEqual(sent, [
    `alter table "public"."users" add constraint "${check}" check ("email" is not null) not valid`,
    `alter table "public"."users" validate constraint "${check}"`,
    'alter table "public"."users" alter column "email" set not null',
    `alter table "public"."users" drop constraint "${check}"`,
  ])
})

testNewest(
  'rows without a value are counted, and nothing is left that would refuse the app',
  async (major) => {
    await using scene = await createScene(major, {
      '0001_users.sql': `${users}\nupdate users set email = null where id <= 7;`,
      '0002_not_null.ts': notNull,
    })
    const { message } = errorOf(await scene.up(70))
    assert.match(
      message,
      /7 rows of public\.users hold null in email; give them a value first, with a backfill/,
    )
    assert.equal(await stateOf(scene), 'false 0')
  },
)

testNewest('waits for its locks in small steps', async (major) => {
  await using scene = await createScene(major, { '0001_users.sql': users })
  await scene.up(0)
  scene.write({ '0002_not_null.ts': notNull })
  await using app = await scene.db.connect()
  await app.unsafe('begin; select from users limit 1')
  const run = scene.start(['up'], { SLIPWAY_DDL_LOCK_TIMEOUT: '100ms' })
  await run.waitForOutput(/step-retrying.*55P03/)
  await app.unsafe('commit')
  const result = await run.done
  assert.equal(result.code, 0, result.stderr)
  assert.equal(await stateOf(scene), 'true 0')
})

testNewest('validates a constraint that is not', async (major) => {
  await using scene = await createScene(major, {
    '0001_users.sql': `${users}
create table orders (id integer primary key, user_id integer);
insert into orders values (1, 1), (2, 999);
alter table orders add constraint orders_user_fkey foreign key (user_id) references users (id) not valid;`,
    '0002_validate.ts': script(`await context.validateConstraint('orders', 'orders_user_fkey')`, resumable),
  })
  const error = errorOf(await scene.up(70))
  assert.equal(error.sqlstate, '23503')
  await scene.db.query('delete from orders where id = 2')
  await scene.up(0)
  assert.deepEqual(
    await scene.db.query("select convalidated from pg_constraint where conname = 'orders_user_fkey'"),
    [{ convalidated: true }],
  )
  scene.write({
    '0003_again.ts': script(
      `await context.validateConstraint('public.orders', 'orders_user_fkey')
    await context.validateConstraint('orders', 'nothing')`,
      resumable,
    ),
  })
  assert.match(errorOf(await scene.up(70)).message, /the table public\.orders has no constraint nothing/)
  scene.write({ '0003_again.ts': script(`await context.setNotNull('orders', 'nothing')`, resumable) })
  assert.match(errorOf(await scene.up(70)).message, /the table public\.orders has no column nothing/)
})
