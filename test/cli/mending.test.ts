/** The verbs that change history alone, on both kinds of database: what they record, what they leave alone, what they write down. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type SlipwayResult, slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { readSqlite, runSqlite } from '../helpers/sqlite.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'

type Row = Record<string, unknown>

interface Place extends AsyncDisposable {
  readonly workspace: Workspace
  run(line: string): Promise<SlipwayResult>
  expect(code: number, line: string): Promise<SlipwayResult>
  rows(text: string): Promise<Row[]>
  change(text: string): Promise<unknown>
}

const four = {
  'migrations/0001_a.sql': 'create table a (id integer);',
  'migrations/0002_b.sql': 'create table b (id integer);',
  'migrations/0003_c.ts':
    'export const options = { breaking: true }\nexport const up = async ({ sql }) => { await sql`create table c (id integer)` }\n',
  'migrations/0004_d.ts': 'export const options = { dialects: [] }\nexport const up = async () => {}\n',
}

const openPlace = {
  postgres: async (): Promise<Place> => {
    const db = await createTestDatabase(newestMajor)
    const query = (text: string) => db.query(text)
    return placeOf(
      () => db.url(),
      query,
      query,
      async () => void (await db[Symbol.asyncDispose]()),
    )
  },
  sqlite: async (): Promise<Place> =>
    placeOf(
      ({ path }) => `sqlite:${path('app.db')}`,
      async (text, { path }) => readSqlite(path('app.db'), text),
      async (text, { path }) => runSqlite(path('app.db'), text),
      async () => {},
    ),
} as const

function placeOf(
  url: (workspace: Workspace) => string,
  rows: (text: string, workspace: Workspace) => Promise<Row[]>,
  change: (text: string, workspace: Workspace) => Promise<unknown>,
  close: () => Promise<void>,
): Place {
  const workspace = createWorkspace(four)
  const env = { SLIPWAY_DATABASE_URL: url(workspace), SLIPWAY_LOG_FORMAT: 'pretty', POD_NAME: 'pod-x' }
  const place: Place = {
    workspace,
    run: (line) => slipway(line.split(' '), { cwd: workspace.dir, env }),
    async expect(code, line) {
      const result = await place.run(line)
      assert.equal(result.code, code, `${line}\n${result.stdout}${result.stderr}`)
      return result
    },
    rows: (text) => rows(text, workspace),
    change: (text) => change(text, workspace),
    async [Symbol.asyncDispose]() {
      await close()
      workspace[Symbol.dispose]()
    },
  }
  return place
}

const history = async (place: Place) =>
  (await place.rows('select name, state from schema_migrations order by id')).map(
    ({ name, state }) => `${name} ${state}`,
  )

const log = async (place: Place) =>
  (await place.rows('select event, name, error from schema_migrations_log order by id')).map(
    ({ event, name, error }) => [event, name, error].filter((part) => part !== null).join(' '),
  )

/** Written in the dialect at hand: a migration that is not for it. */
async function open(dialect: keyof typeof openPlace): Promise<Place> {
  const place = await openPlace[dialect]()
  const other = dialect === 'postgres' ? 'sqlite' : 'postgres'
  place.workspace.write({
    'migrations/0004_d.ts': four['migrations/0004_d.ts'].replace('[]', `['${other}']`),
  })
  return place
}

for (const dialect of ['postgres', 'sqlite'] as const)
  describe(dialect, () => {
    test('stamp records everything up to the target, without running it', async () => {
      await using place = await open(dialect)
      const planned = await place.expect(0, 'stamp head --dry-run')
      assert.match(
        planned.stdout,
        /^4 migrations to record[\s\S]*0001_a\n[\s\S]*0003_c\n +0004_d +as skipped/,
      )
      const asked = await place.expect(79, 'stamp 0003')
      assert.match(
        asked.stderr,
        /would record as applied, without running: 0001_a, 0002_b, 0003_c; there is no terminal/,
      )
      assert.match(asked.stderr, /^next: slipway stamp 0003 --yes$/m)
      assert.equal((await place.expect(0, 'status')).stdout.includes('0 applied, 4 pending'), true)

      await place.expect(0, 'stamp b --yes')
      assert.deepEqual(await history(place), ['0001_a applied', '0002_b applied'])
      await place.expect(0, 'stamp head --yes')
      assert.deepEqual((await history(place)).slice(2), ['0003_c applied', '0004_d skipped'])
      const [row] = await place.rows("select * from schema_migrations where name = '0003_c'")
      assert.deepEqual(
        [
          Number(row?.duration_ms),
          row?.applied_by,
          row?.source,
          Boolean(row?.breaking),
          Number(row?.statements_done),
        ],
        [0, 'pod-x', four['migrations/0003_c.ts'], true, 0],
      )
      assert.deepEqual(await log(place), [
        'stamp 0001_a recorded as applied, not run',
        'stamp 0002_b recorded as applied, not run',
        'stamp 0003_c recorded as applied, not run',
        `stamp 0004_d recorded as skipped: not for ${dialect}`,
      ])
      const again = await place.expect(0, 'stamp head --yes')
      assert.match(again.stdout, /^nothing to record on .*: 4 migrations recorded already$/m)
      for (const line of ['up', 'verify']) await place.expect(0, line)
      assert.equal((await log(place)).length, 4)
      await place.change('create table a (x integer)')
    })

    test('stamp --only records the target alone, and a late one too', async () => {
      await using place = await open(dialect)
      await place.expect(0, 'stamp 0002 --only --yes')
      await place.expect(65, 'up')
      await place.expect(0, 'stamp 0001_a --only --yes')
      assert.deepEqual(await history(place), ['0002_b applied', '0001_a applied'])
      await place.expect(0, 'up')
    })

    test('stamp refuses what up refuses, and names what did not finish', async () => {
      await using place = await open(dialect)
      await place.expect(0, 'up --to 0001')
      place.workspace.write({ 'migrations/0001_a.sql': 'create table a (id bigint);' })
      const edited = await place.expect(65, 'stamp head --yes')
      assert.match(
        edited.stderr,
        /0001_a was edited[\s\S]*\+create table a \(id bigint\);[\s\S]*repair --accept 0001_a/,
      )
      place.workspace.write({
        'migrations/0001_a.sql': four['migrations/0001_a.sql'],
        'migrations/0002_b.sql':
          '-- migrate:up transaction:false\ncreate table b (id integer);\nselect * from nowhere;',
      })
      await place.expect(70, 'up')
      const unfinished = await place.expect(79, 'stamp head --yes')
      assert.match(unfinished.stderr, /0002_b did not finish[\s\S]*repair --finished 0002_b/)
      await place.expect(0, 'stamp 0001 --yes')
      await place.expect(0, 'stamp 0003 --only --yes')
      assert.deepEqual(await history(place), ['0001_a applied', '0002_b started', '0003_c applied'])
    })

    test('repair without a flag lists what there is to repair', async () => {
      await using place = await open(dialect)
      assert.match((await place.expect(0, 'repair')).stdout, /^nothing to repair on /)
      place.workspace.write({
        'migrations/0003_c.ts':
          "export const options = { transaction: false }\nexport const up = async () => { throw new Error('half') }\n",
      })
      await place.expect(70, 'up')
      await place.expect(0, 'stamp 0004 --only --yes')
      place.workspace.write({ 'migrations/0001_a.sql': undefined, 'migrations/0002_b.sql': 'select 2;' })
      const { stdout } = await place.expect(0, 'repair')
      for (const line of [
        /0001_a is applied, but has no file here[\s\S]*next: slipway repair --forget 0001_a /,
        /0002_b was edited[\s\S]*\+select 2;[\s\S]*next: slipway repair --accept 0002_b /,
        /0003_c did not finish[\s\S]*next: slipway repair --finished 0003_c .*\n +next: slipway repair --retry 0003_c /,
      ])
        assert.match(stdout, line)
      assert.equal(stdout.match(/next: /g)?.length, 4)
    })

    test('repair --accept takes over text, checksum and whether it is breaking; the log has both checksums', async () => {
      await using place = await open(dialect)
      await place.expect(0, 'up')
      const before = await place.rows('select * from schema_migrations order by id')
      place.workspace.write({
        'migrations/0001_a.sql': 'create table a (id integer); -- one',
        'migrations/0003_c.ts': four['migrations/0003_c.ts'].replace('breaking: true', 'breaking: false'),
      })
      const asked = await place.expect(79, 'repair --accept 1')
      assert.match(
        asked.stderr,
        /would accept the edited text of 0001_a[\s\S]*-create table a[\s\S]*\+create table a/,
      )
      await place.expect(0, 'repair --accept all --yes')
      const after = await place.rows('select * from schema_migrations order by id')
      const same = ({ checksum: _, source: __, breaking: ___, ...row }: Row) => row
      assert.deepEqual(after.map(same), before.map(same))
      assert.deepEqual(
        [after[0]?.source, Boolean(after[2]?.breaking)],
        ['create table a (id integer); -- one', false],
      )
      const entries = await place.rows(
        "select name, checksum, error from schema_migrations_log where event = 'repair' order by id",
      )
      assert.deepEqual(
        entries.map((entry) => ({ ...entry })),
        [0, 2].map((index) => ({
          name: after[index]?.name,
          checksum: after[index]?.checksum,
          error: `accepted instead of ${before[index]?.checksum}`,
        })),
      )
      for (const line of ['verify', 'repair --accept 1', 'repair --accept all --yes'])
        await place.expect(0, line)
      assert.equal((await log(place)).filter((entry) => entry.startsWith('repair')).length, 2)
    })

    test('repair --accept wants a file that loads', async () => {
      await using place = await open(dialect)
      await place.expect(0, 'up')
      place.workspace.write({ 'migrations/0001_a.sql': 'create tabel a (id integer);' })
      const { stderr } = await place.expect(66, 'repair --accept 0001 --yes')
      assert.match(stderr, /migrations\/0001_a\.sql:1/)
      await place.expect(65, 'verify')
    })

    test('repair --retry and --finished of SQL that stopped half-way', async () => {
      await using place = await open(dialect)
      const half =
        '-- migrate:up transaction:false\ncreate table b (id integer);\ninsert into b values (1);\nselect * from nowhere;'
      const whole = half.replace('select * from nowhere;', 'select 1;')
      place.workspace.write({ 'migrations/0002_b.sql': half })
      await place.expect(70, 'up')
      const listed = await place.expect(0, 'repair')
      assert.match(listed.stdout, /! 0002_b did not finish; slipway up goes on after statement 2\n/)
      const asked = await place.expect(79, 'repair --retry b')
      assert.match(
        asked.stderr,
        /forget that 0002_b was begun, so that it runs from its start \(2 of its statements were counted as done\)/,
      )
      await place.expect(0, 'repair --retry b --yes')
      assert.deepEqual(await history(place), ['0001_a applied'])
      place.workspace.write({ 'migrations/0002_b.sql': whole })
      // Its first statement runs a second time.
      await place.expect(70, 'up')
      await place.change('drop table b')
      await place.expect(0, 'repair --retry b --yes')
      await place.expect(0, 'up --to b')
      assert.equal((await place.rows('select * from b')).length, 1)

      place.workspace.write({
        'migrations/0003_c.sql': half.replaceAll(' b ', ' c '),
        'migrations/0003_c.ts': undefined,
      })
      await place.expect(70, 'up')
      place.workspace.write({ 'migrations/0003_c.sql': whole.replaceAll(' b ', ' c ') })
      await place.expect(0, 'repair --finished 3 --yes')
      for (const line of ['verify', 'up', 'verify']) await place.expect(0, line)
      assert.deepEqual(await history(place), [
        '0001_a applied',
        '0002_b applied',
        '0003_c applied',
        '0004_d skipped',
      ])
      const repairs = (await log(place)).filter((entry) => entry.startsWith('repair'))
      assert.deepEqual(repairs, [
        'repair 0002_b to run again from its start, 2 statements counted as done',
        'repair 0002_b to run again from its start, 0 statements counted as done',
        'repair 0003_c declared finished, 2 statements counted as done',
      ])
    })

    test('a name that a shell would take apart is quoted in the command that mends it', async () => {
      await using place = await open(dialect)
      const name = "0005_it's $(here)"
      place.workspace.write({ [`migrations/${name}.sql`]: 'select 1;' })
      await place.expect(0, 'up')
      place.workspace.write({ [`migrations/${name}.sql`]: 'select 2;' })
      const { stderr } = await place.expect(65, 'up')
      assert.ok(stderr.includes(`slipway repair --accept '0005_it'\\''s $(here)'`), stderr)
      const { stdout } = await place.expect(0, 'repair')
      assert.ok(stdout.includes(`slipway repair --accept '0005_it'\\''s $(here)'`), stdout)
      await place.expect(0, "repair --accept it's --yes")
      await place.expect(0, 'verify')
    })

    test('history --all shows all of the log', async () => {
      await using place = await open(dialect)
      await place.expect(0, 'stamp 0001 --yes')
      await place.expect(0, 'up --to 0002')
      place.workspace.write({ 'migrations/0002_b.sql': 'select 2;' })
      await place.expect(0, 'repair --accept all --yes')
      const { stdout } = await place.expect(0, 'history --all')
      assert.match(
        stdout,
        /^log\nevent +at +migration +took +by +run\nstamp +20\S+ +0001_a +pod-x +[0-9a-f]{8} +recorded as applied, not run\nup +20\S+ +0002_b +\d+ ms +pod-x +[0-9a-f]{8}\nrepair +20\S+ +0002_b +pod-x +[0-9a-f]{8} +accepted instead of sha256-v1:/m,
      )
      const json = JSON.parse((await place.expect(0, 'history --all --json')).stdout)
      assert.deepEqual(
        json.log.map(({ event, name }: Row) => `${event} ${name}`),
        ['stamp 0001_a', 'up 0002_b', 'repair 0002_b'],
      )
      assert.deepEqual(json.failures, [])
      const short = JSON.parse((await place.expect(0, 'history --json')).stdout)
      assert.deepEqual([short.log, short.migrations.length], [[], 2])
    })
  })
