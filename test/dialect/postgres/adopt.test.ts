/** adopt on PostgreSQL: whose table, in which schema, by which role, and several runners at once. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nameHistory } from '../../../src/dialects/postgres/naming.ts'
import { onPostgres, type Place } from '../../helpers/adoption-place.ts'
import { startSlipway } from '../../helpers/cli.ts'
import { type ForeignHistory, foreignHistories } from '../../helpers/foreign-histories.ts'
import { createTestDatabase, newestMajor, uniqueName } from '../../helpers/postgres.ts'
import { until } from '../../helpers/until.ts'
import { createWorkspace } from '../../helpers/workspace.ts'

function fixture(tool: string): ForeignHistory {
  const found = foreignHistories.find((each) => each.tool === tool)
  if (found === undefined) throw new Error(tool)
  return found
}

async function open(tool: string, change = (sql: string) => sql): Promise<Place> {
  const { files, sql } = fixture(tool)
  const workspace = createWorkspace(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`migrations/${name}`, text])),
  )
  const place = onPostgres(workspace, await createTestDatabase(newestMajor))
  await place.change(change(sql.postgres ?? ''))
  return place
}

const names = async (place: Place, table = 'schema_migrations') =>
  (await place.rows(`select name from ${table} order by id`)).map(({ name }) => name)

describe('whose table', () => {
  test('with SLIPWAY_TABLE the table of dbmate stays where it is', async () => {
    await using place = await open('dbmate')
    const env = { SLIPWAY_TABLE: 'slipway_migrations' }
    const shown = await place.expect(0, 'adopt --yes', env)
    assert.doesNotMatch(shown.stdout, /becomes/)
    assert.deepEqual(await place.tables(), [
      'schema_migrations',
      'slipway_migrations',
      'slipway_migrations_log',
    ])
    for (const line of ['verify', 'up']) await place.expect(0, line, env)
    assert.deepEqual(await names(place, 'slipway_migrations'), fixture('dbmate').names)
    assert.equal((await place.rows('select version from schema_migrations')).length, 3)
  })

  test('names and columns in another case, in another schema', async () => {
    await using place = await open(
      'flyway',
      (sql) =>
        `create schema "Odd";${sql.replaceAll('flyway_schema_history', '"Odd"."Flyway_Schema_History"').replaceAll('""', '"').replace('"installed_rank"', '"INSTALLED_RANK"').replace('installed_rank, version', '"INSTALLED_RANK", version')}`,
    )
    const shown = await place.expect(0, 'adopt --convert --yes')
    assert.match(shown.stdout, /^Flyway \(Odd\.Flyway_Schema_History\)/)
    assert.deepEqual(await names(place), fixture('flyway').names)
  })

  test('SLIPWAY_SCHEMA that is not there yet, and the table where it is', async () => {
    await using place = await open('prisma')
    const env = { SLIPWAY_SCHEMA: 'ops' }
    await place.expect(0, 'adopt --yes', env)
    assert.deepEqual(await names(place, 'ops.schema_migrations'), fixture('prisma').names)
    await place.expect(0, 'up', env)
    assert.deepEqual(await place.tables(), [
      '_prisma_migrations',
      'ops.schema_migrations',
      'ops.schema_migrations_log',
    ])
  })

  test('of two tables the one where the history is counts, and the one that is named', async () => {
    await using place = await open(
      'goose',
      (sql) =>
        `${sql};create schema far; create table far.goose_db_version (like goose_db_version); insert into far.goose_db_version values (1, 1, true, now())`,
    )
    assert.match((await place.run('adopt --dry-run')).stdout, /^goose \(public\.goose_db_version\)/)
    const named = await place.run('adopt --from-table far.goose_db_version --dry-run')
    assert.match(named.stdout, /^goose \(far\.goose_db_version\)[\s\S]*00002_email\.sql +pending/)
  })

  test('a tool that went on is adopted again, from where it was', async () => {
    await using place = await open(
      'prisma',
      (sql) => `${sql};delete from _prisma_migrations where id in ('c', 'd')`,
    )
    await place.expect(0, 'adopt --yes')
    assert.equal((await names(place)).length, 1)
    await place.change(
      "insert into _prisma_migrations values ('z', 'x', now(), '20250102000000_email', null, null, now(), 1)",
    )
    const shown = await place.expect(0, 'adopt --yes')
    assert.match(
      shown.stdout,
      /20250101000000_users.*recorded already\n.*20250102000000_email.*recorded as applied\n.*pending/,
    )
    assert.equal((await names(place)).length, 2)
  })

  test('a text that Prisma did not apply is told, and recorded', async () => {
    await using place = await open('prisma', (sql) => sql.replace("'d', 'x'", `'d', '${'0'.repeat(64)}'`))
    const shown = await place.expect(0, 'adopt --yes')
    assert.match(
      shown.stdout,
      /! migrations\/20250103000000_orders\/migration\.sql is not the text that Prisma applied/,
    )
    await place.expect(0, 'verify')
  })

  test('an empty table of dbmate only makes way', async () => {
    await using place = await open(
      'dbmate',
      () => 'create table schema_migrations (version varchar primary key)',
    )
    const shown = await place.expect(0, 'adopt --yes')
    assert.match(shown.stdout, /public\.schema_migrations becomes schema_migrations_dbmate/)
    assert.deepEqual(await names(place), [])
    await place.expect(0, 'up --dry-run')
  })
})

describe('by whom', () => {
  test('who does not own the table of dbmate is told so, and nothing is changed', async () => {
    await using place = await open('dbmate')
    const role = uniqueName('guest')
    await place.change(
      `create role ${role} login password 'plain'; grant all on schema public to ${role}; grant all on schema_migrations to ${role}`,
    )
    try {
      const url = place.db?.url({ user: role, password: 'plain' }) ?? ''
      const refused = await place.expect(77, 'adopt --yes', { SLIPWAY_DATABASE_URL: url })
      assert.match(refused.stderr, /may not take over public\.schema_migrations as public\.schema_migrations/)
      assert.match(refused.stderr, /next: work as the owner of that table .*SLIPWAY_TABLE=slipway_migrations/)
      assert.deepEqual(await place.tables(), ['schema_migrations'])
    } finally {
      await place.change(`drop owned by ${role}; drop role ${role}`)
    }
  })

  test('while history cannot be written no file is changed, and the next try does both', async () => {
    await using place = await open('goose')
    const role = uniqueName('guest')
    await place.change(
      `create role ${role} login password 'plain'; revoke create on schema public from public; grant select on goose_db_version to ${role}`,
    )
    try {
      const url = place.db?.url({ user: role, password: 'plain' }) ?? ''
      await place.expect(77, 'adopt --convert --yes', { SLIPWAY_DATABASE_URL: url })
      for (const [name, text] of Object.entries(fixture('goose').files))
        assert.equal(place.workspace.read(`migrations/${name}`), text)
      assert.equal(place.workspace.has('migrations/old'), false)
      assert.deepEqual(await place.tables(), ['goose_db_version'])
      await place.expect(0, 'adopt --convert --yes')
      assert.equal(place.workspace.has('migrations/old/00001_users.sql.goose'), true)
      assert.deepEqual(await names(place), fixture('goose').names)
      await place.expect(0, 'verify')
    } finally {
      await place.change(`drop owned by ${role}; drop role ${role}`)
    }
  })
})

/** The run lock of slipway in the hands of somebody else. */
async function holding<T>(place: Place, work: () => Promise<T>): Promise<T> {
  const { classId, objectId } = nameHistory('public', 'schema_migrations').lockKey
  const db = place.db
  if (db === undefined) throw new Error('needs PostgreSQL')
  await using connection = await db.connect()
  await connection.unsafe(`select pg_advisory_lock(${classId}, ${objectId})`)
  return await work()
}

describe('at once', () => {
  for (const tool of ['dbmate', 'prisma'])
    test(`four runners take over the history of ${tool}`, async () => {
      await using place = await open(tool)
      const runs = await Promise.all([1, 2, 3, 4].map(() => place.run('adopt --yes')))
      for (const { code, stderr } of runs) assert.equal(code, 0, stderr)
      assert.deepEqual(await names(place), fixture(tool).names)
      const told = await place.rows("select 1 from schema_migrations_log where event = 'adopt'")
      assert.equal(told.length, 1)
    })

  test('a table that becomes another one while it is looked at is looked at again', async () => {
    await using place = await open('dbmate')
    const db = place.db
    if (db === undefined) throw new Error('needs PostgreSQL')
    await using other = await db.connect()
    await other.unsafe('begin; alter table schema_migrations rename column version to "VERSION"').simple()
    const running = place.run('adopt --yes')
    await until(
      'it waits for the table',
      async () =>
        (
          await place.rows(
            "select 1 from pg_locks where not granted and relation = 'schema_migrations'::regclass",
          )
        ).length > 0,
    )
    await other.unsafe('commit')
    const { code, stderr } = await running
    assert.equal(code, 0, stderr)
    assert.deepEqual(await names(place), fixture('dbmate').names)
  })

  test('a row that comes between the look and the lock stops it', async () => {
    await using place = await open(
      'dbmate',
      (sql) => `${sql};delete from schema_migrations where version = '20250103000000'`,
    )
    const env = { SLIPWAY_DATABASE_URL: place.url, SLIPWAY_LOG_FORMAT: 'pretty' }
    const { code, stderr } = await holding(place, async () => {
      const running = startSlipway(['adopt', '--yes'], { cwd: place.workspace.dir, env })
      await running.waitForOutput(/the run lock is held by/)
      await place.change("insert into schema_migrations values ('20250103000000')")
      return () => running.done
    }).then((done) => done())
    assert.equal(code, 75, stderr)
    assert.match(stderr, /what was confirmed is no longer what there is to do/)
    assert.deepEqual(await place.tables(), ['schema_migrations'])
    await place.expect(0, 'adopt --yes')
    assert.equal((await names(place)).length, 3)
  })

  test('a transaction of dbmate that holds its table does not hold up the app for long', async () => {
    await using place = await open('dbmate')
    const db = place.db
    if (db === undefined) throw new Error('needs PostgreSQL')
    await using other = await db.connect()
    await other.unsafe("begin; insert into schema_migrations values ('20250104000000')").simple()
    const { code, stderr } = await place.run('adopt --yes')
    assert.equal(code, 75, stderr)
    assert.deepEqual(await place.tables(), ['schema_migrations'])
    await other.unsafe('rollback')
    await until('it goes', async () => (await place.run('adopt --yes')).code === 0)
  })
})
