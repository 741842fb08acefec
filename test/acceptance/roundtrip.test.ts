/** Going up, down and up again by the examples and fixtures of this repository leaves the same catalogue. */
import assert from 'node:assert/strict'
import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { slipway } from '../helpers/cli.ts'
import { postgresMajors, sharedPostgres } from '../helpers/postgres.ts'
import { createWorkspace } from '../helpers/workspace.ts'

const root = join(import.meta.dirname, '../..')

interface Came {
  readonly name: string
  readonly outcome: string
  readonly diff?: readonly string[]
}

async function roundtrip(dir: string, env: Readonly<Record<string, string>>): Promise<readonly Came[]> {
  const result = await slipway(['roundtrip', '--all', '--json'], {
    env: { ...env, SLIPWAY_DIR: dir },
    timeoutMs: 240_000,
  })
  assert.notEqual(result.stdout, '', result.stderr)
  const { migrations } = JSON.parse(result.stdout) as { migrations: readonly Came[] }
  const odd = migrations.filter(({ outcome }) => outcome !== 'same' && outcome !== 'irreversible')
  assert.deepEqual(odd, [], result.stderr)
  assert.equal(result.code, 0, result.stderr)
  return migrations
}

const postgresEnv = async (major: number) => {
  const url = (await sharedPostgres(major)).url()
  return { SLIPWAY_DATABASE_URL: url, SLIPWAY_SCRATCH_URL: url }
}

for (const major of postgresMajors) {
  test(`the worked example on PostgreSQL ${major}`, async () => {
    const migrations = await roundtrip(join(root, 'migrations'), await postgresEnv(major))
    assert.ok(migrations.length >= 3)
    assert.ok(migrations.every(({ outcome }) => outcome === 'same'))
  })
  if (major >= 14)
    // `pairs` has downs that leave enum values behind, as real products do: it comes back as a whole only.
    test(`folders on PostgreSQL ${major}`, async () => {
      const migrations = await roundtrip(join(root, 'test/fixtures/folders'), await postgresEnv(major))
      assert.ok(migrations.length >= 50, `${migrations.length} migrations`)
      assert.ok(migrations.some(({ outcome }) => outcome === 'same'))
    })
}

test('the worked example on SQLite', async () => {
  using workspace = createWorkspace()
  const env = { SLIPWAY_DATABASE_URL: `sqlite://${workspace.path('app.db')}` }
  const migrations = await roundtrip(join(root, 'migrations'), env)
  assert.ok(migrations.every(({ outcome }) => outcome === 'same'))
})

const examples = readdirSync(join(root, 'migrations')).filter((name) => name.endsWith('.example'))

/** The table that the examples are about. */
const users = `-- migrate:up
create table users (id integer primary key, email text, email_lower text);
insert into users (id, email) values (1, 'A@example.com');
-- migrate:down
drop table users;
`

async function tryExamples(env: Readonly<Record<string, string>>): Promise<void> {
  using workspace = createWorkspace({ 'migrations/0001_users.sql': users })
  for (const [index, name] of examples.entries())
    cpSync(
      join(root, 'migrations', name),
      workspace.path(`migrations/${String(index + 2).padStart(4, '0')}_${name.replace(/\.example$/, '')}`),
    )
  const migrations = await roundtrip(workspace.path('migrations'), env)
  assert.equal(migrations.length, 1 + examples.length)
  assert.ok(
    migrations.every(({ outcome }) => outcome === 'same'),
    JSON.stringify(migrations),
  )
}

for (const major of postgresMajors)
  test(`the *.example files on PostgreSQL ${major}`, async () => tryExamples(await postgresEnv(major)))

test('the *.example files on SQLite', () => tryExamples({ SLIPWAY_DATABASE_URL: 'sqlite::memory:' }))
