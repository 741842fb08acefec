/** Where settings come from, seen from outside: by which folder a run takes its migrations from, and what it warns of. */
import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { test } from 'node:test'
import { slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { createWorkspace } from '../helpers/workspace.ts'

const folders = ['flag', 'variable', 'file', 'env_local', 'env_specific', 'dotenv'] as const
const files = Object.fromEntries(folders.map((name) => [`${name}/0001_${name}.sql`, 'select 1;']))

interface Row {
  readonly name: string
  readonly from: (typeof folders)[number]
  readonly env?: Readonly<Record<string, string>>
  readonly dotenv?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
}

const all = {
  '.env.production.local': 'SLIPWAY_DIR=env_local',
  '.env.production': 'SLIPWAY_DIR=env_specific',
  '.env': 'SLIPWAY_DIR=dotenv\nexport UNRELATED="x y"',
}
const { '.env.production.local': _, ...withoutLocal } = all

const rows: readonly Row[] = [
  { name: '.env', from: 'dotenv', dotenv: { '.env': all['.env'] } },
  { name: '.env, no environment named', from: 'dotenv', dotenv: all },
  {
    name: '.env.production over .env',
    from: 'env_specific',
    dotenv: withoutLocal,
    env: { NODE_ENV: 'production' },
  },
  { name: 'prod is production', from: 'env_specific', dotenv: withoutLocal, env: { ENV: 'prod' } },
  {
    name: '.env.prod is for production too',
    from: 'env_specific',
    dotenv: { '.env.prod': all['.env.production'] },
    env: { SLIPWAY_ENV: 'production' },
  },
  {
    name: '.env.production.local over .env.production',
    from: 'env_local',
    dotenv: all,
    args: ['--env', 'production'],
  },
  {
    name: 'SLIPWAY_ENV over ENV over NODE_ENV',
    from: 'env_local',
    dotenv: all,
    env: { SLIPWAY_ENV: 'production', ENV: 'test', NODE_ENV: 'dev' },
  },
  {
    name: 'the environment named in .env',
    from: 'env_specific',
    dotenv: { ...withoutLocal, '.env': `SLIPWAY_ENV=production\n${all['.env']}` },
  },
  {
    name: 'a file named by a variable over .env',
    from: 'file',
    dotenv: { ...all, 'dir.txt': 'file\n' },
    env: { SLIPWAY_DIR_FILE: 'dir.txt', NODE_ENV: 'production' },
  },
  {
    name: 'a variable over .env',
    from: 'variable',
    dotenv: all,
    env: { SLIPWAY_DIR: 'variable', NODE_ENV: 'production' },
  },
  {
    name: 'a flag over a variable',
    from: 'flag',
    dotenv: all,
    env: { SLIPWAY_DIR: 'variable' },
    args: ['--dir', 'flag'],
  },
  {
    name: 'an empty variable is no value',
    from: 'dotenv',
    dotenv: { '.env': all['.env'] },
    env: { SLIPWAY_DIR: '' },
  },
]

for (const { name, from, env = {}, dotenv = {}, args = [] } of rows)
  test(name, async () => {
    using workspace = createWorkspace({ ...files, ...dotenv })
    const result = await slipway(['status', '--json', ...args], {
      cwd: workspace.dir,
      env: { DATABASE_URL: 'sqlite:app.db', ...env },
    })
    assert.equal(result.code, 0, result.stderr)
    assert.equal(JSON.parse(result.stdout).head, `0001_${from}`)
  })

test('SLIPWAY_DATABASE_URL in .env over DATABASE_URL in the environment', async () => {
  using workspace = createWorkspace({ ...files, '.env': 'SLIPWAY_DATABASE_URL=sqlite:ours.db' })
  const { stdout } = await slipway(['status', '--json', '--dir', 'flag'], {
    cwd: workspace.dir,
    env: { DATABASE_URL: 'sqlite:theirs.db' },
  })
  assert.match(JSON.parse(stdout).database, /ours\.db$/)
})

test('a URL from a secret file, its newline stripped; the same database as from a variable', async () => {
  await using db = await createTestDatabase(newestMajor)
  using workspace = createWorkspace({
    ...files,
    secret: `${db.url()}\n`,
    '.env': 'SLIPWAY_DATABASE_URL=sqlite:other.db',
  })
  chmodSync(workspace.path('secret'), 0o400)
  const result = await slipway(['up', '--dir', 'flag'], {
    cwd: workspace.dir,
    // X_FILE in the environment beats X from a dotenv file.
    env: { SLIPWAY_DATABASE_URL_FILE: 'secret' },
  })
  assert.equal(result.code, 0, result.stderr)
  assert.equal((await db.query('select 1 from schema_migrations')).length, 1)
})

const run = async (env: Readonly<Record<string, string>>, ...args: readonly string[]) => {
  using workspace = createWorkspace(files)
  const result = await slipway(args, {
    cwd: workspace.dir,
    env: { DATABASE_URL: 'sqlite:app.db', SLIPWAY_DIR: 'flag', ...env },
  })
  const lines = result.stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  return { ...result, warnings: lines.filter(({ level }) => level === 'warn').map(({ message }) => message) }
}

test('an unknown SLIPWAY_ variable is told with the nearest name, and the run goes on', async () => {
  const { code, warnings } = await run({ SLIPWAY_LOCK_TIMEUOT: '5s', SLIPWAY_XYZZYPLUGH: '1' }, 'up')
  assert.equal(code, 0)
  assert.deepEqual(warnings, [
    'unknown setting SLIPWAY_LOCK_TIMEUOT; did you mean SLIPWAY_LOCK_TIMEOUT?',
    'unknown setting SLIPWAY_XYZZYPLUGH',
  ])
})

test('an unknown URL parameter is told, and the run goes on', async () => {
  const { code, warnings } = await run({ DATABASE_URL: 'sqlite:app.db?mode=rwc' }, 'up')
  assert.equal(code, 0)
  assert.deepEqual(warnings, ['DATABASE_URL: ignored for SQLite: mode'])
})

test('an empty folder is fine where that is said', async () => {
  for (const [env, args] of [
    [{}, ['--allow-empty']],
    [{ SLIPWAY_ALLOW_EMPTY: 'yes' }, []],
  ] as const) {
    using workspace = createWorkspace({ 'empty/.gitkeep': '' })
    const result = await slipway(['up', '--dir', 'empty', ...args], {
      cwd: workspace.dir,
      env: { DATABASE_URL: 'sqlite:app.db', ...env },
    })
    assert.equal(result.code, 0, result.stderr)
  }
})

test('SLIPWAY_TABLE and SLIPWAY_SCHEMA say where the history is', async () => {
  await using db = await createTestDatabase(newestMajor)
  await db.query('create schema "Ops & Co"')
  const env = { DATABASE_URL: db.url(), SLIPWAY_TABLE: 'our "history"', SLIPWAY_SCHEMA: 'Ops & Co' }
  const { code, stderr } = await run(env, 'up')
  assert.equal(code, 0, stderr)
  assert.equal((await db.query('select 1 from "Ops & Co"."our ""history"""')).length, 1)
  assert.equal((await run(env, 'verify')).code, 0)
})
