/** Where the history lives, what it holds, and what is none of ours. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testPassword } from '../../helpers/password.ts'
import { newestMajor, uniqueName } from '../../helpers/postgres.ts'
import { startProxy } from '../../helpers/proxy.ts'
import { createScene, errorOf, type Scene, script, testEach } from './scene.ts'

const two = {
  '0001_first.sql': 'create table first (id integer);',
  '0002_second.ts': script('await sql`create table second (id integer)`'),
}

interface ShownRow {
  readonly name: string
  readonly state: string
  readonly statementsDone: number
}

async function readJson(scene: Scene, argv: readonly string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await scene.run([...argv, '--json'], env)
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as {
    historyTable: string
    migrations: ShownRow[]
    failures: { name: string; error: string }[]
  }
}

async function tablesIn(scene: Scene, schema: string): Promise<string[]> {
  const rows = await scene.db.query<{ name: string }>(
    "select relname as name from pg_class where relkind in ('r', 'p') and relnamespace = to_regnamespace($1) order by 1",
    [`"${schema.replaceAll('"', '""')}"`],
  )
  return rows.map(({ name }) => name)
}

testEach('SLIPWAY_SCHEMA may name a schema that is not there yet', async (major) => {
  await using scene = await createScene(major, two)
  for (const schema of ['ops', `Odd "schema"; drop table first; --`]) {
    const env = { SLIPWAY_SCHEMA: schema, SLIPWAY_TABLE: 'runs' }
    scene.write({
      '0001_first.sql': 'drop table if exists first, second;\ncreate table first (id integer);',
    })
    assert.deepEqual((await readJson(scene, ['history'], env)).migrations, [])
    assert.deepEqual(await tablesIn(scene, schema), [])
    await scene.up(0, env)
    assert.deepEqual(await tablesIn(scene, schema), ['runs', 'runs_log'])
    const { historyTable, migrations } = await readJson(scene, ['history'], env)
    assert.equal(historyTable, `${schema}.runs`)
    assert.deepEqual(
      migrations.map(({ name }) => name),
      ['0001_first', '0002_second'],
    )
    await scene.up(0, env)
    assert.deepEqual(await tablesIn(scene, 'public'), ['first', 'second'])
  }
})

test('runners that start together make the missing schema once', async () => {
  await using scene = await createScene(newestMajor, two)
  const env = { SLIPWAY_SCHEMA: 'ops' }
  const results = await Promise.all(Array.from({ length: 6 }, () => scene.run(['up'], env)))
  for (const { code, stderr } of results) assert.equal(code, 0, stderr)
  assert.deepEqual(await tablesIn(scene, 'ops'), ['schema_migrations', 'schema_migrations_log'])
})

testEach('a schema that is there is not created again, which would need a privilege', async (major) => {
  await using scene = await createScene(major, { '0001_first.sql': 'select 1;' })
  const { db } = scene
  const role = uniqueName('runner')
  await db.query(`create role ${role} login password '${testPassword().replaceAll("'", "''")}'`)
  try {
    await using proxy = await startProxy(db.server)
    const env = {
      SLIPWAY_DATABASE_URL: proxy.through(db.url({ user: role, password: testPassword() })),
      SLIPWAY_SCHEMA: 'ops',
    }
    const refused = errorOf(await scene.up(77, env))
    assert.equal(refused.code, 'privilege-missing')
    assert.equal(refused.hint, `grant create on database "${db.name}" to "${role}"`)
    await db.query(`create schema ops; grant usage, create on schema ops to ${role}`)
    proxy.clearCounts()
    await scene.up(0, env)
    assert.deepEqual(
      proxy.counts().queries.filter((text) => /create schema/i.test(text)),
      [],
    )
  } finally {
    await db.query(`drop owned by ${role} cascade`)
    await db.query(`drop role ${role}`)
  }
})

test('a search_path that leads nowhere is no reason to make a schema nobody named', async () => {
  await using scene = await createScene(newestMajor, two)
  await scene.db.query('drop schema public')
  const error = errorOf(await scene.up(78))
  assert.equal(error.code, 'bad-setting')
  assert.match(error.message, /search_path/)
  assert.match(error.hint ?? '', /SLIPWAY_SCHEMA=/)
  assert.deepEqual(await scene.db.query("select from pg_namespace where nspname = 'public'"), [])
})

for (const table of [
  `Odd "table"; drop table first; --`,
  "quote's $$ and %I \\ é",
  'x'.repeat(59),
  'select',
]) {
  test(`SLIPWAY_TABLE may be ${JSON.stringify(table)}`, async () => {
    await using scene = await createScene(newestMajor, {
      ...two,
      '0003_stepwise.sql': '-- migrate:up transaction:false\ncreate table third (id integer);\nselect 1;',
      '0004_fails.sql': 'select 1 / 0;',
    })
    const env = { SLIPWAY_TABLE: table }
    await scene.up(70, env)
    const tables = ['first', 'second', 'third', table, `${table}_log`].sort()
    assert.deepEqual((await tablesIn(scene, 'public')).sort(), tables)
    const shown = await readJson(scene, ['history', '--all'], env)
    assert.deepEqual(
      shown.migrations.map(({ name, state }) => `${name} ${state}`),
      ['0001_first applied', '0002_second applied', '0003_stepwise applied'],
    )
    assert.deepEqual(
      shown.failures.map(({ name }) => name),
      ['0004_fails'],
    )
  })
}

test('a SLIPWAY_TABLE that PostgreSQL would cut is refused', async () => {
  await using scene = await createScene(newestMajor, two)
  for (const argv of [['up'], ['status']]) {
    const result = await scene.run(argv, { SLIPWAY_TABLE: 'x'.repeat(60) })
    assert.equal(result.code, 78, result.stderr)
    assert.equal(errorOf(result).code, 'bad-setting')
    assert.match(errorOf(result).message, /x{60}_log.*63/)
  }
  assert.deepEqual(await tablesIn(scene, 'public'), [])
})

for (const [tool, columns, shown] of [
  ['dbmate', 'version varchar(128) primary key', /columns version \(as dbmate and Rails make it\)/],
  ['Rails', 'version character varying not null primary key', /columns version \(as dbmate and Rails/],
  [
    'golang-migrate',
    'version bigint not null primary key, dirty boolean not null',
    /columns version, dirty \(as golang-migrate makes it\)/,
  ],
] as const) {
  test(`the schema_migrations of ${tool} is refused, and does not mind a second table`, async () => {
    await using scene = await createScene(newestMajor, two)
    await scene.db.query(`create table schema_migrations (${columns})`)
    for (const argv of [['up'], ['status'], ['history'], ['wait', '--timeout', '5s']]) {
      const result = await scene.run(argv)
      assert.equal(result.code, 65, `${argv[0]}\n${result.stderr}`)
      assert.equal(errorOf(result).code, 'foreign-history')
      assert.match(errorOf(result).message, shown)
      assert.match(errorOf(result).hint ?? '', /SLIPWAY_TABLE=slipway_migrations/)
    }
    assert.deepEqual(await tablesIn(scene, 'public'), ['schema_migrations'])
    await scene.up(0, { SLIPWAY_TABLE: 'slipway_migrations' })
    assert.deepEqual(await scene.db.query('select * from schema_migrations'), [])
  })
}

test('a log that is gone is made again, and one of somebody else is refused', async () => {
  await using scene = await createScene(newestMajor, { '0001_first.sql': 'create table first (id integer);' })
  await scene.up(0)
  await scene.db.query('drop table schema_migrations_log')
  scene.write(two)
  assert.deepEqual((await readJson(scene, ['history', '--all'])).failures, [])
  assert.equal((await scene.run(['wait', '--timeout', '4s'])).code, 3)
  await scene.up(0)
  const log = await scene.db.query('select event, name from schema_migrations_log')
  assert.deepEqual(log, [{ event: 'up', name: '0002_second' }])

  await scene.db.query(
    'drop table schema_migrations, schema_migrations_log, first, second; create table schema_migrations_log (line text)',
  )
  for (const verb of ['up', 'status']) {
    const result = await scene.run([verb])
    assert.equal(result.code, 65, result.stderr)
    assert.match(errorOf(result).message, /public\.schema_migrations_log exists .* columns line$/)
  }
  assert.deepEqual(await tablesIn(scene, 'public'), ['schema_migrations_log'])
})

test('a history in another schema is not run again; SLIPWAY_SCHEMA says which is meant', async () => {
  await using scene = await createScene(newestMajor, two)
  await scene.up(0, { SLIPWAY_SCHEMA: 'app' })
  for (const argv of [['up'], ['status'], ['up', '--dry-run'], ['wait', '--timeout', '5s']]) {
    const result = await scene.run(argv)
    assert.equal(result.code, 65, `${argv[0]}\n${result.stderr}`)
    assert.equal(errorOf(result).code, 'history-elsewhere')
    assert.match(errorOf(result).message, /app\.schema_migrations in the same database holds a history/)
    assert.match(errorOf(result).hint ?? '', /SLIPWAY_SCHEMA=app /)
  }
  assert.deepEqual(await tablesIn(scene, 'public'), ['first', 'second'])
  await scene.up(0, { SLIPWAY_SCHEMA: 'app' })

  // An empty table in between changes nothing; a second history has to be asked for.
  await scene.db.query(
    'create table schema_migrations (like app.schema_migrations including all); drop table first, second',
  )
  assert.equal(errorOf(await scene.up(65)).code, 'history-elsewhere')
  await scene.up(0, { SLIPWAY_SCHEMA: 'public' })
  assert.deepEqual(await scene.history(), ['0001_first applied', '0002_second applied'])
  await scene.up(0)
})

test('migrations for another database are recorded as skipped, whatever they say', async () => {
  await using scene = await createScene(newestMajor, {
    '0001_first.sql': 'create table first (id integer);',
    '0002_sqlite.ts': script("await sql.raw('pragma foreign_keys = off')", "{ dialects: ['sqlite'] }"),
    '0003_sqlite.sql': '-- migrate:up dialects:sqlite\ninsert or ignore into first values (1);\n',
    '0004_both.ts': script('await sql`select 1`', "{ dialects: ['sqlite', 'postgres'] }"),
  })
  await scene.up(0)
  const states = ['0001_first applied', '0002_sqlite skipped', '0003_sqlite skipped', '0004_both applied']
  assert.deepEqual(await scene.history(), states)
  const { migrations } = await readJson(scene, ['status'])
  assert.deepEqual(
    migrations.map(({ name, state }) => `${name} ${state}`),
    states,
  )
  assert.equal((await scene.run(['verify'])).code, 0)
  await scene.up(0)
  const log = await scene.db.query("select name from schema_migrations_log where event = 'skip' order by id")
  assert.deepEqual(
    log.map(({ name }) => name),
    ['0002_sqlite', '0003_sqlite'],
  )
})

test('a failed migration leaves no row, and its error in history --all', async () => {
  await using scene = await createScene(newestMajor, { ...two, '0003_fails.sql': 'select 1;\nselect 1 / 0;' })
  await scene.up(70)
  await scene.up(70)
  assert.deepEqual(await scene.history(), ['0001_first applied', '0002_second applied'])
  assert.deepEqual((await readJson(scene, ['history'])).failures, [])
  const { failures } = await readJson(scene, ['history', '--all'])
  assert.equal(failures.length, 2)
  for (const failure of failures) {
    assert.equal(failure.name, '0003_fails')
    assert.match(failure.error, /at statement 2 of 2: division by zero \(22012\)/)
  }
  const { stdout } = await scene.run(['history', '--all'])
  assert.match(stdout, /^failure .*0003_fails.*division by zero/m)
  scene.write({ '0003_fails.sql': 'select 1;' })
  await scene.up(0)
  assert.equal((await readJson(scene, ['history', '--all'])).failures.length, 2)
})

test('a table with columns of a later format is read and written', async () => {
  await using scene = await createScene(newestMajor, { '0001_first.sql': 'create table first (id integer);' })
  await scene.up(0)
  await scene.db.query(
    "alter table schema_migrations add column image text, add column region text not null default 'here'; alter table schema_migrations_log add column image text",
  )
  scene.write(two)
  await scene.up(0)
  assert.deepEqual(await scene.history(), ['0001_first applied', '0002_second applied'])
})

/** Rows as an interruption left them, and what the next run makes of them. */
for (const [what, file, text, code, then] of [
  [
    'outside a transaction goes on',
    '0002_part.sql',
    '-- migrate:up transaction:false\ncreate table a ();\ncreate table b ();',
    0,
    'applied',
  ],
  [
    'of a transactional file needs a human',
    '0002_part.sql',
    'create table a ();\ncreate table b ();',
    79,
    'started',
  ],
  [
    'of a script needs a human',
    '0002_part.ts',
    script('await sql`create table b ()`', '{ transaction: false }'),
    79,
    'started',
  ],
  [
    'of a resumable script runs again',
    '0002_part.ts',
    script('await sql`create table b ()`', '{ transaction: false, resumable: true }'),
    0,
    'applied',
  ],
] as const) {
  test(`a started row ${what}`, async () => {
    await using scene = await createScene(newestMajor, { '0001_first.sql': 'select 1;', [file]: text })
    await scene.up(0)
    await scene.db.query(
      `update schema_migrations set state = 'started', statements_done = ${file.endsWith('.sql') ? 1 : 0} where name = '0002_part'; drop table b`,
    )
    const status = await readJson(scene, ['status'])
    assert.equal(status.migrations.at(-1)?.state, 'unfinished')
    const { stdout } = await scene.run(['history'])
    assert.match(stdout, /0002_part.*unfinished/)
    const result = await scene.up(code)
    if (code === 79) assert.equal(errorOf(result).code, 'unfinished')
    assert.deepEqual(await scene.history(), ['0001_first applied', `0002_part ${then}`])
    assert.equal((await tablesIn(scene, 'public')).includes('b'), then === 'applied')
  })
}
