/** Backfills: which rows, in what order, what is refused, and that nothing happens twice. */
import assert from 'node:assert/strict'
import { createScene, errorOf, eventsOf, lineOf, refusing, script, testEach, testNewest } from './scene.ts'

const resumable = '{ transaction: false, resumable: true }'
const users = (rows: number) =>
  `create table users (id integer primary key, email text, n integer not null default 0, touched integer not null default 0);
insert into users (id, email) select i, 'User' || i || '@example.com' from generate_series(1, ${rows}) as i;`

testEach('changes each row once, in batches, with values and a condition', async (major) => {
  await using scene = await createScene(major, {
    '0001_users.sql': users(2500),
    '0002_fill.ts': script(
      `const done = await context.backfill({
        table: 'users',
        set: sql\`n = n + \${1}, email = lower(email) -- a comment\`,
        where: sql\`id % \${2} = 0 -- another\`,
        batch: { first: 100, min: 100, max: 300 },
        pause: '0',
        // Nobody to wait for.
        maxLag: '1ms',
      })
      log('done', done)`,
      resumable,
    ),
  })
  const result = await scene.up(0)
  assert.deepEqual(await scene.db.query('select n, count(*)::int as rows from users group by n order by n'), [
    { n: 0, rows: 1250 },
    { n: 1, rows: 1250 },
  ])
  const [even] = await scene.db.query('select email from users where id = 42')
  assert.equal(even?.email, 'user42@example.com')
  assert.deepEqual(eventsOf(result, 'migration-log')[0]?.data, { rows: 1250, seen: 2500 })
  const progress = eventsOf(result, 'progress')
  // Not one for each batch.
  assert.deepEqual(
    progress.map(({ migration, work, unit, done, total, finished }) => ({
      migration,
      work,
      unit,
      done,
      total,
      finished,
    })),
    [
      {
        migration: '0002_fill',
        work: 'backfill of public.users',
        unit: 'rows',
        done: 0,
        total: 2500,
        finished: false,
      },
      {
        migration: '0002_fill',
        work: 'backfill of public.users',
        unit: 'rows',
        done: 2500,
        total: 2500,
        finished: true,
      },
    ],
  )
  const [row] = await scene.db.query(
    'select p.*, h.state, h.statements_done from schema_migrations_progress as p join schema_migrations as h on h.id = p.migration_id',
  )
  assert.equal(row?.name, 'public.users')
  assert.deepEqual([row?.rows_seen, row?.rows_changed, row?.state], ['2500', '1250', 'applied'])
  assert.deepEqual(row?.last_key, ['2500'])
  assert.ok(Number(row?.statements_done) >= 9, 'each batch moves the row that waiting runners look at')
})

testEach('pages by any unique key without nulls, to the last digit of it', async (major) => {
  const values = `(i % 3, timestamptz '2026-01-01 00:00:00.000001+00' + (i || ' microseconds')::interval, 'x' || i)`
  await using scene = await createScene(major, {
    '0001_tables.sql': `create schema "Odd.Schema";
create table "Odd.Schema"."ta""ble" ("or der" integer, "at" timestamptz, "se""t" text, n integer not null default 0, primary key ("or der", "at"));
insert into "Odd.Schema"."ta""ble" select ${values}.f1, ${values}.f2, ${values}.f3 from generate_series(1, 700) as i;`.replaceAll(
      /\((i % 3), (timestamptz .*?), ('x' \|\| i)\)\.f(\d)/g,
      (_, a, b, c, n) => [a, b, c][Number(n) - 1],
    ),
    '0002_tables.sql': `create table tokens (token uuid not null unique, n integer not null default 0);
insert into tokens select gen_random_uuid() from generate_series(1, 700);
create table words (word varchar(50) collate "C" not null, n integer not null default 0);
create unique index words_word on words (word);
insert into words select E'it''s "' || i || E'" \\\\ é' from generate_series(1, 700) as i;
create table flags (a bigint not null, b "char" not null, c numeric not null, d bytea not null, n integer not null default 0, primary key (a, b, c, d));
insert into flags select 9007199254740993 + i, 'x', i / 7.0, int4send(i) from generate_series(1, 700) as i;`,
    '0003_fill.ts': script(
      `await sql\`set datestyle = 'SQL, DMY'\`
      await sql\`set bytea_output = 'escape'\`
      const batch = { first: 50, min: 50, max: 100 }
      for (const table of ['"Odd.Schema"."ta""ble"', 'tokens', 'words', 'flags'])
        await context.backfill({ table, set: 'n = n + 1', batch, pause: '0' })`,
      resumable,
    ),
  })
  await scene.up(0)
  for (const table of ['"Odd.Schema"."ta""ble"', 'tokens', 'words', 'flags'])
    assert.deepEqual(
      await scene.db.query(`select n, count(*)::int as rows from ${table} group by n`),
      [{ n: 1, rows: 700 }],
      table,
    )
})

testEach('a function works out what changes', async (major) => {
  await using scene = await createScene(major, {
    '0001_things.sql': `create table things (id bigint primary key, plain text, data jsonb, tags text[], bytes bytea, at timestamptz, big bigint, ratio float8, n integer not null default 0);
insert into things (id, plain) select i, 'a "quoted" ' || i from generate_series(1, 250) as i;
create table names (id bigint primary key, name text);
insert into names select i, 'name ' || i from generate_series(1, 250) as i;`,
    '0002_fill.ts': script(
      `await context.backfill({
        table: 'things',
        batch: 100,
        pause: '0',
        set: async (rows) => {
          const names = await sql\`select id, name from names where id = any (\${rows.map((row) => row.id)})\`
          const byId = new Map(names.map((one) => [one.id, one.name]))
          return rows.map((row) => {
            if (row.id % 2 === 1) return undefined
            if (row.id % 4 === 0) return { plain: byId.get(row.id), n: row.n + 1 }
            return {
              data: { of: row.plain, list: [1, 'two', null] }, tags: ['a', 'b "c"'], bytes: new Uint8Array([0, 255]),
              at: new Date(0), big: 9007199254740993n, ratio: Infinity, plain: null, n: row.n + 1,
            }
          })
        },
      })`,
      resumable,
    ),
  })
  await scene.up(0)
  const [counts] = await scene.db.query(
    'select count(*) filter (where n = 0)::int as none, count(*) filter (where n = 1)::int as once from things',
  )
  assert.deepEqual(counts, { none: 125, once: 125 })
  const rows = await scene.db.query(
    "select plain, data, to_jsonb(tags) as tags, encode(bytes, 'hex') as bytes, extract(epoch from at)::int as at, big::text, ratio::text from things where id in (2, 4) order by id",
  )
  assert.deepEqual(rows, [
    {
      plain: null,
      data: { of: 'a "quoted" 2', list: [1, 'two', null] },
      tags: ['a', 'b "c"'],
      bytes: '00ff',
      at: 0,
      big: '9007199254740993',
      ratio: 'Infinity',
    },
    { plain: 'name 4', data: null, tags: null, bytes: null, at: null, big: null, ratio: null },
  ])
})

testNewest('refuses what cannot be meant, and names it', async (major) => {
  const cases: readonly [body: string, message: RegExp][] = [
    [`table: 'nowhere', set: 'n = 1'`, /there is no table nowhere/],
    [`table: 'bare', set: 'n = 1'`, /public\.bare has neither a primary key nor a unique index/],
    // Equal by the column's collation, rows of it need not be equal by its key's.
    [`table: 'collated', set: 'n = 1'`, /public\.collated has neither a primary key nor a unique index/],
    [
      `table: 'users', set: 'n = 1', key: 'email'`,
      /\(email\) is no unique key without nulls of public\.users; it has \(id\)/,
    ],
    [`table: 'users', set: ''`, /set is neither SQL text nor sql/],
    [`table: 'users', set: 'n = 1', wher: 'true'`, /backfill has no option wher/],
    [`table: 'users', set: 'n = 1', pause: 5`, /pause must be a duration such as 500ms.*not 5/],
    [`table: 'users', set: 'n = 1', batch: 0`, /must be a whole number of rows, not 0/],
    [
      `table: 'users', set: () => []`,
      /an array with an entry for each of its 3 rows, in their order; it returned 0 entries/,
    ],
    [
      `table: 'users', set: (rows) => rows.map(() => ({ id: 5 }))`,
      /set changes id, which the backfill goes by/,
    ],
    [
      `table: 'users', set: (rows) => rows.map(() => ({ email: undefined }))`,
      /set returned undefined for the column email/,
    ],
  ]
  await using scene = await createScene(major, {
    '0001_tables.sql': `${users(3)}\ncreate table bare (n integer);\ninsert into bare values (1);
create table collated (word text not null, n integer);\ncreate unique index on collated (word collate "C");`,
  })
  await scene.up(0)
  const calls = cases.map(([options, message]) => [`backfill({ ${options} })`, message] as const)
  scene.write({ '0002_fill.ts': refusing(calls, resumable) })
  assert.match(errorOf(await scene.up(70)).message, /all refused/)
  assert.deepEqual(await scene.db.query('select distinct n from users'), [{ n: 0 }])
  const wrong = script(`await context.backfill({ table: 'users', set: 'n = nn + 1' })`, resumable)
  scene.write({ '0002_fill.ts': wrong })
  const failed = errorOf(await scene.up(70))
  assert.equal(failed.sqlstate, '42703')
  assert.equal(failed.line, lineOf(wrong, 'context.backfill'))
  assert.match(failed.excerpt ?? '', /update "public"\."users" set n = nn \+ 1\n[\s\d|]*\^/)
})

testNewest('refuses to work within a transaction', async (major) => {
  await using scene = await createScene(major, { '0001_users.sql': users(3) })
  await scene.up(0)
  const calls = [
    `backfill({ table: 'users', set: 'n = 1' })`,
    `createIndexConcurrently('users', 'n')`,
    `validateConstraint('users', 'users_pkey')`,
    `setNotNull('users', 'email')`,
  ]
  const hint = 'declare in the migration: export const options = { transaction: false, resumable: true }'
  scene.write({ '0002_long.ts': script(`await context.${calls[0]}`) })
  const error = errorOf(await scene.up(70))
  assert.deepEqual([error.code, error.hint], ['long-work-refused', hint])
  const within = calls.map(
    (call) => [call, /works in transactions of its own, and this is within one/] as const,
  )
  scene.write({ '0002_long.ts': refusing(within, '{}') })
  assert.match(errorOf(await scene.up(70)).message, /all refused/)
  const each = calls.map((call) => [call, /its migration has to be resumable/] as const)
  scene.write({ '0002_long.ts': refusing(each, '{ transaction: false }') })
  assert.match(errorOf(await scene.up(70)).message, /all refused/)
  await scene.run(['repair', '--retry', '0002_long', '--yes'])
  scene.write({ '0002_long.ts': script(`await sql\`begin\`\nawait context.${calls[0]}`, resumable) })
  assert.equal(errorOf(await scene.up(70)).code, 'long-work-refused')
})

testNewest('nothing else runs in the middle of it', async (major) => {
  await using scene = await createScene(major, { '0001_users.sql': users(3) })
  await scene.up(0)
  const both = `const one = context.backfill({ table: 'users', set: 'n = n + 1' })
const other = OTHER
await Promise.all([one, other])`
  for (const other of [
    `context.backfill({ table: 'users', set: 'n = n + 1' })`,
    'sql`select 1`',
    `context.tableExists('users')`,
  ]) {
    scene.write({ '0002_fill.ts': script(both.replace('OTHER', other), resumable) })
    assert.match(errorOf(await scene.up(70)).message, /long work of this migration still goes on/)
  }
  // What began before would send the rest of its statements into the transactions of the batches.
  for (const other of [`context.op.addColumn('users', 'age', 'integer')`, `context.tableExists('users')`]) {
    const begun = `const other = ${other}
await Promise.all([other, context.backfill({ table: 'users', set: 'n = n + 1' })])`
    scene.write({ '0002_fill.ts': script(begun, resumable) })
    assert.match(
      errorOf(await scene.up(70)).message,
      /a query of this migration is still on its way; await it before backfill/,
    )
  }
  const inside = `const others = []
await context.backfill({ table: 'users', set: (rows) => {
  others.push(context.op.addColumn('users', 'age', 'integer'))
  return rows.map((row) => ({ n: row.n + 1 }))
} }).catch(async (error) => {
  await Promise.allSettled(others)
  throw error
})`
  scene.write({ '0002_fill.ts': script(inside, resumable) })
  assert.match(errorOf(await scene.up(70)).message, /await it before its function returns/)
  assert.deepEqual(await scene.db.query('select distinct n from users'), [{ n: 0 }])
})

testNewest('stops when its time is over, and the next run goes on there', async (major) => {
  const fill = (swallow: boolean) =>
    script(
      `const work = context.backfill({ table: 'users', set: 'n = n + 1', batch: { first: 100, max: 100 }, pause: '0' })
      ${swallow ? 'await work.catch(() => {})' : 'await work'}
      await sql\`insert into users (id, n) values (0, 1)\``,
      resumable,
    )
  await using scene = await createScene(major, {
    '0001_users.sql': users(350),
    '0002_fill.ts': fill(false),
    '0003_later.sql': 'create table later (id integer);',
  })
  const first = await scene.up(3, { SLIPWAY_MAX_DURATION: '1ms' })
  const error = errorOf(first)
  assert.equal(error.code, 'out-of-time')
  assert.match(error.message, /stopped after 100 of about 350 rows, because --max-duration 1 ms is over/)
  assert.equal(error.hint, 'go on: slipway up')
  assert.deepEqual(await scene.history(), ['0001_users applied', '0002_fill started'])
  assert.deepEqual(await scene.db.query("select 1 from schema_migrations_log where event = 'failure'"), [])
  // A migration that catches everything is not finished by that.
  scene.write({ '0002_fill.ts': fill(true) })
  await scene.run(['up', '--max-duration', '1ms']).then(({ code, stderr }) => assert.equal(code, 3, stderr))
  assert.deepEqual(await scene.history(), ['0001_users applied', '0002_fill started'])
  await scene.db.query('delete from users where id = 0')
  scene.write({ '0002_fill.ts': fill(false) })
  await scene.up(0)
  assert.deepEqual(await scene.db.query('select n, count(*)::int as rows from users group by n'), [
    { n: 1, rows: 351 },
  ])
})

testNewest('half-way, another definition is refused, unless it was given a name', async (major) => {
  const fill = (options: string) =>
    script(
      `await context.backfill({ table: 'users', batch: { first: 100, max: 100 }, pause: '0', ${options} })`,
      resumable,
    )
  await using scene = await createScene(major, {
    '0001_users.sql': users(350),
    '0002_fill.ts': fill(`set: 'n = n + 1'`),
  })
  await scene.up(3, { SLIPWAY_MAX_DURATION: '1ms' })
  scene.write({ '0002_fill.ts': fill(`set: 'n = n + 10'`) })
  const error = errorOf(await scene.up(79))
  assert.match(
    error.message,
    /the backfill of public\.users was begun with another set or where, and 100 rows are done/,
  )
  assert.match(error.hint ?? '', /name: 'public\.users' in the options/)
  scene.write({ '0002_fill.ts': fill(`set: 'n = n + 10', name: 'public.users'`) })
  await scene.up(0)
  assert.deepEqual(await scene.db.query('select n, count(*)::int as rows from users group by n order by n'), [
    { n: 1, rows: 100 },
    { n: 10, rows: 250 },
  ])
})

testNewest('after repair --retry it begins at the first row', async (major) => {
  await using scene = await createScene(major, {
    '0001_users.sql': users(350),
    '0002_fill.ts': script(
      `await context.backfill({ table: 'users', batch: { first: 100, max: 100 }, pause: '0', set: 'n = n + 1' })`,
      resumable,
    ),
  })
  await scene.up(3, { SLIPWAY_MAX_DURATION: '1ms' })
  assert.equal((await scene.run(['repair', '--retry', '0002_fill', '--yes'])).code, 0)
  await scene.up(0)
  assert.deepEqual(await scene.db.query('select n, count(*)::int as rows from users group by n order by n'), [
    { n: 1, rows: 250 },
    { n: 2, rows: 100 },
  ])
})

testNewest('two backfills of one table are two, and an empty table is done at once', async (major) => {
  await using scene = await createScene(major, {
    '0001_users.sql': users(150),
    '0002_empty.sql': 'create table nobody (id integer primary key, n integer);',
    '0003_fill.ts': script(
      `for (const set of ['n = n + 1', 'n = n * 10']) await context.backfill({ table: 'users', set })
      log('none', await context.backfill({ table: 'nobody', set: 'n = 1' }))`,
      resumable,
    ),
  })
  const result = await scene.up(0)
  assert.deepEqual(eventsOf(result, 'migration-log')[0]?.data, { rows: 0, seen: 0 })
  assert.deepEqual(await scene.db.query('select distinct n from users'), [{ n: 10 }])
  assert.deepEqual(await scene.db.query('select name from schema_migrations_progress order by name'), [
    { name: 'public.nobody' },
    { name: 'public.users' },
    { name: 'public.users 2' },
  ])
})

testNewest(
  'one that nobody awaits is over before the session goes on, and can be gone on with',
  async (major) => {
    const call = `context.backfill({ table: 'users', batch: { first: 100, max: 100 }, pause: '0', set: 'n = n + 1' })`
    await using scene = await createScene(major, {
      '0001_users.sql': users(350),
      '0002_fill.ts': script(
        `void ${call}
      await context.signal.throwIfAborted()`,
        resumable,
      ),
    })
    assert.equal(errorOf(await scene.up(70)).code, 'not-awaited')
    assert.deepEqual(await scene.history(), ['0001_users applied', '0002_fill started'])
    scene.write({ '0002_fill.ts': script(`await ${call}`, resumable) })
    await scene.up(0)
    assert.deepEqual(await scene.db.query('select distinct n from users'), [{ n: 1 }])
  },
)
