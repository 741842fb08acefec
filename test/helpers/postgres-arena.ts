import { dumpCatalogue, dumpRowCounts } from './catalogue.ts'
import { type Arena, type Ground, lookWith } from './kill-arena.ts'
import { startPgbouncer } from './pgbouncer.ts'
import { createTestDatabase, sharedPostgres } from './postgres.ts'

const migrations: Record<string, string> = {
  '0001_begin.sql': `create table effects (name text not null);
create table accounts (id integer primary key, email text not null, name text not null);
insert into accounts select n, 'user' || n || '@example.com', 'name ' || n % 7 from generate_series(1, 200) as n;
-- Slow enough that the server notices a dead runner while it builds an index with it.
create function slowly(text) returns text language plpgsql immutable
as $$ begin perform pg_sleep(0.004); return lower($1); end $$;
insert into effects values ('0001');`,
  '0002_transactional.sql': `alter table accounts add column plan text not null default 'free';
insert into effects values ('0002 first');
select pg_sleep(0.05);
create index accounts_plan on accounts (plan);
insert into effects values ('0002 last');`,
  '0003_transactional.ts': `import type { Migration } from 'slipway'
export const up: Migration = async ({ sql, columnExists }) => {
  if (await columnExists('accounts', 'mood')) throw new Error('half of an earlier attempt is there')
  await sql\`create type mood as enum ('calm', 'stormy')\`
  await sql\`alter table accounts add column mood mood\`
  await sql\`insert into effects values (\${'0003 first'})\`
  await sql\`select pg_sleep(0.05)\`
  await sql\`update accounts set mood = \${'calm'}\`
  await sql\`insert into effects values (\${'0003 last'})\`
}`,
  '0004_stepwise.sql': `-- migrate:up transaction:false
insert into effects values ('0004 first');
create index concurrently accounts_slow on accounts (slowly(email));
insert into effects values ('0004 second');
create unique index concurrently accounts_email on accounts (email);
alter table accounts add constraint accounts_email_key unique using index accounts_email;
begin;
insert into effects values ('0004 grouped');
alter table accounts alter column name drop not null;
commit;
drop index concurrently accounts_plan;
create index concurrently on accounts (name, email);
insert into effects values ('0004 last');`,
  '0005_resumable.ts': `import type { Migration, MigrationOptions } from 'slipway'
export const options: MigrationOptions = { transaction: false, resumable: true }
export const up: Migration = async ({ sql }) => {
  await sql\`create table if not exists again (id integer primary key, times integer not null)\`
  await sql\`insert into again values (1, 1) on conflict (id) do update set times = again.times + 1\`
  for (let from = 0; from < 200; from += 50)
    await sql\`update accounts set plan = 'paid' where id > \${from} and id <= \${from + 50}\`
}`,
  '0006_end.sql': `create view paying as select id, email from accounts where plan = 'paid';
do $$ begin perform pg_sleep(0.05); end $$;
insert into effects select '0006 ' || count(*) from paying;
comment on view paying is 'Those who pay';`,
}

/** Those that one transaction can hold, and more that leave something in their session. */
const transactional: Record<string, string> = {
  '0001_begin.sql': `${migrations['0001_begin.sql']}
create table again (id integer primary key, times integer not null);
insert into again values (1, 1);`,
  '0002_transactional.sql': migrations['0002_transactional.sql'] ?? '',
  '0003_transactional.ts': migrations['0003_transactional.ts'] ?? '',
  '0004_leaves.sql': `set search_path = pg_catalog, public;
prepare kept as select 1;
select pg_advisory_lock(4);
create temporary table temporary_table (n int);
insert into effects values ('0004');`,
  '0005_leaves.ts': `import type { Migration } from 'slipway'
export const up: Migration = async ({ sql }) => {
  await sql\`set statement_timeout = '20s'\`
  await sql\`prepare kept as select 2\`
  await sql\`insert into effects values (\${'0005'})\`
}`,
  '0006_end.sql': migrations['0006_end.sql'] ?? '',
}

const sqliteOnly = ['foreign-keys-off', 'rebuild-step'] as const

export function postgresArena(major: number): Arena {
  return {
    label: `PostgreSQL ${major}`,
    migrations,
    without: sqliteOnly,
    open: () => openGround(major, (url) => url),
  }
}

/** Through a PgBouncer that gives a server connection to each transaction; it lives as long as the arena. */
export async function openPooledArena(major: number): Promise<Arena & AsyncDisposable> {
  const pooler = await startPgbouncer(await sharedPostgres(major), { mode: 'transaction' })
  return {
    label: `PostgreSQL ${major} through PgBouncer`,
    migrations: transactional,
    without: ['intent-written', ...sqliteOnly],
    open: () => openGround(major, (url) => pooler.through(url)),
    [Symbol.asyncDispose]: () => pooler[Symbol.asyncDispose](),
  }
}

async function openGround(major: number, through: (url: string) => string): Promise<Ground> {
  const db = await createTestDatabase(major)
  return {
    url: through(db.url()),
    look: async () => {
      await using sql = await db.connect()
      const query = async (text: string) => [...(await sql.unsafe(text))] as Record<string, unknown>[]
      const catalogue = (await dumpCatalogue(query)) + (await dumpRowCounts(query))
      return await lookWith(query, catalogue)
    },
    locks: async () => {
      const rows = await db.query(
        "select 1 from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
      )
      return rows.length
    },
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  }
}
