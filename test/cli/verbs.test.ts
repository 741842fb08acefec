/** Each verb from outside, on both kinds of database. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, test } from 'node:test'
import { verbNames } from '../../src/config/verbs.ts'
import { nodePath, type SlipwayResult, slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { readSqlite } from '../helpers/sqlite.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'

interface Place extends AsyncDisposable {
  readonly workspace: Workspace
  run(...args: string[]): Promise<SlipwayResult>
  /** Every table, slipway's own too. */
  tables(): Promise<string[]>
}

const three = {
  'migrations/0001_a.sql': 'create table a (id integer);',
  'migrations/0002_b.sql': 'create table b (id integer);',
  'migrations/0003_c.ts': 'export const up = async ({ sql }) => { await sql`create table c (id integer)` }\n',
}
const ours = ['schema_migrations', 'schema_migrations_log']

const openPlace = {
  PostgreSQL: async (): Promise<Place> => {
    const db = await createTestDatabase(newestMajor)
    const query =
      "select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1"
    return placeOf({
      url: () => db.url(),
      tables: () => db.query<{ name: string }>(query),
      close: async () => void (await db[Symbol.asyncDispose]()),
    })
  },
  SQLite: async (): Promise<Place> => {
    const query = "select name from sqlite_schema where type = 'table' and name not like 'sqlite%' order by 1"
    return placeOf({
      url: (workspace) => `sqlite:${workspace.path('app.db')}`,
      tables: async ({ path }) =>
        existsSync(path('app.db')) ? (readSqlite(path('app.db'), query) as { name: string }[]) : [],
      close: async () => {},
    })
  },
} as const

function placeOf(database: {
  url(workspace: Workspace): string
  tables(workspace: Workspace): Promise<{ name: string }[]>
  close(): Promise<void>
}): Place {
  const workspace = createWorkspace(three)
  const env = { SLIPWAY_DATABASE_URL: database.url(workspace) }
  return {
    workspace,
    run: (...args) => slipway(args, { cwd: workspace.dir, env }),
    tables: async () => (await database.tables(workspace)).map(({ name }) => name),
    [Symbol.asyncDispose]: async () => {
      await database.close()
      workspace[Symbol.dispose]()
    },
  }
}

const states = ({ stdout }: SlipwayResult): string[] =>
  JSON.parse(stdout).migrations.map(({ state }: { state: string }) => state)

for (const [dialect, open] of Object.entries(openPlace))
  describe(dialect, () => {
    test('up --steps, up --to, up; then there is nothing to do', async () => {
      await using place = await open()
      const reach = async (...args: string[]) => {
        const result = await place.run('up', ...args)
        assert.deepEqual([result.code, result.stdout], [0, ''], result.stderr)
        return (await place.tables()).filter((name) => !ours.includes(name)).join()
      }
      assert.equal(await reach('--steps', '1'), 'a')
      assert.equal(await reach('--to', '0001'), 'a')
      assert.equal(await reach('--to', 'b'), 'a,b')
      assert.equal(await reach('--steps', '9'), 'a,b,c')
      assert.equal(await reach(), 'a,b,c')
      assert.deepEqual(
        (await place.tables()).filter((name) => ours.includes(name)),
        ours,
      )
    })

    test('up --dry-run names what would run and writes nothing, before and after there is a history', async () => {
      await using place = await open()
      const first = await place.run('up', '--dry-run')
      assert.equal(first.code, 0, first.stderr)
      assert.match(
        first.stdout,
        /^3 to run, 0 applied[\s\S]*1\. .*0001_a[\s\S]*3\. .*0003_c[\s\S]*nothing was changed/,
      )
      assert.deepEqual(await place.tables(), [])
      assert.equal(existsSync(place.workspace.path('app.db')), false)

      await place.run('up', '--steps', '2')
      const before = await place.tables()
      const second = await place.run('up', '--dry-run', '--steps', '1')
      assert.match(second.stdout, /^1 to run, 2 applied/)
      assert.deepEqual(await place.tables(), before)
    })

    test('status counts, names the current one, and --exit-code tells of pending ones', async () => {
      await using place = await open()
      assert.deepEqual(
        [(await place.run('status')).code, (await place.run('status', '--exit-code')).code],
        [0, 3],
      )
      assert.deepEqual(await place.tables(), [])
      await place.run('up', '--steps', '2')
      const { stdout } = await place.run('status')
      assert.match(stdout, /current +0002_b\nhead +0003_c\ncounts +2 applied, 1 pending/)
      const json = await place.run('status', '--json', '--exit-code')
      assert.equal(json.code, 3)
      assert.deepEqual(states(json), ['applied', 'applied', 'pending'])
      await place.run('up')
      const done = await place.run('status', '--json', '--exit-code')
      assert.equal(done.code, 0)
      assert.deepEqual(states(done), ['applied', 'applied', 'applied'])
    })

    test('history tells who ran what; with --all failures too', async () => {
      await using place = await open()
      const empty = await place.run('history', '--json')
      assert.equal(empty.code, 0, empty.stderr)
      assert.deepEqual(await place.tables(), [])
      place.workspace.write({
        'migrations/0003_c.ts': "export const up = async () => { throw new Error('not today') }\n",
      })
      assert.equal((await place.run('up')).code, 70)
      const plain = await place.run('history')
      assert.match(plain.stdout, /0001_a +20\d\d-.*\n0002_b +20\d\d-/)
      assert.doesNotMatch(plain.stdout, /0003_c/)
      const all = await place.run('history', '--all')
      assert.match(all.stdout, /0003_c[\s\S]*not today/)
      const json = JSON.parse((await place.run('history', '--all', '--json')).stdout)
      assert.match(JSON.stringify(json), /not today/)
    })

    test('verify: 0 when all agrees, 65 for an edited file, 66 for a pending one that does not parse', async () => {
      await using place = await open()
      const before = await place.run('verify')
      assert.deepEqual([before.code, await place.tables()], [0, []], before.stderr)
      await place.run('up', '--steps', '2')
      const agreed = await place.run('verify')
      assert.deepEqual([agreed.code, /2 applied files hashed/.test(agreed.stdout)], [0, true], agreed.stdout)
      place.workspace.write({ 'migrations/0001_a.sql': 'create table a (id bigint);' })
      const edited = await place.run('verify')
      assert.equal(edited.code, 65)
      assert.match(
        edited.stdout,
        /0001_a was edited[\s\S]*-create table a \(id integer\);\n.*\+create table a \(id bigint\);/,
      )
      assert.match(edited.stdout, /next: /)
      const json = await place.run('verify', '--json')
      assert.deepEqual([json.code, JSON.parse(json.stdout).refusals[0]?.code], [65, 'changed'])
      place.workspace.write({
        'migrations/0001_a.sql': three['migrations/0001_a.sql'],
        'migrations/0003_c.ts': 'export const up = (',
      })
      const broken = await place.run('verify')
      assert.deepEqual([broken.code, /script-syntax/.test(broken.stderr)], [66, true], broken.stderr)
    })

    test('verify: 79 while a step is unfinished', async () => {
      await using place = await open()
      place.workspace.write({
        'migrations/0003_c.ts':
          'export const options = { transaction: false }\nexport const up = async ({ sql }) => { await sql`create table c (id integer)`; throw new Error("half") }\n',
      })
      assert.equal((await place.run('up')).code, 70)
      const verified = await place.run('verify')
      assert.equal(verified.code, 79, verified.stdout)
      assert.match(verified.stdout, /0003_c did not finish, and is not declared resumable/)
      assert.equal((await place.run('status', '--exit-code')).code, 3)
      const again = await place.run('up')
      const { error } = JSON.parse(again.stderr.trimEnd().split('\n').at(-1) ?? '{}')
      assert.deepEqual([again.code, error?.code], [79, 'unfinished'])
    })

    test('what is resumable and did not finish: status, verify and down send on to up', async () => {
      await using place = await open()
      place.workspace.write({
        'migrations/0003_c.ts': `export const options = { transaction: false, resumable: true }
export const up = async () => { throw new Error('half') }
export const down = async () => {}
`,
      })
      assert.equal((await place.run('up')).code, 70)
      const status = await place.run('status')
      assert.deepEqual([status.code, /next: slipway up$/m.test(status.stdout)], [0, true], status.stdout)
      assert.doesNotMatch(status.stdout, /resumable|repair/)
      const verified = await place.run('verify')
      assert.equal(verified.code, 79, verified.stdout)
      assert.match(
        verified.stdout,
        /0003_c did not finish; slipway up goes on with it[\s\S]*next: slipway up$/m,
      )
      const down = await place.run('down')
      const { error } = JSON.parse(down.stderr.trimEnd().split('\n').at(-1) ?? '{}')
      assert.deepEqual([down.code, error?.code], [79, 'unfinished'])
      assert.match(error.hint, /^go on: slipway up; or see what it did/)
      place.workspace.write({ 'migrations/0003_c.ts': 'export const up = (' })
      const broken = await place.run('status')
      assert.deepEqual(
        [broken.code, /could not be asked whether/.test(broken.stdout)],
        [0, true],
        broken.stdout,
      )
    })

    test('a file moved to old/ is not missed', async () => {
      await using place = await open()
      await place.run('up')
      place.workspace.write({ 'migrations/0001_a.sql': undefined, 'migrations/old/0001_a.sql': 'whatever' })
      for (const args of [['up'], ['verify'], ['status', '--exit-code']]) {
        const result = await place.run(...args)
        assert.equal(result.code, 0, `${args}: ${result.stdout}${result.stderr}`)
      }
      assert.deepEqual(states(await place.run('status', '--json')), ['archived', 'applied', 'applied'])
    })

    test('an older image meets a newer database: up and verify warn and succeed', async () => {
      await using place = await open()
      await place.run('up')
      place.workspace.write({ 'migrations/0003_c.ts': undefined })
      const up = await place.run('up')
      assert.deepEqual(
        [up.code, /the database is ahead of this image by 1: 0003_c/.test(up.stderr)],
        [0, true],
        up.stderr,
      )
      const verified = await place.run('verify')
      assert.deepEqual([verified.code, /0003_c/.test(verified.stdout)], [0, true], verified.stdout)
      assert.deepEqual(states(await place.run('status', '--json')), ['applied', 'applied', 'ahead'])
    })
  })

test('help for every verb, on stdout; it names every flag that is needed', async () => {
  using workspace = createWorkspace()
  const run = (...args: string[]) => slipway(args, { cwd: workspace.dir })
  const overview = await run()
  assert.deepEqual([overview.code, overview.stderr], [0, ''])
  for (const verb of verbNames) {
    assert.match(overview.stdout, new RegExp(`^ +${verb}\\b`, 'm'))
    const results = await Promise.all([run(verb, '--help'), run('help', verb), run(verb, '-h')])
    for (const { code, stdout, stderr } of results) {
      assert.deepEqual([code, stderr], [0, ''])
      assert.equal(stdout, results[0].stdout)
      assert.match(stdout, new RegExp(`slipway ${verb}`))
    }
  }
  for (const args of [['--help'], ['-h'], ['help']])
    assert.equal((await run(...args)).stdout, overview.stdout)
})

test('version, however it is asked for', async () => {
  const run = (...args: string[]) => slipway(args)
  const plain = await run('version')
  assert.match(plain.stdout, /^slipway \d+\.\d+\.\d+\nnode \d+\.\d+\.\d+\nsqlite 3\.\d+\.\d+\n$/)
  for (const flag of ['--version', '-v']) assert.equal((await run(flag)).stdout, plain.stdout)
  const { slipway: own, node, sqlite } = JSON.parse((await run('version', '--json')).stdout)
  assert.equal(plain.stdout, `slipway ${own}\nnode ${node}\nsqlite ${sqlite}\n`)
  const wanted = spawnSync(nodePath, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout.trim()
  assert.equal(node, wanted, 'the suite runs another Node than it says')
})
