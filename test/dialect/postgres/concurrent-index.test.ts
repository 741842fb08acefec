/** CREATE INDEX CONCURRENTLY beside a waiting runner, failing on a duplicate, and killed halfway. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertFailure, type Stage, waitingScript, withStage } from '../../helpers/interrupted-run.ts'
import { postgresMajors, sharedPostgres } from '../../helpers/postgres.ts'
import { until } from '../../helpers/until.ts'

/** Two hundred rows, one of them twice, and a function that makes building an index last for seconds. */
const begin = `create table effects (name text not null);
create table accounts (id integer generated always as identity primary key, email text not null);
insert into accounts (email) select 'user' || n || '@example.com' from generate_series(1, 200) as n;
create function slowly(text) returns text language plpgsql immutable
as $$ begin perform pg_sleep(0.01); return lower($1); end $$;`

async function indexes(stage: Stage): Promise<string[]> {
  const rows = await stage.db.query<{ shown: string }>(
    `select format('%s %s', indexrelid::regclass, case when indisvalid then 'valid' else 'INVALID' end) as shown
from pg_index where indrelid = 'accounts'::regclass and not indisprimary order by 1`,
  )
  return rows.map(({ shown }) => shown)
}

async function progress(stage: Stage): Promise<unknown> {
  const [row] = await stage.db.query(
    "select state, statements_done from schema_migrations where name like '%_index'",
  )
  return row
}

const killed = {
  named: { statement: 'create index concurrently by_email on accounts (slowly(email))', name: 'by_email' },
  unique: {
    statement: 'create unique index concurrently by_email on accounts (slowly(email))',
    name: 'by_email',
  },
  'if not exists': {
    statement: 'create index concurrently if not exists by_email on accounts (slowly(email))',
    name: 'by_email',
  },
  unnamed: {
    statement: 'create index concurrently on accounts (slowly(email))',
    name: 'accounts_slowly_idx',
  },
}

for (const major of postgresMajors)
  describe(`create index concurrently on PostgreSQL ${major}`, { concurrency: 3 }, () => {
    it('completes while a second runner waits for the run lock', async () =>
      withStage(
        {
          '0001_begin.sql': begin,
          '0002_waits.ts': waitingScript,
          '0003_index.sql':
            '-- migrate:up transaction:false\ncreate index concurrently by_email on accounts (slowly(email));',
        },
        async (stage) => {
          const holder = stage.start({ direct: true })
          await stage.waiting()
          const waiter = stage.start({ direct: true })
          await waiter.waitForOutput(/run lock is held by/)
          stage.go()
          for (const run of [holder, waiter]) assert.equal((await run.done).code, 0, run.output())
          assert.deepEqual(await indexes(stage), ['by_email valid'])
        },
        await sharedPostgres(major),
      ))

    it('fails on a duplicate; with the duplicate gone, the next run makes one valid index', async () =>
      withStage(
        {
          '0001_begin.sql': `${begin}\ninsert into accounts (email) values ('user1@example.com');`,
          '0002_index.sql': `-- migrate:up transaction:false
insert into effects values ('before');
create unique index concurrently by_email on accounts (email);
insert into effects values ('after');`,
        },
        async (stage) => {
          const result = await stage.start({ direct: true }).done
          assertFailure(result, 70, /0002_index failed at statement 2 of 3: could not create unique index/)
          assert.deepEqual(await indexes(stage), ['by_email INVALID'])
          assert.deepEqual(await progress(stage), { state: 'started', statements_done: 1 })
          await stage.db.query('delete from accounts where id > 200')
          assert.deepEqual(await stage.recover(), ['after', 'before'])
          assert.deepEqual(await indexes(stage), ['by_email valid'])
          assert.deepEqual(await progress(stage), { state: 'applied', statements_done: 3 })
        },
        await sharedPostgres(major),
      ))

    // Before PostgreSQL 14 a server does not notice a dead client: it builds to the end.
    if (major < 14) return

    for (const [kind, { statement, name }] of Object.entries(killed))
      it(`killed while it builds, and as it is taken up, ${kind}: the INVALID index is replaced by one that is valid`, async () =>
        withStage(
          {
            '0001_begin.sql': begin,
            '0002_index.sql': `-- migrate:up transaction:false
insert into effects values ('before');
${statement};
insert into effects values ('after');`,
          },
          async (stage) => {
            const run = stage.start({ direct: true })
            await stage.executing('create % concurrently')
            await until('the index is in the catalogue', async () => (await indexes(stage)).length === 1)
            run.kill('SIGKILL')
            await until('its session is gone', async () => (await stage.backends()).length === 0)
            assert.deepEqual(await indexes(stage), [`${name} INVALID`])
            const again = await stage.start({ direct: true, fault: 'intent-written' }).done
            assert.equal(again.signal, 'SIGKILL')
            assert.deepEqual(await stage.recover(), ['after', 'before'])
            assert.deepEqual(await indexes(stage), [`${name} valid`])
            assert.deepEqual(await progress(stage), { state: 'applied', statements_done: 3 })
          },
          await sharedPostgres(major),
        ))

    it('killed when it was built and not yet recorded, unnamed: it is not built twice', async () =>
      withStage(
        {
          '0001_begin.sql': `${begin}\ncreate index accounts_slowly_idx on accounts (slowly(email)) where id < 10;`,
          '0002_index.sql': `-- migrate:up transaction:false
create index concurrently on accounts (slowly(email)) where id < 5;
create index concurrently on accounts (slowly(email)) where id < 50;`,
        },
        async (stage) => {
          // The second index is built while its record waits for this lock on the history table.
          await using blocker = await stage.db.connect()
          const run = stage.start({ direct: true })
          await stage.executing('where id < 50')
          await blocker.unsafe('begin; lock table schema_migrations in share mode')
          await until(
            'the index is there',
            async () => (await indexes(stage)).length === 3 && !/INVALID/.test((await indexes(stage)).join()),
          )
          await until('its record waits', () => stage.executing('statements_done = 2'))
          run.kill('SIGKILL')
          await until('its session is gone', async () => (await stage.backends()).length === 0)
          await blocker.unsafe('rollback')
          const built = [
            'accounts_slowly_idx valid',
            'accounts_slowly_idx1 valid',
            'accounts_slowly_idx2 valid',
          ]
          const again = await stage.start({ direct: true, fault: 'intent-written' }).done
          assert.equal(again.signal, 'SIGKILL')
          assert.deepEqual(await stage.recover(), [])
          assert.deepEqual(await indexes(stage), built)
        },
        await sharedPostgres(major),
      ))
  })
