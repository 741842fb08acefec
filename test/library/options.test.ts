/** What createMigrator takes, what it refuses, and that it looks at nothing else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMigrator, type MigratorOptions, SlipwayError } from '../../src/index.ts'
import { readSqlite } from '../helpers/sqlite.ts'
import { createWorkspace } from '../helpers/workspace.ts'

const bad: readonly [options: Record<string, unknown>, code: string, message: RegExp, hint?: RegExp][] = [
  [
    {},
    'no-url',
    /^no database is configured: there is no option databaseUrl$/,
    /createMigrator\(\{ databaseUrl/,
  ],
  [{ databaseUrl: '' }, 'no-url', /databaseUrl/],
  [{ databaseUrl: 'mysql://x/y' }, 'bad-url', /^option databaseUrl has the unknown scheme mysql:/],
  [
    { databaseUrl: 7 },
    'bad-setting',
    /^option databaseUrl must be a text, not a number$/,
    /docs\/settings\.md/,
  ],
  [{ databaseUrl: 'sqlite:a.db', lockTimeout: '5' }, 'bad-setting', /^option lockTimeout must be a duration/],
  [
    { databaseUrl: 'sqlite:a.db', lockTimeout: 5 },
    'bad-setting',
    /^option lockTimeout must be a duration.*not a number$/,
  ],
  [
    { databaseUrl: 'sqlite:a.db', allowEmpty: 'yes' },
    'bad-setting',
    /^option allowEmpty must be true or false/,
  ],
  [
    { databaseUrl: 'sqlite:a.db', onAhead: 'ignore' },
    'bad-setting',
    /^option onAhead must be one of allow, error, allow-breaking/,
  ],
  [
    { databaseUrl: 'sqlite:a.db', lokTimeout: '5s' },
    'bad-setting',
    /^unknown option lokTimeout$/,
    /did you mean lockTimeout\?/,
  ],
  [
    { databaseUrl: 'sqlite:a.db', hooks: { before: 'x' } },
    'bad-setting',
    /^hooks has an unknown hook before$/,
  ],
  [
    { databaseUrl: 'sqlite:a.db', hooks: { beforeAll: 3 } },
    'bad-setting',
    /^hooks\.beforeAll must be a command/,
  ],
  [{ databaseUrl: 'postgres://u:secret-word-1@h:x/d' }, 'bad-url', /^option databaseUrl /],
]

for (const [options, code, message, hint] of bad)
  test(`refused: ${JSON.stringify(options).replace('secret-word-1', '…')}`, async () => {
    await assert.rejects(createMigrator(options as MigratorOptions), (error) => {
      assert.ok(error instanceof SlipwayError)
      assert.equal(error.code, code)
      assert.equal(error.exitCode, 78)
      assert.match(error.message, message)
      assert.ok(!`${error.message} ${error.hint}`.includes('secret-word-1'))
      assert.doesNotMatch(`${error.message} ${error.hint}`, /SLIPWAY_|--\w/)
      if (hint !== undefined) assert.match(error.hint, hint)
      return true
    })
  })

test('refused: what is no object of options', async () => {
  for (const options of [undefined, null, 'sqlite:a.db', []])
    await assert.rejects(createMigrator(options as unknown as MigratorOptions), {
      name: 'SlipwayError',
      code: 'bad-setting',
      message: 'createMigrator takes an object of options',
    })
})

const files = {
  'migrations/0001_a.sql': 'create table a (id integer);\n',
  '.env': 'SLIPWAY_TABLE=from_dotenv\nSLIPWAY_DATABASE_URL=sqlite:dotenv.db\n',
  'slipway.config.ts': "throw new Error('nobody asked for it')\n",
}

test('no variable, .env or config file counts', async () => {
  using workspace = createWorkspace(files)
  process.env.SLIPWAY_TABLE = 'from_environment'
  try {
    await using migrator = await createMigrator({ databaseUrl: 'sqlite:app.db', cwd: workspace.dir })
    await migrator.up()
    assert.deepEqual(readSqlite(workspace.path('app.db'), 'select name from schema_migrations'), [
      { name: '0001_a' },
    ])
    await assert.rejects(createMigrator({ cwd: workspace.dir }), { code: 'no-url' })
  } finally {
    delete process.env.SLIPWAY_TABLE
  }
})

test('with env, variables fill in what no option gives; .env and the config file still do not', async () => {
  using workspace = createWorkspace(files)
  const env = {
    SLIPWAY_DATABASE_URL: 'sqlite:variable.db',
    SLIPWAY_TABLE: 'runs',
    SLIPWAY_LOKC_TIMEOUT: '1s',
  }
  const warnings: string[] = []
  await using migrator = await createMigrator({
    env,
    table: 'mine',
    cwd: workspace.dir,
    onEvent: (event) => {
      if (event.type === 'warning') warnings.push(event.message)
    },
  })
  await migrator.up()
  assert.deepEqual(readSqlite(workspace.path('variable.db'), 'select name from mine'), [{ name: '0001_a' }])
  assert.deepEqual(warnings, ['unknown setting SLIPWAY_LOKC_TIMEOUT; did you mean SLIPWAY_LOCK_TIMEOUT?'])
})

test('the content of a config file can be spread, what has no effect here included', async () => {
  using workspace = createWorkspace(files)
  const config = {
    dir: './migrations',
    databaseUrl: 'sqlite:app.db',
    logFormat: 'pretty',
    logLevel: 'debug',
    report: 'report.json',
    ddlLockTimeout: '300ms',
    grantSelectTo: ['reader'],
  } as const
  await using migrator = await createMigrator({ ...config, cwd: workspace.dir })
  await migrator.up()
  assert.ok(!workspace.has('report.json'))
})

test('nothing is connected to before a method is called', async () => {
  using workspace = createWorkspace({})
  await using migrator = await createMigrator({ databaseUrl: 'sqlite:app.db', cwd: workspace.dir })
  assert.ok(!workspace.has('app.db'))
  await assert.rejects(migrator.up(), { code: 'dir-missing', exitCode: 66 })
})
