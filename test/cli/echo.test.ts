/** SLIPWAY_ECHO: every statement that migrations send, with its time; no bound value, no password; off by default. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor, uniqueName } from '../helpers/postgres.ts'
import { createWorkspace, writeMigrations } from '../helpers/workspace.ts'

interface Line {
  readonly event: string
  readonly migration: string
  readonly text: string
  readonly durationMs?: number
  readonly failed: boolean
}

const migrations = {
  '0001_sql.sql': "create table t (\n  n integer, word text\n);\ninsert into t values (1, 'literal');\n",
  '0002_script.ts': `export const up = async ({ sql, columnExists }) => {
  if (!(await columnExists('t', 'n'))) throw new Error()
  await sql\`insert into t values (\${2}, \${'not to be seen'})\`
  await sql.raw('select 1; select 2')
  await sql\`select nothing from nowhere\`.catch(() => {})
}
export const options = { transaction: false }
`,
  '0003_stepwise.sql':
    "-- migrate:up transaction:false\ninsert into t values (3, 'x');\nbegin;\ninsert into t values (4, 'y');\ncommit;\n",
}

const wanted = [
  ['0001_sql', 'create table t (\n  n integer, word text\n)', false],
  ['0001_sql', "insert into t values (1, 'literal')", false],
  ['0002_script', 'insert into t values (#, #)', false],
  ['0002_script', 'select 1; select 2', false],
  ['0002_script', 'select nothing from nowhere', true],
  ['0003_stepwise', "insert into t values (3, 'x')", false],
  ['0003_stepwise', 'begin', false],
  ['0003_stepwise', "insert into t values (4, 'y')", false],
  ['0003_stepwise', 'commit', false],
]

const echoesOf = (stderr: string): Line[] =>
  stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
    .filter(({ event }) => event === 'statement-echo')

async function expectEchoes(url: string): Promise<void> {
  using workspace = createWorkspace()
  const env = { SLIPWAY_DATABASE_URL: url, SLIPWAY_DIR: writeMigrations(workspace, migrations) }
  const { code, stderr } = await slipway(['up', '--echo'], { env })
  assert.equal(code, 0, stderr)
  const echoes = echoesOf(stderr)
  assert.deepEqual(
    echoes.map(({ migration, text, failed }) => [migration, text.replace(/\$\d|\?/g, '#'), failed]),
    wanted,
  )
  for (const { durationMs, text } of echoes) assert.ok(Number.isInteger(durationMs), text)
  assert.doesNotMatch(stderr, /not to be seen|schema_migrations/)
}

test('PostgreSQL: what was sent, in order', async () => {
  await using db = await createTestDatabase(newestMajor)
  await expectEchoes(db.url())
})

test('SQLite: what was sent, in order', async () => {
  using workspace = createWorkspace()
  await expectEchoes(`sqlite://${workspace.path('app.db')}`)
})

test('off unless it is asked for', async () => {
  using workspace = createWorkspace()
  const env = { SLIPWAY_DATABASE_URL: 'sqlite::memory:', SLIPWAY_DIR: writeMigrations(workspace, migrations) }
  const { code, stderr } = await slipway(['up'], { env: { ...env, SLIPWAY_LOG_LEVEL: 'debug' } })
  assert.equal(code, 0, stderr)
  assert.deepEqual(echoesOf(stderr), [])
})

test('the statement that failed is told too, and those after it are not', async () => {
  await using db = await createTestDatabase(newestMajor)
  using workspace = createWorkspace()
  const dir = writeMigrations(workspace, { '0001_a.sql': 'select 1;\nselect 1 / 0;\nselect 2;' })
  const { code, stderr } = await slipway(['up'], {
    env: { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_DIR: dir, SLIPWAY_ECHO: 'true' },
  })
  assert.equal(code, 70, stderr)
  assert.deepEqual(
    echoesOf(stderr).map(({ text, failed }) => [text, failed]),
    [
      ['select 1', false],
      ['select 1 / 0', true],
    ],
  )
})

for (const format of ['json', 'pretty'])
  test(`a password that a migration sets is not in the log (${format})`, async () => {
    await using db = await createTestDatabase(newestMajor)
    using workspace = createWorkspace()
    const role = uniqueName('with_password')
    const dir = writeMigrations(workspace, {
      '0001_sql.sql': `create role ${role} login password 'hunter2secret';`,
      '0002_script.ts': `export const up = async ({ sql }) => {
  await sql.raw("alter role ${role} password 'hunter3secret'")
  await sql.raw("do $$ begin execute 'alter role ${role} password ''hunter4secret'''; end $$")
  await sql\`select set_config('app.x', \${'hunter5secret'}, true)\`
}\n`,
      '0003_end.sql': `drop role ${role};`,
    })
    const { code, stderr } = await slipway(['up'], {
      env: {
        SLIPWAY_DATABASE_URL: db.url(),
        SLIPWAY_DIR: dir,
        SLIPWAY_ECHO: '1',
        SLIPWAY_LOG_FORMAT: format,
      },
    })
    assert.equal(code, 0, stderr)
    assert.match(stderr, new RegExp(`create role ${role} login password '\\*\\*\\*'`))
    assert.match(stderr, new RegExp(`alter role ${role} password '\\*\\*\\*'`))
    assert.doesNotMatch(stderr, /hunter\dsecret/)
    if (format === 'pretty') assert.match(stderr, /^· 0001_sql: create role .* {2}\d+ m?s$/m)
  })
