import { dumpSqliteCatalogue } from './catalogue.ts'
import { type Arena, lookWith } from './kill-arena.ts'
import { readSqlite } from './sqlite.ts'

const migrations: Record<string, string> = {
  '0001_begin.sql': `create table effects (name text not null);
create table accounts (id integer primary key, email text not null, name text);
insert into accounts
with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 20000)
select n, 'user' || n || '@example.com', 'name ' || n % 7 from numbers;
insert into effects values ('0001');`,
  '0002_transactional.sql': `alter table accounts add column plan text not null default 'free';
insert into effects values ('0002 first');
create index accounts_plan on accounts (plan, name, email);
update accounts set plan = 'free ' || id;
insert into effects values ('0002 last');`,
  '0003_transactional.ts': `import type { Migration } from 'slipway'
export const up: Migration = async ({ sql, op, columnExists }) => {
  if (await columnExists('accounts', 'mood')) throw new Error('half of an earlier attempt is there')
  await sql\`alter table accounts add column mood text\`
  await sql\`insert into effects values (\${'0003 first'})\`
  await sql\`update accounts set mood = \${'calm'}\`
  await op.addCheck('accounts', "mood <> ''")
  await sql\`insert into effects values (\${'0003 last'})\`
}`,
  '0004_stepwise.sql': `-- migrate:up transaction:false
insert into effects values ('0004 first');
create unique index accounts_email on accounts (email);
insert into effects values ('0004 second');
vacuum;
update accounts set mood = 'calm ' || name;
insert into effects values ('0004 last');`,
  '0005_resumable.ts': `import type { Migration, MigrationOptions } from 'slipway'
export const options: MigrationOptions = { transaction: false, resumable: true }
export const up: Migration = async ({ sql }) => {
  await sql\`create table if not exists again (id integer primary key, times integer not null)\`
  await sql\`insert into again values (1, 1) on conflict (id) do update set times = times + 1\`
  for (let from = 0; from < 20000; from += 5000)
    await sql\`update accounts set plan = 'paid' where id > \${from} and id <= \${from + 5000}\`
}`,
  '0006_end.sql': `create view paying as select id, email from accounts where plan = 'paid';
insert into effects select '0006 ' || count(*) from paying;
create table newest as select id, email from paying order by email desc limit 10;`,
}

export const sqliteArena: Arena = {
  label: 'SQLite',
  migrations,
  open: async (workspace) => {
    const file = workspace.path('app.db')
    return {
      url: `sqlite://${file}`,
      look: () => lookWith(async (text) => readSqlite(file, text), dumpSqliteCatalogue(file)),
      // It is the operating system's: whether it is free shows in that the next run gets it.
      locks: async () => 0,
      [Symbol.asyncDispose]: async () => {},
    }
  },
}
