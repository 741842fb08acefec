/** `baseline.<version>.sql` on both databases: an empty one begins with it, others do not need what it stands for. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { dumpCatalogue, dumpSqliteCatalogue } from '../helpers/catalogue.ts'
import { slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { runWithPsql, runWithSqlite3 } from '../helpers/script.ts'
import { readSqlite } from '../helpers/sqlite.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'

interface Target extends AsyncDisposable {
  readonly env: Record<string, string>
  query(text: string): Promise<Record<string, unknown>[]>
  describe(): Promise<string>
  run(script: string): void
}

let count = 0

const places: Readonly<Record<string, (workspace: Workspace) => Promise<Target>>> = {
  PostgreSQL: async () => {
    const db = await createTestDatabase(newestMajor)
    return {
      env: { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_SCRATCH_URL: db.server.url() },
      query: (text) => db.query(text),
      describe: () => dumpCatalogue((text) => db.query(text)),
      run: (script) => {
        runWithPsql(db, script)
      },
      [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
    }
  },
  SQLite: async (workspace) => {
    const file = workspace.path(`app${++count}.db`)
    return {
      env: { SLIPWAY_DATABASE_URL: `sqlite://${file}` },
      query: async (text) => readSqlite(file, text),
      describe: async () => dumpSqliteCatalogue(file),
      run: (script) => runWithSqlite3(file, script),
      [Symbol.asyncDispose]: async () => {},
    }
  },
}

const files = {
  'migrations/0001_a.sql': '-- migrate:up breaking:true\ncreate table a (n integer);\n',
  'migrations/0002_b.ts': 'export const up = async ({ sql }) => { await sql`create table b (n integer)` }\n',
  'migrations/0003_c.sql': '-- migrate:up dependsOn:0001_a\ncreate table c (n integer);\n',
}
const schema = 'create table a (n integer);\ncreate table b (n integer);\n'
const rows = 'select name, checksum, state from schema_migrations order by id'

for (const [label, open] of Object.entries(places))
  describe(label, () => {
    const run = async (workspace: Workspace, target: Target, ...args: string[]) => {
      const result = await slipway(args, { cwd: workspace.dir, env: target.env })
      assert.equal(result.code, 0, `slipway ${args.join(' ')}: ${result.stderr}`)
      return result.stdout
    }

    test('an empty database: its schema, a row for each migration, and on from there', async () => {
      using workspace = createWorkspace(files)
      await using whole = await open(workspace)
      await run(workspace, whole, 'up')
      const known = await whole.query(rows)
      const checksums = known
        .slice(0, 2)
        .map(({ name, checksum }) => `-- slipway:applied ${name} ${checksum}`)
      workspace.write({
        'migrations/0001_a.sql': undefined,
        'migrations/0002_b.ts': undefined,
        'migrations/baseline.0002.sql': `${checksums.join('\n')}\n${schema}`,
      })
      await using target = await open(workspace)
      await run(workspace, target, 'up')
      assert.deepEqual(await target.query(rows), known)
      assert.equal(await target.describe(), await whole.describe())
      for (const each of [whole, target]) {
        await run(workspace, each, 'verify')
        await run(workspace, each, 'status', '--exit-code')
        assert.match((await slipway(['up'], { cwd: workspace.dir, env: each.env })).stderr, /up to date/)
      }
      await using script = await open(workspace)
      script.run(await run(workspace, script, 'sql', '--from', 'base'))
      assert.deepEqual(await script.query(rows), known)
      assert.equal(await script.describe(), await whole.describe())
      workspace.write({
        'migrations/0004_d.ts':
          'export const up = async ({ sql }) => { await sql`insert into b values (1)` }\n',
      })
      assert.match(await run(workspace, target, 'sql'), /insert into b values \(1\);/)
      assert.match(await run(workspace, target, 'roundtrip', '--all'), /0004_d has no down/)
    })

    test('files that are still there, or in old/, need no line in it; breaking is kept', async () => {
      using workspace = createWorkspace({
        'migrations/0001_a.sql': files['migrations/0001_a.sql'],
        'migrations/old/0002_b.ts': files['migrations/0002_b.ts'],
        'migrations/0003_c.sql': files['migrations/0003_c.sql'],
        'migrations/baseline.0002.sql': schema,
      })
      await using target = await open(workspace)
      await run(workspace, target, 'up')
      const found = await target.query('select name, state, breaking from schema_migrations order by id')
      const yes = label === 'SQLite' ? 1 : true
      assert.deepEqual(
        found.map(({ name, state, breaking }) => [name, state, breaking === yes]),
        [
          ['0001_a', 'applied', true],
          ['0002_b', 'applied', false],
          ['0003_c', 'applied', false],
        ],
      )
      await run(workspace, target, 'verify')
    })

    test('one that fails leaves nothing, and its file and line are told', async () => {
      using workspace = createWorkspace({
        ...files,
        'migrations/baseline.0002.sql': `${schema}insert into nowhere values (1);\n`,
      })
      await using target = await open(workspace)
      const { code, stderr } = await slipway(['up'], { cwd: workspace.dir, env: target.env })
      assert.equal(code, 70)
      assert.match(stderr, /"file":"migrations\/baseline\.0002\.sql","line":3/)
      assert.deepEqual(await target.query('select name from schema_migrations'), [])
      workspace.write({ 'migrations/baseline.0002.sql': schema })
      await run(workspace, target, 'up')
      assert.equal((await target.query(rows)).length, 3)
    })

    test('several runners at once', async () => {
      using workspace = createWorkspace({ ...files, 'migrations/baseline.0002.sql': schema })
      await using target = await open(workspace)
      const all = await Promise.all(
        [1, 2, 3].map(() => slipway(['up'], { cwd: workspace.dir, env: target.env })),
      )
      assert.deepEqual(
        all.map(({ code }) => code),
        [0, 0, 0],
        all.map(({ stderr }) => stderr).join('\n'),
      )
      assert.equal((await target.query(rows)).length, 3)
    })

    test('a target before it, and one that stands for nothing', async () => {
      using workspace = createWorkspace({ ...files, 'migrations/baseline.0002.sql': schema })
      await using target = await open(workspace)
      const before = await slipway(['up', '--to', '0001'], { cwd: workspace.dir, env: target.env })
      assert.equal(before.code, 64)
      assert.match(before.stderr, /0001_a is before migrations\/baseline\.0002\.sql/)
      workspace.write({ 'migrations/baseline.0000.sql': schema, 'migrations/baseline.0002.sql': undefined })
      const empty = await slipway(['up'], { cwd: workspace.dir, env: target.env })
      assert.equal(empty.code, 66)
      assert.match(empty.stderr, /"code":"bad-baseline"/)
    })
  })

test('what pg_dump writes can be a baseline', async () => {
  await using whole = await createTestDatabase(newestMajor)
  using workspace = createWorkspace(files)
  const env = (url: string) => ({ SLIPWAY_DATABASE_URL: url })
  await slipway(['up', '--to', '0002'], { cwd: workspace.dir, env: env(whole.url()) })
  const { host, port, superuser, password } = whole.server
  const dump = spawnSync(
    'pg_dump',
    ['--schema-only', '--no-owner', '--exclude-table=*schema_migrations*', whole.name],
    {
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        PGHOST: host,
        PGPORT: `${port}`,
        PGUSER: superuser,
        PGPASSWORD: password,
      },
    },
  )
  // The machine's pg_dump may be older than the server: then this is the form of its text.
  const text =
    dump.status === 0
      ? dump.stdout
      : `--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET statement_timeout = 0;\nSELECT pg_catalog.set_config('search_path', '', false);\nSET default_table_access_method = heap;\n\nCREATE TABLE public.a (\n    n integer\n);\nCREATE TABLE public.b (\n    n integer\n);\n\n\\unrestrict abc\n`
  workspace.write({ 'migrations/baseline.0002.sql': text })
  await using target = await createTestDatabase(newestMajor)
  const { code, stderr } = await slipway(['up'], { cwd: workspace.dir, env: env(target.url()) })
  assert.equal(code, 0, stderr)
  assert.deepEqual(await target.query('select name, state from schema_migrations order by id'), [
    { name: '0001_a', state: 'applied' },
    { name: '0002_b', state: 'applied' },
    { name: '0003_c', state: 'applied' },
  ])
})
