/** SLIPWAY_GRANT_SELECT_TO: who may read the history, from its creation on and as the list grows. */
import assert from 'node:assert/strict'
import { testPassword } from '../../helpers/password.ts'
import { type TestDatabase, uniqueName } from '../../helpers/postgres.ts'
import { createScene, errorOf, type Scene, testEach } from './scene.ts'

const id = (name: string) => `"${name.replaceAll('"', '""')}"`

interface Reader {
  readonly name: string
  readonly url: string
}

async function withReaders(
  db: TestDatabase,
  names: readonly string[],
  work: (...readers: Reader[]) => Promise<void>,
): Promise<void> {
  const password = testPassword()
  const readers = names.map((prefix) => {
    const name = `${uniqueName(prefix)}${prefix}`
    return { name, url: db.url({ user: name, password }) }
  })
  for (const { name } of readers)
    await db.query(`create role ${id(name)} login password '${password.replaceAll("'", "''")}'`)
  try {
    await work(...readers)
  } finally {
    for (const { name } of readers) await db.query(`drop owned by ${id(name)} cascade; drop role ${id(name)}`)
  }
}

const list = (...readers: Reader[]) => ({
  SLIPWAY_GRANT_SELECT_TO: readers.map(({ name }) => `"${name.replaceAll('"', '""')}"`).join(','),
})

/** What a reader is for: to wait for the migrations, to look at them. */
async function expectReading(scene: Scene, { url }: Reader, code: number, env = {}): Promise<void> {
  for (const args of [['wait', '--timeout', '1s'], ['history', '--all'], ['status']]) {
    const result = await scene.run(args, { ...env, SLIPWAY_DATABASE_URL: url })
    assert.equal(result.code, code, `${args}: ${result.stderr}`)
  }
}

const one = { '0001_a.sql': 'create table a (id integer);' }

testEach('roles of the list may read history and log, and nothing else', async (major) => {
  await using scene = await createScene(major, one)
  await withReaders(scene.db, ['app', 'odd, "one"; '], async (app, odd) => {
    assert.ok(app !== undefined && odd !== undefined)
    await scene.up(0, list(app, odd))
    for (const reader of [app, odd]) await expectReading(scene, reader, 0)
    const [rights] = await scene.db.query(
      `select has_table_privilege($1, 'schema_migrations', 'INSERT, UPDATE, DELETE') as writes,
         has_table_privilege($1, 'a', 'SELECT') as a`,
      [odd.name],
    )
    assert.deepEqual(rights, { writes: false, a: false })
  })
})

testEach('a schema that slipway makes may be used; one that it found is left to its owner', async (major) => {
  for (const isFound of [false, true]) {
    await using scene = await createScene(major, one)
    if (isFound) await scene.db.query('create schema "the history"')
    await withReaders(scene.db, ['app', 'later'], async (app, later) => {
      assert.ok(app !== undefined && later !== undefined)
      const env = { SLIPWAY_SCHEMA: 'the history' }
      await scene.up(0, { ...env, ...list(app) })
      await expectReading(scene, app, isFound ? 77 : 0, env)
      scene.write({ '0002_b.sql': 'create table b (id integer);' })
      await scene.up(0, { ...env, ...list(app, later) })
      await expectReading(scene, later, isFound ? 77 : 0, env)
    })
  }
})

testEach('the list is kept up to date with the next migration, and nothing is taken away', async (major) => {
  await using scene = await createScene(major, one)
  await withReaders(scene.db, ['app', 'later'], async (app, later) => {
    assert.ok(app !== undefined && later !== undefined)
    await scene.up(0, list(app))
    await expectReading(scene, later, 77)
    // Nothing is pending: no lock is taken, and nothing written.
    await scene.up(0, list(later))
    await expectReading(scene, later, 77)
    scene.write({ '0002_b.sql': 'create table b (id integer);' })
    await scene.up(0, list(later))
    await expectReading(scene, later, 0)
    await expectReading(scene, app, 0)
  })
})

testEach('PUBLIC in any letter case is everybody', async (major) => {
  await using scene = await createScene(major, one)
  await withReaders(scene.db, ['anybody'], async (anybody) => {
    assert.ok(anybody !== undefined)
    await scene.up(0, { SLIPWAY_GRANT_SELECT_TO: 'Public' })
    await expectReading(scene, anybody, 0)
  })
})

testEach('roles that do not exist are named, all of them, before any work', async (major) => {
  await using scene = await createScene(major, one)
  const error = errorOf(await scene.up(78, { SLIPWAY_GRANT_SELECT_TO: 'public, no one, "no,body"' }))
  assert.equal(error.code, 'role-missing')
  assert.match(error.message, /roles do not exist.*: (no one|no,body) \(SLIPWAY_GRANT_SELECT_TO\), no/)
  assert.match(error.hint ?? '', /create role "no one"; create role "no,body"$/)
  assert.deepEqual(await scene.db.query("select from pg_class where relname ~ '^schema_migrations|^a$'"), [])
})

testEach('a history that belongs to somebody else: the GRANT for its owner', async (major) => {
  await using scene = await createScene(major, one)
  await scene.up(0)
  scene.write({ '0002_b.sql': 'select 1;' })
  await withReaders(scene.db, ['runner', 'app'], async (runner, app) => {
    assert.ok(runner !== undefined && app !== undefined)
    await scene.db.query(`grant usage, create on schema public to ${id(runner.name)};
grant select, insert, update on schema_migrations, schema_migrations_log to ${id(runner.name)}`)
    const error = errorOf(await scene.up(77, { SLIPWAY_DATABASE_URL: runner.url, ...list(app) }))
    assert.equal(error.code, 'privilege-missing')
    assert.ok(error.message.includes(`may not let ${app.name} read public.schema_migrations`), error.message)
    assert.deepEqual(await scene.history(), ['0001_a applied'])
    await scene.db.query((error.hint ?? '').replace(/^as their owner: /, ''))
    await scene.up(0, { SLIPWAY_DATABASE_URL: runner.url, ...list(app) })
    await expectReading(scene, app, 0)
  })
})

testEach('together with SLIPWAY_ROLE it is the role that grants', async (major) => {
  await using scene = await createScene(major, one)
  await withReaders(scene.db, ['owner', 'app', 'login'], async (owner, app, login) => {
    assert.ok(owner !== undefined && app !== undefined && login !== undefined)
    await scene.db.query(`grant ${id(owner.name)} to ${id(login.name)};
alter role ${id(login.name)} noinherit; grant create, usage on schema public to ${id(owner.name)}`)
    await scene.up(0, { SLIPWAY_DATABASE_URL: login.url, SLIPWAY_ROLE: owner.name, ...list(app) })
    await expectReading(scene, app, 0)
    const [grantor] = await scene.db.query(
      "select distinct grantor from information_schema.table_privileges where table_name = 'schema_migrations' and grantee = $1",
      [app.name],
    )
    assert.equal(grantor?.grantor, owner.name)
  })
})
