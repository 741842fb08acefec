/** SLIPWAY_ROLE: what migrations create, and the history, belong to that role; and who may not become it. */
import assert from 'node:assert/strict'
import { testPassword } from '../../helpers/password.ts'
import { type TestDatabase, uniqueName } from '../../helpers/postgres.ts'
import { createScene, errorOf, eventsOf, type Scene, script, testEach } from './scene.ts'

/** A login that may do nothing by itself, and a role that owns. */
interface Cast {
  readonly owner: string
  readonly login: string
  readonly url: string
}

const id = (name: string) => `"${name.replaceAll('"', '""')}"`

async function withCast(
  db: TestDatabase,
  options: { readonly membership?: string; readonly owner?: string },
  work: (cast: Cast) => Promise<void>,
): Promise<void> {
  const owner = options.owner ?? `${uniqueName('owner')} of "all"; '; drop`
  const login = `${uniqueName('log in')}"`
  const password = testPassword()
  await db.query(`create role ${id(owner)} nologin;
create role ${id(login)} login noinherit password '${password.replaceAll("'", "''")}';
revoke create on schema public from public;
grant create, usage on schema public to ${id(owner)}`)
  if (options.membership !== 'none') await db.query(`grant ${id(owner)} to ${id(login)}`)
  try {
    await work({ owner, login, url: db.url({ user: login, password }) })
  } finally {
    await db.query(`drop owned by ${id(owner)}, ${id(login)} cascade; drop role ${id(owner)}, ${id(login)}`)
  }
}

const envOf = ({ owner, url }: Cast) => ({ SLIPWAY_DATABASE_URL: url, SLIPWAY_ROLE: owner })

async function ownersOf(scene: Scene): Promise<Record<string, unknown>> {
  const rows = await scene.db.query(
    `select relname, pg_get_userbyid(relowner) as owner from pg_class
     where relnamespace not in (select oid from pg_namespace where nspname ~ '^pg_|^information_schema$') and relkind in ('r', 'v')`,
  )
  return Object.fromEntries(rows.map(({ relname, owner }) => [relname, owner]))
}

const work = {
  '0001_sql.sql': 'create table from_sql (id integer);\nset role none;\nreset role;',
  '0002_script.ts': script('await sql`create table from_script (id integer)`\nawait sql`set role none`'),
  '0003_stepwise.sql': `-- migrate:up transaction:false
create table from_steps (id integer);
create index concurrently on from_steps (id);
begin;
create view seen as select current_user::text as role;
commit;`,
  '0004_code.ts': script('await sql`create table from_code (id integer)`', '{ transaction: false }'),
  '0005_who.sql': 'create table who as select current_user::text as role, session_user::text as login;',
}

testEach('everything belongs to the role, whatever migrations do to it meanwhile', async (major) => {
  await using scene = await createScene(major, work)
  await withCast(scene.db, {}, async (cast) => {
    await scene.up(0, envOf(cast))
    const owners = await ownersOf(scene)
    assert.deepEqual(
      Object.entries(owners).filter(([, owner]) => owner !== cast.owner),
      [],
    )
    assert.deepEqual(Object.keys(owners).sort(), [
      'from_code',
      'from_script',
      'from_sql',
      'from_steps',
      'schema_migrations',
      'schema_migrations_log',
      'seen',
      'who',
    ])
    assert.deepEqual(await scene.db.query('select role, login from who'), [
      { role: cast.owner, login: cast.login },
    ])
    // A failure is written by the role as well.
    scene.write({ '0006_fails.sql': 'set role none;\nselect 1 / 0;' })
    await scene.up(70, envOf(cast))
    assert.equal(
      (await scene.db.query("select from schema_migrations_log where event = 'failure'")).length,
      1,
    )
  })
})

testEach('the verbs that read take the role where the login may not read, and only there', async (major) => {
  await using scene = await createScene(major, { '0001_a.sql': 'create table a (id integer);' })
  await withCast(scene.db, {}, async (cast) => {
    await scene.up(0, envOf(cast))
    const reads = [['status'], ['history', '--all'], ['verify'], ['wait'], ['up', '--dry-run'], ['up']]
    for (const args of reads) {
      const result = await scene.run(args, envOf(cast))
      assert.equal(result.code, 0, `${args}: ${result.stderr}`)
    }
    const without = await scene.run(['status'], { SLIPWAY_DATABASE_URL: cast.url })
    assert.equal(without.code, 77, without.stderr)
    // Somebody who may read needs not be a member, and a role that does not exist hinders no reading.
    await scene.db.query(`revoke ${id(cast.owner)} from ${id(cast.login)};
grant usage on schema public to ${id(cast.login)};
grant select on schema_migrations, schema_migrations_log to ${id(cast.login)}`)
    for (const role of [cast.owner, 'no such role'])
      for (const args of reads) {
        const result = await scene.run(args, { ...envOf(cast), SLIPWAY_ROLE: role })
        assert.equal(result.code, 0, `${args}: ${result.stderr}`)
      }
  })
})

testEach('the history stays where it was found before the role was taken', async (major) => {
  await using scene = await createScene(major, { '0001_a.sql': 'create table a (id integer);' })
  await withCast(scene.db, { owner: uniqueName('owner') }, async (cast) => {
    // Of `"$user", public` the first is a schema of the role's own as soon as it is taken.
    await scene.db.query(`create schema ${id(cast.owner)} authorization ${id(cast.owner)}`)
    await scene.up(0, envOf(cast))
    await scene.up(0, envOf(cast))
    const rows = await scene.db.query(
      "select relnamespace::regnamespace::text as schema, relname from pg_class where relname in ('a', 'schema_migrations') order by relname",
    )
    assert.deepEqual(rows, [
      { schema: cast.owner, relname: 'a' },
      { schema: 'public', relname: 'schema_migrations' },
    ])
  })
})

testEach('a login that is no member is refused with the GRANT that mends it', async (major) => {
  await using scene = await createScene(major, { '0001_a.sql': 'create table a (id integer);' })
  await withCast(scene.db, { membership: 'none' }, async (cast) => {
    const error = errorOf(await scene.up(77, envOf(cast)))
    assert.equal(error.code, 'privilege-missing')
    assert.ok(error.message.includes(`${cast.login} may not become ${cast.owner}`), error.message)
    assert.deepEqual(await ownersOf(scene), {})
    if (major >= 16) {
      await scene.db.query(`grant ${id(cast.owner)} to ${id(cast.login)} with set false`)
      const still = errorOf(await scene.up(77, envOf(cast)))
      assert.deepEqual([still.message, still.hint], [error.message, error.hint])
      assert.match(error.hint ?? '', / with set true$/)
    }
    await scene.db.query(error.hint ?? '')
    await scene.up(0, envOf(cast))
    assert.equal((await ownersOf(scene)).a, cast.owner)
  })
})

testEach('a role that does not exist is named before any work', async (major) => {
  await using scene = await createScene(major, { '0001_a.sql': 'create table a (id integer);' })
  const error = errorOf(await scene.up(78, { SLIPWAY_ROLE: 'nobody "of" that name' }))
  assert.equal(error.code, 'role-missing')
  assert.match(error.message, /does not exist .*: nobody "of" that name \(SLIPWAY_ROLE\)$/)
  assert.match(error.hint ?? '', /create role "nobody ""of"" that name"$/)
  assert.deepEqual(await ownersOf(scene), {})
})

testEach('a history that belongs to somebody else is refused with the GRANT for the role', async (major) => {
  await using scene = await createScene(major, { '0001_a.sql': 'create table a (id integer);' })
  await scene.up(0)
  scene.write({ '0002_b.sql': 'create table b (id integer);' })
  await withCast(scene.db, {}, async (cast) => {
    const error = errorOf(await scene.up(77, envOf(cast)))
    assert.equal(error.code, 'privilege-missing')
    assert.ok(error.message.includes(cast.owner), error.message)
    await scene.db.query(
      `${error.hint}; grant insert, update on schema_migrations, schema_migrations_log to ${id(cast.owner)}`,
    )
    await scene.up(0, envOf(cast))
  })
})

testEach('who holds the lock is told in full, although the role is another one', async (major) => {
  const waits = 'do $$ begin while not exists (select from go) loop perform pg_sleep(0.02); end loop; end $$;'
  await using scene = await createScene(major, { '0001_waits.sql': `create table a (id integer);\n${waits}` })
  await withCast(scene.db, {}, async (cast) => {
    await scene.db.query(`create table go (); grant select on go to ${id(cast.owner)}`)
    const first = scene.start(['up'], envOf(cast))
    await first.waitForOutput(/step-started/)
    const second = scene.start(['up'], envOf(cast))
    await second.waitForOutput(/waiting-for-lock/)
    await scene.db.query('insert into go default values')
    assert.equal((await first.done).code, 0)
    const result = await second.done
    assert.equal(result.code, 0, result.stderr)
    const [told] = eventsOf(result, 'waiting-for-lock')
    assert.match(JSON.stringify(told?.holder), /"clientAddress":"127\.0\.0\.1".*"state":"active"/)
  })
})
