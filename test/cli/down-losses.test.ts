/** What a down takes away is seen, whatever says it; what takes nothing away goes through without a word. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, test } from 'node:test'
import { createMigrator, SlipwayError } from '../../src/index.ts'
import { slipway } from '../helpers/cli.ts'
import { failureOf } from '../helpers/library-scene.ts'
import { type Kind, openPlace, type Place } from '../helpers/place.ts'
import { until } from '../helpers/until.ts'

interface Case {
  readonly name: string
  readonly up: string
  /** SQL, or the body of a script. */
  readonly down: string | { readonly script: string }
  /** Left out: it loses nothing. */
  readonly refused?: RegExp
}

/** Each with a table of its own that holds one row. */
const table = (name: string, columns = 'id integer primary key, name text', values = "1, 'x'") =>
  `create table ${name} (${columns});\ninsert into ${name} values (${values});`
const sql = (text: string) => ({ script: `await sql.raw(${JSON.stringify(text)})` })

const everywhere: readonly Case[] = [
  { name: 'an index', up: `${table('t_index')}create index t_i on t_index (name)`, down: 'drop index t_i' },
  {
    name: 'an empty table',
    up: `${table('t_empty')}delete from t_empty`,
    down: 'drop table t_empty',
  },
  {
    name: 'an empty table by a script',
    up: `${table('t_empty2')}delete from t_empty2`,
    down: sql('drop table t_empty2'),
  },
  {
    name: 'a column of nulls',
    up: `${table('t_null')}alter table t_null add column more text`,
    down: 'alter table t_null drop column more',
  },
  {
    name: 'a column of nulls by an operation',
    up: `${table('t_null2')}alter table t_null2 add column more text`,
    down: { script: "await op.dropColumn('t_null2', 'more')" },
  },
  {
    name: 'back to the old names',
    up: `${table('t_old')}alter table t_old rename column name to label;alter table t_old rename to t_new`,
    down: 'alter table t_new rename to t_old;alter table t_old rename column label to name',
  },
  {
    name: 'back to the old names by a script',
    up: `${table('t_old2')}alter table t_old2 rename column name to label;alter table t_old2 rename to t_new2`,
    down: sql('alter table t_new2 rename to t_old2;alter table t_old2 rename column label to name'),
  },
  {
    name: 'what was never there, or made on the way',
    up: 'select 1',
    down: 'drop table if exists t_absent;create table t_made (id integer);insert into t_made values (1);drop table t_made',
  },
  {
    name: 'outside a transaction, nothing',
    up: `${table('t_bare')}delete from t_bare`,
    down: '-- transaction:false\ndrop table t_bare',
  },
  {
    name: 'a delete inside another statement',
    up: `${table('t_with')}${table('t_kept')}`,
    down: 'with two as (select 2 as id) delete from t_with where id < (select id from two)',
    refused: /deletes from t_with, which holds 1 row/,
  },
  {
    name: 'a delete by a script',
    up: `${table('t_del')}insert into t_del values (2, 'y')`,
    down: sql('delete from t_del where id = 2'),
    refused: /takes away .*1 row of (public\.)?t_del/,
  },
  {
    name: 'a table made anew without its rows, by a script',
    up: table('t_anew'),
    down: sql('drop table t_anew;create table t_anew (id integer primary key, name text)'),
    refused: /takes away .*t_anew/,
  },
  {
    name: 'another table instead, by a script',
    up: table('t_users'),
    down: sql(
      "drop table t_users;create table t_accounts (id integer, login text);insert into t_accounts values (1, 'y')",
    ),
    refused: /takes away .*t_users/,
  },
  {
    name: 'a renamed column within one down',
    up: table('t_col'),
    down: 'alter table t_col rename column name to label;alter table t_col drop column label',
    refused: /drops t_col\.name with 1 value/,
  },
  {
    name: 'outside a transaction, what is not found',
    up: table('t_lost'),
    down: '-- transaction:false\ndrop table if exists t_missing',
    refused: /drops t_missing with an unknown number of rows/,
  },
]

const only: Readonly<Record<Kind, readonly Case[]>> = {
  postgres: [
    {
      name: 'an empty table by a block, and another schema',
      up: 'create table p_block (id integer);create schema p_app;create table p_moved (id integer);insert into p_moved values (1);alter table p_moved set schema p_app',
      down: "alter table p_app.p_moved set schema public;do $$ begin execute 'drop table p_block'; end $$",
    },
    {
      name: 'in another schema',
      up: 'create schema p_other;create table p_path (id integer);create table p_other.p_path (id integer);insert into p_other.p_path values (1)',
      down: 'set search_path = p_other;drop table p_path',
      refused: /drops p_other\.p_path with 1 row/,
    },
    {
      name: 'a merge',
      up: `${table('p_merge')}`,
      down: 'merge into p_merge t using (select 1 as id) s on s.id = t.id when matched then delete',
      refused: /deletes from p_merge, which holds 1 row/,
    },
    {
      name: 'a function',
      up: `${table('p_fun')}create function p_purge() returns void language sql as 'delete from p_fun'`,
      down: 'select p_purge()',
      refused: /takes away .*1 row of public\.p_fun/,
    },
    {
      name: 'emptied by a script',
      up: table('p_trunc'),
      down: sql('truncate p_trunc'),
      refused: /takes away .*p_trunc/,
    },
    {
      name: 'a column that goes with its type',
      up: `create type p_mood as enum ('ok');create table p_typed (id integer, mood p_mood);insert into p_typed values (1, 'ok')`,
      down: 'drop type p_mood cascade',
      refused: /takes away .*p_typed\.mood/,
    },
  ],
  sqlite: [
    {
      name: 'made anew with its rows',
      up: table('s_anew', 'id integer primary key, name text, more text', "1, 'x', null"),
      down: 'create table s_next (id integer primary key, name text);insert into s_next select id, name from s_anew;drop table s_anew;alter table s_next rename to s_anew',
    },
    {
      name: 'made anew by an operation',
      up: table('s_op'),
      down: { script: "await op.alterColumn('s_op', 'name', { type: 'varchar(9)' })" },
    },
    {
      name: 'replaced',
      up: table('s_rep'),
      down: "replace into s_rep values (1, 'y')",
      refused: /deletes from s_rep, which holds 1 row/,
    },
    {
      name: 'another column instead, by a script',
      up: table('s_col'),
      down: sql("alter table s_col drop column name;alter table s_col add column login text default 'z'"),
      refused: /takes away .*s_col\.name/,
    },
  ],
}

function toFile({ up, down }: Case): Readonly<Record<string, string>> {
  if (typeof down !== 'string')
    return {
      ts: `export const up = async ({ sql }) => { await sql.raw(${JSON.stringify(up)}) }
export const down = async ({ sql, op }) => { ${down.script} }
`,
    }
  const [, options = '', text = down] = /^-- (\S+)\n(.*)$/s.exec(down) ?? []
  return { sql: `-- migrate:up\n${up};\n-- migrate:down ${options}\n${text};\n` }
}

/** Those that lose nothing are the newest: they all go at once. */
async function openCases(kind: Kind) {
  const all = [...everywhere, ...only[kind]]
  const harmful = all.filter(({ refused }) => refused !== undefined)
  const harmless = all.filter(({ refused }) => refused === undefined)
  const files = [...harmful, ...harmless].flatMap((each, index) =>
    Object.entries(toFile(each)).map(
      ([extension, text]) =>
        [
          `${String(index + 1).padStart(4, '0')}_${each.name.replace(/\W+/g, '_')}.${extension}`,
          text,
        ] as const,
    ),
  )
  const place = await openPlace(kind, Object.fromEntries(files))
  return { place, harmful, harmless }
}

const kinds: readonly Kind[] = ['postgres', 'sqlite']

for (const kind of kinds)
  describe(kind, () => {
    test('what loses nothing goes through, and each loss is refused', async (t) => {
      const { place, harmful, harmless } = await openCases(kind)
      await using _ = place
      // Not as processes: there are many.
      const databaseUrl = place.env.SLIPWAY_DATABASE_URL ?? ''
      await using migrator = await createMigrator({ databaseUrl, cwd: place.workspace.dir })
      await migrator.up()
      assert.equal((await migrator.down({ steps: harmless.length })).reverted.length, harmless.length)
      for (const { name, refused = /./ } of harmful.toReversed())
        await t.test(name, async () => {
          const before = await place.history()
          const error = await failureOf(migrator.down()).catch((other: unknown) => other)
          const after = await place.history()
          if (after.length === before.length) await migrator.down({ allowDataLoss: true })
          assert.ok(error instanceof SlipwayError, String(error))
          assert.equal(error.code, 'data-loss', error.message)
          assert.match(error.message, refused)
          assert.deepEqual(after, before)
        })
    })

    test('names are followed from step to step', async () => {
      await using place = await openPlace(kind, {
        '0001_people.sql':
          '-- migrate:up\ncreate table people (id integer primary key);\n-- migrate:down\ndrop table people;\n',
        '0002_name.sql':
          '-- migrate:up\nalter table people add column name text;\n-- migrate:down\nalter table people drop column name;\n',
        '0003_full.sql':
          '-- migrate:up\nalter table people rename column name to full_name;\n-- migrate:down\nalter table people rename column full_name to name;\n',
        '0004_users.sql':
          '-- migrate:up\nalter table people rename to users;\n-- migrate:down\nalter table users rename to people;\n',
      })
      await place.expect(0, 'up')
      await place.change("insert into users (id, full_name) values (1, 'x')")
      const refused = await place.expect(79, 'down --to base')
      assert.match(
        refused.stderr,
        /data would be lost: 0002_name drops users\.full_name with 1 value; 0001_people drops users with 1 row/,
      )
      assert.equal((await place.rows('select full_name from users')).length, 1)
      await place.change('update users set full_name = null')
      await place.expect(0, 'down --steps 3')
      await place.change('delete from people')
      await place.expect(0, 'down')
    })

    test('rows that arrive after the look are seen before anything is dropped', async () => {
      const pair = (name: string, options: string) =>
        `-- migrate:up\ncreate table ${name} (id integer);\n-- migrate:down${options}\ndrop table ${name};\n`
      await using place = await openPlace(kind, {
        '0001_a.sql': pair('a', ''),
        '0002_b.sql': pair('b', ' transaction:false'),
      })
      await place.expect(0, 'up')
      place.workspace.write({
        'slipway.config.json': JSON.stringify({
          hooks: { beforeAll: 'echo > waiting; until test -e go; do sleep 0.1; done; rm waiting go' },
        }),
      })
      await insertMeanwhile(place, 'b')
      assert.equal((await place.history()).length, 2)
      await place.change('delete from b')
      await insertMeanwhile(place, 'a')
      assert.deepEqual(await place.history(), ['0001_a applied'])
    })
  })

async function insertMeanwhile(place: Place, name: string): Promise<void> {
  const path = (file: string) => place.workspace.path(file)
  const running = slipway(['down', '--to', 'base'], { cwd: place.workspace.dir, env: place.env })
  await until('the hook waits', async () => existsSync(path('waiting')))
  await place.change(`insert into ${name} values (1)`)
  place.workspace.write({ go: '' })
  const result = await running
  assert.equal(result.code, 79, result.stderr)
  assert.match(
    result.stderr,
    new RegExp(`drops ${name} with 1 row|takes away .* (public\\.)?${name} with 1 row`),
  )
  assert.equal((await place.rows(`select * from ${name}`)).length, 1)
}
