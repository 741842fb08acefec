/** The calls for long work on SQLite: the same words, done plainly. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slipway } from '../../helpers/cli.ts'
import { readSqlite, runSqlite } from '../../helpers/sqlite.ts'
import { createWorkspace, writeMigrations } from '../../helpers/workspace.ts'
import { errorOf, eventsOf, refusing, script } from '../postgres/scene.ts'

const resumable = '{ transaction: false, resumable: true }'
const users = `create table users (id integer primary key, email text, n integer not null default 0);
with recursive numbers (i) as (select 1 union all select i + 1 from numbers where i < 2500)
insert into users (id, email) select i, 'User' || i from numbers;`

function openScene(files: Readonly<Record<string, string>>) {
  const workspace = createWorkspace()
  const file = workspace.path('app.db')
  const dir = writeMigrations(workspace, files)
  return {
    file,
    write: (more: Readonly<Record<string, string>>) => void writeMigrations(workspace, more),
    read: (text: string) => readSqlite(file, text),
    run: (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
      slipway(args, {
        env: {
          SLIPWAY_DATABASE_URL: `sqlite://${file}`,
          SLIPWAY_DIR: dir,
          SLIPWAY_LOG_FORMAT: 'json',
          ...env,
        },
      }),
    async up(code: number, env: Readonly<Record<string, string>> = {}) {
      const result = await this.run(['up'], env)
      assert.equal(result.code, code, result.stderr)
      return result
    },
    [Symbol.dispose]: () => workspace[Symbol.dispose](),
  }
}

test('a backfill with values and a condition', async () => {
  using scene = openScene({
    '0001_users.sql': users,
    '0002_fill.ts': script(
      `const done = await context.backfill({
        table: 'users',
        set: sql\`n = n + \${1}, email = lower(email) -- a comment\`,
        where: sql\`id % \${2} = 0 -- another\`,
        batch: { first: 100, min: 100, max: 300 },
        pause: '0',
      })
      log('done', done)`,
      resumable,
    ),
  })
  const result = await scene.up(0)
  assert.deepEqual(scene.read('select n, count(*) as rows from users group by n order by n'), [
    { n: 0, rows: 1250 },
    { n: 1, rows: 1250 },
  ])
  assert.deepEqual(eventsOf(result, 'migration-log')[0]?.data, { rows: 1250, seen: 2500 })
  assert.deepEqual(
    eventsOf(result, 'progress').map(({ done, total, finished }) => ({ done, total, finished })),
    [
      { done: 0, total: 2500, finished: false },
      { done: 2500, total: 2500, finished: true },
    ],
  )
  assert.deepEqual(scene.read('select name, rows_seen, rows_changed from schema_migrations_progress'), [
    { name: 'users', rows_seen: 2500, rows_changed: 1250 },
  ])
})

test('a backfill that stops half-way goes on after the last key, of whatever type', async () => {
  const tables = {
    big: ['id integer primary key', '9007199254740993 + i'],
    real: ['id real not null primary key', 'i / 7.0'],
    word: [`id text not null collate nocase unique`, `'it''s "' || i || '" é'`],
    bytes: ['id blob not null primary key', "cast('b' || i as blob)"],
    pair: ['a integer not null, id text not null', "i % 3, 'x' || i", 'primary key (a, id)'],
    'odd "name': ['id integer primary key', 'i'],
  }
  const quote = (name: string) => `"${name.replaceAll('"', '""')}"`
  const made = Object.entries(tables).map(([name, [columns, values, constraint]]) => {
    const extra = constraint === undefined ? '' : `, ${constraint}`
    const into = columns?.startsWith('a ') ? 'a, id' : 'id'
    return `create table ${quote(name)} (${columns}, n integer not null default 0${extra})${constraint === undefined ? '' : ' without rowid'};
with recursive numbers (i) as (select 1 union all select i + 1 from numbers where i < 250)
insert into ${quote(name)} (${into}) select ${values} from numbers;`
  })
  using scene = openScene({
    '0001_tables.sql': made.join('\n'),
    '0002_fill.ts': script(
      `for (const table of ${JSON.stringify(Object.keys(tables).map(quote))})
        await context.backfill({ table, set: 'n = n + 1', batch: { first: 150, max: 150 }, pause: '0' })`,
      resumable,
    ),
  })
  let runs = 1
  for (;;) {
    const { code, stderr } = await scene.run(['up'], { SLIPWAY_MAX_DURATION: '1ms' })
    if (code === 0) break
    assert.equal(code, 3, stderr)
    runs += 1
    assert.ok(runs < 30, 'it gets on')
  }
  assert.ok(runs > 6, `${runs} runs`)
  for (const name of Object.keys(tables))
    assert.deepEqual(
      scene.read(`select n, count(*) as rows from ${quote(name)} group by n`),
      [{ n: 1, rows: 250 }],
      name,
    )
})

test('a key is compared as its index compares it', async () => {
  const tables = {
    // Each name twice for the column, once for the key.
    strict: `create table strict (word text not null collate nocase, n integer not null default 0, copy text);
create unique index strict_word on strict (word collate binary);`,
    loose: `create table loose (word text not null, n integer not null default 0, copy text);
create unique index loose_word on loose (word collate nocase);`,
  }
  const twins = `with recursive numbers (i) as (select 1 union all select i + 1 from numbers where i < 200)`
  using scene = openScene({
    '0001_tables.sql': `${Object.values(tables).join('\n')}
${twins} insert into strict (word) select 'word' || i from numbers union all select 'WORD' || i from numbers;
${twins} insert into loose (word) select 'word' || i from numbers union all select 'NAME' || i from numbers;`,
    '0002_fill.ts': script(
      `for (const table of ['strict', 'loose']) {
        const batch = { first: 33, max: 33, min: 33 }
        log(table, await context.backfill({ table, set: 'n = n + 1', batch, pause: '0' }))
        log(table, await context.backfill({ table, set: (rows) => rows.map(({ word }) => ({ copy: word })), batch, pause: '0' }))
      }`,
      resumable,
    ),
  })
  const result = await scene.up(0)
  assert.deepEqual(
    eventsOf(result, 'migration-log').map(({ data }) => data),
    Array(4).fill({ rows: 400, seen: 400 }),
  )
  for (const table of Object.keys(tables))
    assert.deepEqual(
      scene.read(`select n, word collate binary = copy as own, count(*) as rows from ${table} group by 1, 2`),
      [{ n: 1, own: 1, rows: 400 }],
      table,
    )
})

test('a function works out what changes', async () => {
  using scene = openScene({
    '0001_users.sql': users,
    '0002_fill.ts': script(
      `await context.backfill({
        table: 'users',
        pause: '0',
        set: async (rows) => {
          const [one] = await sql\`select 5 as five\`
          return rows.map((row) => (row.id % 2 === 0 ? { n: row.n + one.five, email: null } : null))
        },
      })`,
      resumable,
    ),
  })
  await scene.up(0)
  assert.deepEqual(
    scene.read('select n, email is null as gone, count(*) as rows from users group by n order by n'),
    [
      { n: 0, gone: 0, rows: 1250 },
      { n: 5, gone: 1, rows: 1250 },
    ],
  )
})

test('refuses what cannot be meant', async () => {
  using scene = openScene({
    '0001_tables.sql': `${users}\ncreate table loose (id text primary key, n integer);\ninsert into loose values (null, 0);`,
  })
  await scene.up(0)
  const cases: readonly [call: string, message: RegExp][] = [
    [`backfill({ table: 'nowhere', set: 'n = 1' })`, /there is no table nowhere/],
    [`backfill({ table: 'loose', set: 'n = 1' })`, /loose has neither a primary key nor a unique index/],
    [
      `backfill({ table: 'users', set: 'n = 1', key: ['n'] })`,
      /\(n\) is no unique key without nulls of users; it has \(id\)/,
    ],
    [`backfill({ table: 'users', set: 'nn = 1' })`, /no such column: nn/],
    [`validateConstraint('users', 'nothing')`, /the table users has no constraint nothing/],
    [`setNotNull('users', 'nothing')`, /the table users has no column nothing/],
  ]
  scene.write({ '0002_long.ts': refusing(cases, resumable) })
  assert.match(errorOf(await scene.up(70)).message, /all refused/)
  scene.write({ '0002_long.ts': script(`await context.backfill({ table: 'users', set: 'n = 1' })`) })
  await scene.run(['repair', '--retry', '0002_long', '--yes'])
  assert.equal(errorOf(await scene.up(70)).code, 'long-work-refused')
})

test('an index is built once, and another of its name refused', async () => {
  using scene = openScene({
    '0001_users.sql': users,
    '0002_index.ts': script(
      `for (const time of [1, 2])
        await context.createIndexConcurrently('users', ['email', sql.raw('lower(email) desc')], {
          name: 'by_email', unique: true, where: 'n >= 0', using: 'btree', include: ['n'],
        })
      await context.createIndexConcurrently('users', 'n')`,
      resumable,
    ),
  })
  await scene.up(0)
  assert.deepEqual(
    scene.read("select name from sqlite_schema where type = 'index' and tbl_name = 'users' order by name"),
    [{ name: 'by_email' }, { name: 'users_n_idx' }],
  )
  scene.write({
    '0003_index.ts': script(
      `await context.createIndexConcurrently('users', 'email', { name: 'by_email' })`,
      resumable,
    ),
  })
  assert.match(errorOf(await scene.up(70)).message, /the index by_email exists with another definition/)
})

test('a column becomes not null, and a foreign key is looked at', async () => {
  using scene = openScene({
    '0001_users.sql': `${users}
create table orders (id integer primary key, user_id integer, constraint orders_user foreign key (user_id) references users (id));
insert into orders values (1, 1);`,
    '0002_long.ts': script(
      `await context.setNotNull('users', 'email')
      await context.setNotNull('users', 'email')
      await context.validateConstraint('orders', 'orders_user')`,
      resumable,
    ),
  })
  await scene.run(['up', '--to', '0001'])
  runSqlite(
    scene.file,
    'pragma foreign_keys = off; update users set email = null where id < 4; insert into orders values (2, 9999)',
  )
  assert.match(errorOf(await scene.up(70)).message, /3 rows of users hold null in email/)
  runSqlite(scene.file, "update users set email = '' where email is null")
  assert.match(
    errorOf(await scene.up(70)).message,
    /rows of orders refer to rows of users that are not there/,
  )
  runSqlite(scene.file, 'delete from orders where id = 2')
  await scene.up(0)
  assert.throws(
    () => runSqlite(scene.file, 'update users set email = null where id = 1'),
    /NOT NULL constraint failed/,
  )
})
