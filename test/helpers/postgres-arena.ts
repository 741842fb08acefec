import { dumpCatalogue, dumpRowCounts } from './catalogue.ts'
import { type Arena, lookWith } from './kill-arena.ts'
import { createTestDatabase } from './postgres.ts'

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

export function postgresArena(major: number): Arena {
  return {
    label: `PostgreSQL ${major}`,
    migrations,
    open: async () => {
      const db = await createTestDatabase(major)
      return {
        url: db.url(),
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
    },
  }
}
