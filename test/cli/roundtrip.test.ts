/** `slipway roundtrip` on both databases: what comes back, what does not, and what cannot. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor, sharedPostgres } from '../helpers/postgres.ts'
import { createWorkspace, writeMigrations } from '../helpers/workspace.ts'

const good = {
  '0001_users.sql': `-- migrate:up
create table users (id integer primary key, name text not null default 'x');
create index users_name on users (name);
create view names as select name from users;
-- migrate:down
drop view names;
drop table users;`,
  '0002_email.ts': `export const up = async ({ sql }) => { await sql\`alter table users add column email text\` }
export const down = async ({ sql }) => { await sql\`alter table users drop column email\` }
`,
  '0003_drop.sql': `-- migrate:up
alter table users drop column email;
-- migrate:down
alter table users add column email text;`,
  '0004_elsewhere.sql': '-- migrate:up dialects:OTHER\nselect 1;',
  '0005_one_way.sql': 'create table one_way (n integer);',
}

const bad = {
  '0006_forgets.sql': `-- migrate:up
create table kept (n integer);
create index kept_n on kept (n);
-- migrate:down
drop index kept_n;`,
}

// test/acceptance/roundtrip.test.ts has the other majors.
const places = {
  [`PostgreSQL ${newestMajor}`]: {
    other: 'sqlite',
    env: async () => ({ SLIPWAY_SCRATCH_URL: (await sharedPostgres(newestMajor)).url() }),
  },
  SQLite: { other: 'postgres', env: async () => ({ SLIPWAY_DATABASE_URL: 'sqlite::memory:' }) },
} as Record<string, { other: string; env: () => Promise<Record<string, string>> }>

for (const [label, { other, env }] of Object.entries(places))
  describe(label, () => {
    const run = async (
      files: Readonly<Record<string, string>>,
      args: readonly string[] = ['--all'],
      more: Readonly<Record<string, string>> = {},
    ) => {
      using workspace = createWorkspace()
      const texts = Object.entries(files).map(([name, text]) => [name, text.replace('OTHER', other)])
      writeMigrations(workspace, Object.fromEntries(texts))
      return await slipway(['roundtrip', ...args], {
        cwd: workspace.dir,
        env: { ...(await env()), ...more },
      })
    }

    test('what comes back, what does not, line by line, and what is no way back for', async () => {
      const { code, stdout, stderr } = await run({
        ...good,
        '0006_forgets.sql': bad['0006_forgets.sql'].replaceAll('create table', 'create table if not exists'),
      })
      assert.equal(code, 80, stdout + stderr)
      assert.deepEqual(stdout.split('\n').slice(0, 6), [
        '✓ 0001_users comes back',
        '✓ 0002_email comes back',
        '✓ 0003_drop comes back',
        '– 0004_elsewhere is not for this database',
        '– 0005_one_way has no down',
        '✗ 0006_forgets down leaves another schema than was there before',
      ])
      assert.match(stdout, /^ {4}\+.*\bkept\b/m)
      const error = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '').error
      assert.deepEqual([error.code, error.exitCode], ['roundtrip-differs', 80])
      assert.match(error.message, /^0006_forgets does not come back/)
    })

    test('a second up that fails, and why', async () => {
      const files = { ...bad, '0007_later.sql': 'create table later (n integer);' }
      const { code, stdout, stderr } = await run(files)
      assert.equal(code, 80, stdout + stderr)
      const [head, message, ...rest] = stdout.trimEnd().split('\n')
      assert.equal(head, '✗ 0006_forgets the second up fails')
      assert.match(
        message ?? '',
        /^ {2}in the scratch database: 0006_forgets failed at statement 1 of 2: .*\bkept\b/,
      )
      assert.match(stdout, /migrations\/0006_forgets\.sql:2:/)
      assert.match(stdout, /^ {4}\+.*\bkept\b/m)
      assert.equal(rest.at(-1), '– 0007_later was not tried')
      const error = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '').error
      assert.deepEqual([error.code, error.exitCode], ['roundtrip-differs', 80])
      assert.match(
        error.message,
        /^the second up of 0006_forgets fails \(and 1 after it was not tried\): .*\bkept\b/,
      )
      const json = JSON.parse((await run(files, ['--all', '--json'])).stdout)
      assert.deepEqual(
        json.migrations.map((one: { outcome: string; error?: { code: string } }) => [
          one.outcome,
          one.error?.code,
        ]),
        [
          ['up-fails', 'migration-failed'],
          ['untried', undefined],
        ],
      )
    })

    test('a backfill both ways is tried as down and up would do it, however little time there is', async () => {
      const fill =
        "backfill({ table: 'users', set: 'n = n + 1', batch: { first: 1, min: 1, max: 1 }, maxDuration: '1ms' })"
      const files = {
        '0001_users.sql':
          '-- migrate:up\ncreate table users (id integer primary key, n integer not null default 0);\ninsert into users (id) values (1), (2), (3), (4);\n-- migrate:down\ndrop table users;',
        '0002_fill.ts': `export const options = { transaction: false, resumable: true }
export const up = async (context) => { await context.${fill} }
export const down = async ({ backfill, sql }) => {
  await ${fill}
  const [{ n }] = await sql\`select sum(n) as n from users\`
  if (Number(n) !== 8) throw new Error('not both ways: ' + n)
}
`,
      }
      const { code, stdout, stderr } = await run(files, ['--all'], { SLIPWAY_MAX_DURATION: '1ms' })
      assert.equal(code, 0, stderr)
      assert.match(stdout, /✓ 0002_fill comes back/)
    })

    test('a down that fails', async () => {
      const { code, stderr } = await run({
        '0001_a.sql': '-- migrate:up\ncreate table a (n integer);\n-- migrate:down\ndrop table b;',
      })
      assert.equal(code, 70)
      assert.match(stderr, /in the scratch database: the down of 0001_a failed.*\bb\b.*slipway roundtrip/)
    })
  })

test('--json', async () => {
  using workspace = createWorkspace()
  writeMigrations(workspace, { '0001_users.sql': good['0001_users.sql'] })
  const env = { SLIPWAY_DATABASE_URL: 'sqlite::memory:' }
  const { code, stdout } = await slipway(['roundtrip', '--all', '--json'], { cwd: workspace.dir, env })
  assert.equal(code, 0)
  assert.deepEqual(JSON.parse(stdout), { migrations: [{ name: '0001_users', outcome: 'same' }] })
})

test('without --all: what is pending, on top of what the target has', async () => {
  await using db = await createTestDatabase(newestMajor)
  using workspace = createWorkspace()
  const { '0005_one_way.sql': _, '0004_elsewhere.sql': __, ...files } = good
  writeMigrations(workspace, files)
  const env = { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_SCRATCH_URL: db.server.url() }
  const options = { cwd: workspace.dir, env }
  assert.equal((await slipway(['up', '--to', '0002'], options)).code, 0)
  const { code, stdout, stderr } = await slipway(['roundtrip'], options)
  assert.deepEqual([code, stdout], [0, '✓ 0003_drop comes back\n'], stderr)
  assert.deepEqual(
    await db.query(
      "select column_name from information_schema.columns where table_name = 'users' order by 1",
    ),
    [{ column_name: 'email' }, { column_name: 'id' }, { column_name: 'name' }],
  )
  assert.equal((await slipway(['up'], options)).code, 0)
  assert.equal((await slipway(['roundtrip'], options)).stdout, 'nothing is pending\n')
})
