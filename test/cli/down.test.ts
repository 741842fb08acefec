/** `down` on both kinds of database: what it reverts, in which order, what it writes down, and what it says before. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Kind, openPlace, type Place } from '../helpers/place.ts'

const four = {
  '0001_users.sql': `-- migrate:up
create table users (id integer primary key, name text);
-- migrate:down
drop table users;
`,
  '0002_email.up.sql': 'alter table users add column email text;\n',
  '0002_email.down.sql': 'alter table users drop column email;\n',
  '0003_posts.ts': `export const up = async ({ sql }) => { await sql\`create table posts (id integer)\` }
export const down = async ({ sql, log }) => { log('going'); await sql\`drop table posts\` }
`,
  '0004_index.sql': `-- migrate:up
create index users_name on users (name);
-- migrate:down
drop index users_name;
`,
}

const lastLine = (text: string) => text.trimEnd().split('\n').at(-1) ?? ''

const kinds: readonly Kind[] = ['postgres', 'sqlite']

for (const kind of kinds)
  describe(kind, () => {
    test('one by one, several, to a target, to the base; and up again', async () => {
      await using place = await openPlace(kind, four)
      await place.expect(0, 'up')
      const whole = await place.catalogue()
      const one = await place.expect(0, 'down')
      assert.match(
        one.stdout,
        /^1 migration to revert, 4 applied on [^\n]+\n\n {2}1\. 0004_index {2}in a transaction\n {7}drop index users_name;\n/,
      )
      assert.match(lastLine(one.stderr), /✓ 1 migration reverted/)
      assert.deepEqual(await place.history(), [
        '0001_users applied',
        '0002_email applied',
        '0003_posts applied',
      ])
      assert.match((await place.expect(0, 'down --steps 2')).stderr, /0003_posts: going[\s\S]*0002_email/)
      assert.deepEqual(await place.history(), ['0001_users applied'])
      await place.expect(0, 'up')
      assert.equal(await place.catalogue(), whole)
      await place.expect(0, 'down --to email')
      assert.deepEqual(await place.history(), ['0001_users applied', '0002_email applied'])
      await place.expect(0, 'down --to -1')
      assert.deepEqual(await place.history(), ['0001_users applied'])
      await place.expect(0, 'up')
      await place.expect(0, 'down --to base')
      assert.deepEqual(await place.history(), [])
      await place.expect(0, 'up')
      assert.equal(await place.catalogue(), whole)
      await place.expect(0, 'down --to zero')
      await place.expect(0, 'verify')
      assert.equal((await place.expect(0, 'down')).stdout.startsWith('nothing to revert: 0 applied on'), true)
    })

    test('the log says who took it back and in which run', async () => {
      await using place = await openPlace(kind, four)
      await place.expect(0, 'up')
      await place.expect(0, 'down --steps 4')
      assert.deepEqual((await place.log()).slice(4), [
        'down 0004_index',
        'down 0003_posts',
        'down 0002_email',
        'down 0001_users',
      ])
      const lines = await place.rows(
        "select distinct run_id, applied_by from schema_migrations_log where event = 'down'",
      )
      assert.equal(lines.length, 1)
      assert.equal(lines[0]?.applied_by, 'pod-x')
      const [line] = await place.rows(
        "select duration_ms, checksum from schema_migrations_log where event = 'down' and name = '0001_users'",
      )
      assert.ok(Number(line?.duration_ms) >= 0)
      assert.match(String(line?.checksum), /^sha256-v1:/)
      assert.match((await place.expect(0, 'history --all')).stdout, /down +\S+ +0001_users/)
    })

    test('a dry run changes nothing and tells all', async () => {
      await using place = await openPlace(kind, four)
      await place.expect(0, 'up')
      await place.change("insert into users (id, name, email) values (1, 'a', 'a@b'), (2, 'b', null)")
      const dry = await place.expect(0, 'down --dry-run --to base')
      assert.match(dry.stdout, /! is a script: what it takes away is seen as it runs/)
      assert.match(dry.stdout, /! drops users\.email with 1 value/)
      assert.match(dry.stdout, /! drops users with 2 rows/)
      assert.match(dry.stdout, /dry run: nothing was changed/)
      assert.equal((await place.history()).length, 4)
      const json = JSON.parse((await place.expect(0, 'down --dry-run --to base --json')).stdout)
      assert.equal(json.dryRun, true)
      assert.deepEqual(
        json.steps.map(
          ({
            name,
            reverted,
            losses,
          }: {
            name: string
            reverted: boolean
            losses: { what: string; rows: number }[]
          }) => [name, reverted, losses.map(({ what, rows }) => `${what} ${rows}`)],
        ),
        [
          ['0004_index', false, []],
          ['0003_posts', false, ['a script null']],
          ['0002_email', false, ['users.email 1']],
          ['0001_users', false, ['users 2']],
        ],
      )
    })

    test('data is lost only by the one who says so', async () => {
      await using place = await openPlace(kind, four)
      await place.expect(0, 'up --to 0002')
      await place.change("insert into users (id, name, email) values (1, 'a', 'a@b')")
      const refused = await place.expect(79, 'down --to base')
      assert.match(
        refused.stderr,
        /data would be lost: 0002_email drops users\.email with 1 value; 0001_users drops users with 1 row/,
      )
      assert.match(refused.stderr, /slipway down --to base --allow-data-loss/)
      assert.match(refused.stdout, /2 migrations to revert/)
      assert.equal((await place.history()).length, 2)
      const json = JSON.parse((await place.run('down --json')).stdout)
      assert.equal(json.error.code, 'data-loss')
      await place.expect(0, 'down --to base --allow-data-loss')
      assert.deepEqual(await place.history(), [])
    })

    test('what a script drops is seen as it runs, and undone', async () => {
      await using place = await openPlace(kind, four)
      await place.expect(0, 'up --to 0003')
      await place.expect(0, 'down')
      await place.expect(0, 'up --to 0003')
      await place.change('insert into posts values (1)')
      const refused = await place.expect(79, 'down')
      assert.match(
        refused.stderr,
        /the down of 0003_posts: it takes away what holds rows, so it was rolled back: (public\.)?posts/,
      )
      assert.equal((await place.rows('select * from posts')).length, 1)
      assert.equal((await place.history()).length, 3)
      await place.expect(0, 'down --no-safety-checks')
      assert.equal((await place.history()).length, 2)
    })

    test('a script that gives a table or a column another name loses nothing', async () => {
      await using place = await openPlace(kind, {
        '0001_a.sql': 'create table a (id integer, x text);',
        '0002_b.ts': `export const up = async ({ sql }) => {
  await sql\`alter table a rename to b\`
  await sql\`alter table b rename column x to y\`
}
export const down = async ({ sql }) => {
  await sql\`alter table b rename column y to x\`
  await sql\`alter table b rename to a\`
}
`,
      })
      await place.expect(0, 'up')
      await place.change("insert into b values (1, 'x')")
      await place.expect(0, 'down')
      assert.equal((await place.rows('select x from a')).length, 1)
    })

    test('every reason against it is told at once', async () => {
      await using place = await openPlace(kind, {
        '0001_a.sql': 'create table a (id integer);',
        '0002_b.ts': 'export const up = async ({ sql }) => { await sql`create table b (id integer)` }\n',
        '0003_c.sql': '-- migrate:up\ncreate table c (id integer);\n-- migrate:down\ndrop table c;\n',
        '0004_d.sql': '-- migrate:up\ncreate table d (id integer);\n-- migrate:down\ndrop table d;\n',
      })
      await place.expect(0, 'up')
      place.workspace.write({
        'migrations/0003_c.sql':
          '-- migrate:up\ncreate table c (id bigint);\n-- migrate:down\ndrop table c;\n',
        'migrations/0004_d.sql': undefined,
      })
      const refused = await place.expect(65, 'down --to base')
      assert.match(
        refused.stderr,
        /0003_c was edited[\s\S]*0004_d cannot be reverted: it has no file here[\s\S]*0002_b has no down[\s\S]*0001_a has no down/,
      )
      assert.equal((await place.history()).length, 4)
      const plain = await place.expect(65, 'down')
      assert.match(plain.stderr, /next: .*slipway down --from-history/)
      place.workspace.write({
        'migrations/0003_c.sql':
          '-- migrate:up\ncreate table c (id integer);\n-- migrate:down\ndrop table c;\n',
      })
      await place.expect(0, 'down --from-history --steps 2')
      assert.match((await place.expect(79, 'down')).stderr, /0002_b has no down[\s\S]*slipway new NAME/)
      await place.expect(79, 'down --no-safety-checks --allow-data-loss')
    })

    test('what stays must not depend on what goes', async () => {
      await using place = await openPlace(kind, {
        '0001_a.sql': '-- migrate:up\nselect 1;\n-- migrate:down\nselect 1;\n',
        '0002_b.ts':
          "export const options = { dependsOn: ['0001_a'] }\nexport const up = async () => {}\nexport const down = async () => {}\n",
      })
      await place.expect(0, 'stamp 0002 --only --yes')
      await place.expect(0, 'stamp 0001 --only --yes')
      const refused = await place.expect(65, 'down')
      assert.match(refused.stderr, /0002_b depends on 0001_a, and would stay/)
      await place.expect(0, 'down --steps 2')
    })

    test('what was skipped has nothing to undo', async () => {
      const other = kind === 'postgres' ? 'sqlite' : 'postgres'
      await using place = await openPlace(kind, {
        '0001_a.sql': `-- migrate:up dialects:${other}\ncreate table a (id integer);`,
      })
      await place.expect(0, 'up')
      assert.match((await place.expect(0, 'down')).stdout, /recorded as skipped, nothing to run/)
      assert.deepEqual(await place.history(), [])
    })

    test('a down that fails leaves everything as it was', async () => {
      await using place = await openPlace(kind, {
        '0001_a.sql': `-- migrate:up
create table a (id integer);
-- migrate:down
drop table a;
select * from nowhere;
`,
      })
      await place.expect(0, 'up')
      const before = await place.catalogue()
      const failed = await place.expect(70, 'down')
      assert.match(failed.stderr, /the down of 0001_a failed at statement 2 of 2[\s\S]*0001_a\.sql:5:15/)
      assert.match(failed.stderr, /repair --accept 0001_a/)
      assert.equal(await place.catalogue(), before)
      assert.deepEqual(await place.history(), ['0001_a applied'])
      assert.deepEqual((await place.log()).at(-1), 'failure 0001_a')
      await place.expect(0, 'up')
    })

    test('outside a transaction it goes on where it stopped, and nothing else may go on meanwhile', async () => {
      await using place = await stopped(kind)
      const refused = await place.expect(79, 'up')
      assert.match(refused.stderr, /0002_b was being reverted and did not finish/)
      assert.match((await place.expect(0, 'status')).stdout, /0002_b +unfinished/)
      assert.match((await place.expect(0, 'history')).stdout, /being reverted, 1 statement done/)
      await place.change('create table late (id integer)')
      assert.match((await place.expect(0, 'down --dry-run')).stdout, /0002_b {2}goes on after 1 statement/)
      await place.expect(0, 'down')
      assert.deepEqual(await place.history(), ['0001_a applied'])
      assert.deepEqual((await place.log()).slice(-4), [
        'revert 0002_b',
        'failure 0002_b',
        'revert 0002_b',
        'down 0002_b',
      ])
      await place.expect(0, 'up')
    })

    test('or is declared done, or not begun', async () => {
      await using done = await stopped(kind)
      await done.expect(0, 'repair --finished 0002 --yes')
      assert.deepEqual(await done.history(), ['0001_a applied'])
      await using never = await stopped(kind)
      const listed = await never.expect(0, 'repair')
      assert.match(listed.stdout, /repair --finished 0002_b {2}all of its down is done/)
      await never.expect(0, 'repair --retry 0002 --yes')
      assert.deepEqual(await never.history(), ['0001_a applied', '0002_b applied'])
      await never.expect(0, 'verify')
    })
  })

/** At the second of three statements of a down. */
async function stopped(kind: Kind): Promise<Place> {
  const place = await openPlace(kind, {
    '0001_a.sql': 'create table a (id integer);',
    '0002_b.sql': `-- migrate:up
create table b (id integer);
create table b2 (id integer);
-- migrate:down transaction:false
drop table b;
drop table late;
drop table b2;
`,
  })
  await place.expect(0, 'up')
  const failed = await place.expect(70, 'down --allow-data-loss')
  assert.match(failed.stderr, /the down of 0002_b failed at statement 2 of 3/)
  assert.match(failed.stderr, /next: correct its down, then: slipway down/)
  assert.equal(
    (await place.rows("select 1 from schema_migrations where state = 'started' and statements_done = -2"))
      .length,
    1,
  )
  return place
}
