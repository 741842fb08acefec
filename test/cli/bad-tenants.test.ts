/** Lists of tenants that cannot be meant, and verbs that know only one database. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BadInput, testBadInput } from '../helpers/bad-input.ts'
import { slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { createWorkspace } from '../helpers/workspace.ts'

const row = (
  name: string,
  tenants: string,
  more: Partial<BadInput> & Pick<BadInput, 'exit' | 'code' | 'message' | 'hint'>,
): BadInput => ({ name, on: 'postgres', env: { SLIPWAY_TENANTS: tenants }, ...more })

testBadInput([
  row('a list without an item', ', ,', {
    exit: 78,
    code: 'no-tenants',
    message: /the list of tenants is empty/,
    hint: /--allow-no-tenants/,
  }),
  row('a query without a row', "select 'x' where false", {
    exit: 78,
    code: 'no-tenants',
    message: /returned no row; where row security hides them/,
    hint: /--allow-no-tenants/,
  }),
  row('a query that fails', 'select name from nowhere', {
    exit: 78,
    code: 'no-tenants',
    message: [/the query for tenants failed on postgres:/, /relation "nowhere" does not exist/],
    hint: /correct SLIPWAY_TENANTS/,
  }),
  row('a query that would write', 'with x as (insert into t values (1) returning 1) select * from x', {
    before: async ({ db }) => {
      await db.query('create table t (n integer)')
    },
    exit: 78,
    code: 'no-tenants',
    message: /data-modifying statement must be at the top level/,
    hint: /read-only/,
  }),
  {
    name: 'a shard of nobody',
    on: 'postgres',
    env: { SLIPWAY_TENANTS: '', SLIPWAY_SHARD: '8', JOB_COMPLETION_INDEX: '1' },
    exit: 78,
    code: 'no-tenants',
    message: /SLIPWAY_SHARD is given, and SLIPWAY_TENANTS is not set, or empty/,
    hint: /export SLIPWAY_TENANTS/,
  },
  row('a verb in a scratch database that works on one', 'acme,globex', {
    argv: ['sql', '--from', 'base', '--to', 'head'],
    exit: 64,
    code: 'one-tenant',
    message: /slipway sql works on one tenant, and 2 are named/,
    hint: /slipway sql --tenants NAME/,
  }),
  row('a dump of one schema', 'acme', {
    argv: ['dump', '--baseline'],
    exit: 66,
    code: 'bad-baseline',
    message: /no other tenant could begin with that of acme/,
    hint: /by hand/,
  }),
  row('the dump of another one', 'acme', {
    files: {
      'migrations/0001_a.sql': 'create table a (n integer);',
      'migrations/baseline.0001.sql':
        "-- slipway:applied 0001_a\nselect pg_catalog.set_config('search_path', '', true);\ncreate table globex.a (n integer);\n",
    },
    before: async ({ db }) => {
      await db.query('create schema acme')
    },
    argv: ['sql'],
    exit: 66,
    code: 'bad-baseline',
    message: /baseline\.0001\.sql is a dump, which names the schema of every table: it makes none in acme/,
    hint: /take the names of schemas out/,
  }),
  row('a file that is not there', '@tenants.txt', {
    exit: 78,
    code: 'no-tenants',
    message: /SLIPWAY_TENANTS names \/.*tenants\.txt, which does not exist/,
    hint: /with a tenant on each line/,
  }),
  row('schemas in SQLite', 'acme', {
    on: 'sqlite',
    exit: 78,
    code: 'bad-tenant',
    message: /item 1 of SLIPWAY_TENANTS is no URL, and SQLite has no schemas/,
    hint: /sqlite:/,
  }),
  row('a URL that cannot be read names its place', 'postgres://app:hidden%zz@db/acme', {
    exit: 78,
    code: 'bad-url',
    message: /item 1 of SLIPWAY_TENANTS/,
    hint: /./,
  }),
  {
    name: 'a password in the flag',
    on: 'postgres',
    argv: ['up', '--tenants', 'postgres://app@db/acme,postgres://app:hidden@db:5432/globex'],
    exit: 64,
    code: 'password-in-flag',
    message: /--tenants holds a password/,
    hint: /@FILE/,
  },
  row('one history for all', 'acme,globex', {
    env: { SLIPWAY_TENANTS: 'acme,globex', SLIPWAY_SCHEMA: 'shared' },
    exit: 78,
    code: 'bad-setting',
    message: /SLIPWAY_SCHEMA is shared, which would give acme and its neighbours one history/,
    hint: /unset SLIPWAY_SCHEMA/,
  }),
  row('a verb that works on one', 'acme,globex', {
    argv: ['down'],
    exit: 64,
    code: 'one-tenant',
    message: /slipway down works on one tenant, and 2 are named/,
    hint: /slipway down --tenants NAME/,
  }),
  row('a rehearsal, with a query', 'select 1', {
    argv: ['up', '--rehearse'],
    exit: 64,
    code: 'one-tenant',
    message: /slipway up --rehearse works on one tenant, and SLIPWAY_TENANTS is a query/,
    hint: /--tenants NAME/,
  }),
  row('a typo for a verb that would make the schema', 'acmee', {
    argv: ['stamp', 'head', '--yes'],
    exit: 78,
    code: 'tenant-missing',
    message: /there is no schema acmee/,
    hint: /correct the name/,
  }),
  row('a part that does not exist', 'acme', {
    argv: ['up', '--shard', '0/3'],
    exit: 64,
    code: 'bad-value',
    message: /--shard must be I\/N with I from 1 to N/,
    hint: /slipway --help/,
  }),
  row('an index beyond the number of parts', 'acme', {
    env: { SLIPWAY_TENANTS: 'acme', SLIPWAY_SHARD: '3', JOB_COMPLETION_INDEX: '3' },
    exit: 78,
    code: 'bad-setting',
    message: /SLIPWAY_SHARD must be .*JOB_COMPLETION_INDEX, which is 3/,
    hint: /slipway --help/,
  }),
  row('no number', 'acme', {
    argv: ['up', '--concurrency', '0'],
    exit: 64,
    code: 'bad-value',
    message: /--concurrency must be a whole number from 1 on, not "0"/,
    hint: /slipway --help/,
  }),
])

test('tenants that fail each in its own way', async () => {
  await using db = await createTestDatabase(newestMajor)
  using workspace = createWorkspace({ 'migrations/0001_a.sql': 'select 1 / 0;' })
  await db.query('create schema acme')
  const query = "/* ours */ (values ('acme', 'x'), ('pg_toast', 'x'), (null, 'x'), ('nowhere', 'x'))"
  const { code, stderr } = await slipway(['up', '--tenants', query], {
    cwd: workspace.dir,
    env: { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_LOG_FORMAT: 'json' },
  })
  assert.equal(code, 70, stderr)
  const { error } = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '') as {
    error: { code: string; reasons: { code: string; tenant: string }[] }
  }
  assert.equal(error.code, 'tenants-failed')
  assert.deepEqual(error.reasons.map((reason) => `${reason.tenant} ${reason.code}`).sort(), [
    'acme migration-failed',
    'nowhere tenant-missing',
    'pg_toast bad-tenant',
    'row 3 of the query for tenants bad-tenant',
  ])
})

test('of no tenants no database is needed', async () => {
  using workspace = createWorkspace({ 'migrations/0001_a.sql': 'select 1;', 'tenants.txt': '# none yet' })
  const run = (...flags: string[]) =>
    slipway(['up', '--tenants', '@tenants.txt', ...flags], {
      cwd: workspace.dir,
      env: { SLIPWAY_LOG_FORMAT: 'pretty' },
    })
  const allowed = await run('--allow-no-tenants')
  assert.equal(allowed.code, 0, allowed.stderr)
  assert.match(allowed.stderr, /0 tenants: 0 migrated/)
  const refused = await run()
  assert.equal(refused.code, 78, refused.stderr)
  assert.match(refused.stderr, /the list of tenants is empty/)
})
