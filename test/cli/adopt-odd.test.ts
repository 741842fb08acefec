/** adopt, where the other tool's table or the folder is odd: late files, rows that are alike, tables in use, second databases. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { chmodSync, chownSync } from 'node:fs'
import { describe, test } from 'node:test'
import { onSqlite, openPlace, type Place } from '../helpers/adoption-place.ts'
import { type ForeignHistory, foreignHistories } from '../helpers/foreign-histories.ts'
import { slipway } from '../helpers/cli.ts'
import { runSqlite } from '../helpers/sqlite.ts'
import { uniqueName } from '../helpers/postgres.ts'
import { until } from '../helpers/until.ts'

const of = (tool: string): ForeignHistory => {
  const found = foreignHistories.find((each) => each.tool === tool)
  assert.ok(found !== undefined, tool)
  return found
}

const namesOf = async (place: Place) =>
  (await place.rows('select name from schema_migrations order by id')).map(({ name }) => name)

describe('what cannot be known', { concurrency: 3 }, () => {
  test('golang-migrate: a file that was merged late', async () => {
    await using place = await openPlace('sqlite', of('golang-migrate'))
    await place.change(`create table users (id integer primary key); create table orders (id integer)`)
    const warned = /golang-migrate keeps one version, 3, and passes over a file that is merged late below it/
    assert.match((await place.expect(0, 'adopt --dry-run')).stdout, warned)
    // The way out that docs/coming-from.md gives.
    const { workspace } = place
    const late = workspace.read('migrations/000002_email.up.sql')
    workspace.write({ 'migrations/000002_email.up.sql': undefined })
    assert.match((await place.expect(0, 'adopt --yes')).stdout, warned)
    workspace.write({ 'migrations/000002_email.up.sql': late })
    await place.expect(65, 'up')
    await place.expect(0, 'up', { SLIPWAY_OUT_OF_ORDER: 'allow' })
    assert.deepEqual(await namesOf(place), ['000001_users', '000003_orders', '000002_email'])
    await place.rows('select email from users')
    assert.doesNotMatch((await place.expect(0, 'adopt')).stdout, warned, 'nothing is assumed any more')
  })

  test('Flyway: files below the baseline', async () => {
    await using place = await openPlace('sqlite', of('flyway'))
    const { stdout } = await place.expect(0, 'adopt --convert --dry-run')
    assert.match(stdout, /the baseline of Flyway is 1: .* is assumed; take what never ran out of the folder/)
  })
})

describe('two rows for one text', { concurrency: 3 }, () => {
  test('Drizzle without its journal: equal texts are taken in order', async () => {
    const text = '-- Custom SQL migration file\nselect 1;\n'
    await using place = await openPlace('sqlite', {
      sql: {
        sqlite:
          of('drizzle')
            .sql.sqlite?.replace("'a'", `'${sha256(text)}'`)
            .replace("'b'", `'${sha256(text)}'`)
            .replace("'c'", `'${sha256('select 2;')}'`) ?? '',
      },
      files: { '0000_a.sql': text, '0001_b.sql': text, '0002_c.sql': 'select 2;' },
    })
    await place.expect(0, 'adopt --yes')
    assert.deepEqual(await namesOf(place), ['0000_a', '0001_b', '0002_c'])
  })

  test('dbmate: each row has the file that is spelled as it is', async () => {
    await using place = await openPlace('sqlite', {
      sql: {
        sqlite:
          "create table schema_migrations (version varchar(128) primary key); insert into schema_migrations values ('1'), ('01')",
      },
      files: { '01_b.sql': '-- migrate:up\nselect 2;', '1_a.sql': '-- migrate:up\nselect 1;' },
    })
    const { stdout } = await place.expect(0, 'adopt --dry-run')
    assert.match(stdout, /^ {2}1 +migrations\/1_a\.sql /m)
    assert.match(stdout, /^ {2}01 +migrations\/01_b\.sql /m)
  })
})

test('a second database: the originals in old/ say what Flyway applied', async () => {
  await using first = await openPlace('sqlite', of('flyway'))
  await first.expect(0, 'adopt --convert --yes')
  const file = first.workspace.path('second.db')
  runSqlite(file, of('flyway').sql.sqlite ?? '')
  await using second = onSqlite(first.workspace, file)
  const { stdout } = await second.expect(0, 'adopt --yes')
  assert.doesNotMatch(stdout, /is not the text that Flyway applied/)
  assert.deepEqual(await namesOf(second), of('flyway').names)
})

describe('a table in use', { concurrency: 3 }, () => {
  test('goose, which has not committed: adopt waits, then says so, and changes nothing', async () => {
    await using place = await openPlace('postgres', of('goose'))
    const before = place.contents()
    await using other = await connectTo(place)
    await other
      .unsafe('begin; insert into goose_db_version (version_id, is_applied) values (5, true)')
      .simple()
    const busy = await place.expect(75, 'adopt --convert --yes')
    assert.match(busy.stderr, /public\.goose_db_version was in use for 500 ms.*nothing was changed/)
    assert.match(busy.stderr, /^next: .*slipway adopt --ddl-lock-timeout 10s$/m)
    assert.deepEqual(place.contents(), before)
    const waiting = place.run('adopt --convert --yes --ddl-lock-timeout 1m')
    await until('adopt waits for the table', () => isWaiting(place))
    await other.unsafe('commit')
    const late = await waiting
    assert.equal(late.code, 75, late.stderr)
    assert.match(late.stderr, /goose_db_version changed between the look and the lock; nothing was recorded/)
    assert.match(late.stderr, /^next: .*slipway adopt --dry-run$/m)
    assert.deepEqual(place.contents(), before)
  })

  test('dbmate, whose table an app reads: nothing is renamed, and nothing is converted', async () => {
    await using place = await openPlace('postgres', {
      ...of('dbmate'),
      files: { ...of('dbmate').files, '20250102000000_email.sql': 'this is no SQL' },
    })
    const before = place.contents()
    await using other = await connectTo(place)
    await other.unsafe('begin; select from schema_migrations').simple()
    const busy = await place.expect(75, 'adopt --convert --yes --ddl-lock-timeout 50ms')
    assert.match(
      busy.stderr,
      /schema_migrations was in use for 50 ms, and must be free for a moment to rename it/,
    )
    assert.deepEqual(place.contents(), before)
    await other.unsafe('rollback')
    await place.expect(0, 'adopt --convert --yes')
  })

  test('a role that may not write to the table need not lock it', async () => {
    await using place = await openPlace('postgres', of('goose'))
    const role = uniqueName('reader')
    await place.change(
      `create role ${role}; grant usage, create on schema public to ${role}; grant select on goose_db_version to ${role}`,
    )
    try {
      await place.expect(0, 'adopt --convert --yes', { SLIPWAY_ROLE: role })
    } finally {
      await place.change(`drop owned by ${role}; drop role ${role}`)
    }
  })
})

describe('down of what another tool ran, and slipway cannot', { concurrency: 3 }, () => {
  for (const tool of ['knex', 'alembic'])
    test(`${tool}: there is no way back in history, not even one that does nothing`, async () => {
      await using place = await openPlace('sqlite', of(tool))
      await place.expect(0, 'adopt --convert --yes')
      const refused = await place.expect(65, 'down --from-history --to base')
      const told = new RegExp(`history holds no text of (?:${of(tool).names.join('|')})$`, 'm')
      assert.match(refused.stderr, told)
    })
})

/** Nobody's folder holds files of others, which only they can move. */
test('a folder that cannot be changed: what was is said, and the database knows of nothing', {
  skip: process.getuid?.() === 0 ? false : 'only root can run as another user',
}, async () => {
  await using place = await openPlace('postgres', of('flyway'))
  const { workspace, url } = place
  const user = { uid: 65534, gid: 65534 }
  for (const path of [workspace.dir, workspace.path('migrations')]) chmodSync(path, 0o1777)
  chownSync(workspace.path('migrations/V1_1__email.sql'), user.uid, user.gid)
  const failed = await slipway(['adopt', '--convert', '--yes'], {
    cwd: workspace.dir,
    env: { SLIPWAY_DATABASE_URL: url, SLIPWAY_LOG_FORMAT: 'pretty' },
    user,
  })
  assert.match(
    failed.stderr,
    /cannot write migrations\/old\/U1_1__email\.sql\.flyway \(EPERM\); nothing was recorded; 1 file of the folder was converted or moved before that, and the same command does the rest/,
  )
  assert.equal(failed.code, 73)
  assert.deepEqual(await place.tables(), ['flyway_schema_history'])
  await place.expect(0, 'adopt --convert --yes')
  assert.deepEqual(await namesOf(place), of('flyway').names)
})

async function connectTo({ db }: Place) {
  assert.ok(db !== undefined)
  return await db.connect()
}

async function isWaiting(place: Place): Promise<boolean> {
  const rows = await place.rows(
    "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  )
  return rows.length > 0
}

const sha256 = (text: string) => hash('sha256', text)
