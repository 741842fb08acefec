/** Going up, down and up again by the examples of this repository leaves the same catalogue; test/slow/acceptance/roundtrip.test.ts has the fixtures. */
import assert from 'node:assert/strict'
import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { postgresMajors } from '../helpers/postgres.ts'
import { postgresEnv, roundtrip } from '../helpers/round-trip.ts'
import { createWorkspace } from '../helpers/workspace.ts'

const root = join(import.meta.dirname, '../..')

for (const major of postgresMajors) {
  test(`the worked example on PostgreSQL ${major}`, async () => {
    const migrations = await roundtrip(join(root, 'migrations'), await postgresEnv(major))
    assert.ok(migrations.length >= 3)
    assert.ok(migrations.every(({ outcome }) => outcome === 'same'))
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
