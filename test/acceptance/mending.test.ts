/** What is broken is mended by exactly the command that the message named. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type RunningSlipway, startSlipway } from '../helpers/cli.ts'
import { killAndWait } from '../helpers/kill.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { readSqlite, runSqlite } from '../helpers/sqlite.ts'
import { commandIn, createTypist, type Typist } from '../helpers/typed.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'

interface Place extends Typist, AsyncDisposable {
  readonly workspace: Workspace
  start(...args: string[]): RunningSlipway
  /** Types the line and expects this exit code. */
  expect(code: number, line: string): ReturnType<Typist['type']>
  query(text: string): Promise<Record<string, unknown>[]>
  run(text: string): Promise<unknown>
}

const places = {
  PostgreSQL: async (files: Readonly<Record<string, string>>): Promise<Place> => {
    const db = await createTestDatabase(newestMajor)
    const query = (text: string) => db.query(text)
    return placeOf(files, { url: () => db.url(), query, run: query, close: () => db[Symbol.asyncDispose]() })
  },
  SQLite: async (files: Readonly<Record<string, string>>): Promise<Place> =>
    placeOf(files, {
      url: ({ path }) => `sqlite:${path('app.db')}`,
      query: async (text, { path }) => readSqlite(path('app.db'), text),
      run: async (text, { path }) => runSqlite(path('app.db'), text),
      close: async () => {},
    }),
} as const

function placeOf(
  files: Readonly<Record<string, string>>,
  database: {
    url(workspace: Workspace): string
    query(text: string, workspace: Workspace): Promise<Record<string, unknown>[]>
    run(text: string, workspace: Workspace): Promise<unknown>
    close(): PromiseLike<unknown>
  },
): Place {
  const workspace = createWorkspace(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`migrations/${name}`, text])),
  )
  const env = { SLIPWAY_DATABASE_URL: database.url(workspace) }
  const typist = createTypist(workspace, { ...env, SLIPWAY_LOG_FORMAT: 'pretty' })
  return {
    ...typist,
    workspace,
    start: (...args) => startSlipway(args, { cwd: workspace.dir, env: { ...env, HANG: 'yes' } }),
    async expect(code, line) {
      const result = await typist.type(line)
      assert.equal(result.code, code, `${line}\n${result.stdout}${result.stderr}`)
      return result
    },
    query: (text) => database.query(text, workspace),
    run: (text) => database.run(text, workspace),
    async [Symbol.asyncDispose]() {
      await database.close()
      workspace[Symbol.dispose]()
    },
  }
}

const two = {
  '0001_a.sql': 'create table a (id integer);\n',
  '0002_b.sql': 'create table b (id integer);\n',
}

/** Creates its table, says so, and hangs where it is told to. */
const hanging = {
  ...two,
  '0003_c.ts': `export const options = { transaction: false }
export const up = async ({ sql, log, env }) => {
  await sql\`create table if not exists c (id integer)\`
  log('made')
  if (env.HANG) await new Promise((resolve) => setTimeout(resolve, 600_000))
  await sql\`insert into c values (\${1})\`
}
`,
}

async function interrupt(place: Place): Promise<void> {
  const running = place.start('up')
  await running.waitForOutput(/0003_c: made/)
  await killAndWait(running.pid, 'SIGKILL')
  await running.done
}

for (const [dialect, open] of Object.entries(places))
  describe(dialect, () => {
    test('an edited file is accepted', async () => {
      await using place = await open(two)
      await place.expect(0, 'slipway up')
      place.workspace.write({ 'migrations/0001_a.sql': 'create table a (id integer); -- the key\n' })
      const refused = await place.expect(65, 'slipway verify')
      await place.typeAndConfirm(commandIn(refused, /--accept/))
      await place.expect(0, 'slipway verify')
      await place.expect(0, 'slipway up')
    })

    test('a script that was killed runs again from its start', async () => {
      await using place = await open(hanging)
      await interrupt(place)
      const refused = await place.expect(79, 'slipway up')
      assert.deepEqual(await place.query('select * from c'), [])
      await place.typeAndConfirm(commandIn(refused, /--retry/))
      await place.expect(0, 'slipway up')
      assert.equal((await place.query('select * from c')).length, 1)
      await place.expect(0, 'slipway verify')
    })

    test('a script that was killed is finished by hand', async () => {
      await using place = await open(hanging)
      await interrupt(place)
      const refused = await place.expect(79, 'slipway up')
      await place.run('insert into c values (1)')
      await place.typeAndConfirm(commandIn(refused, /--finished/))
      await place.expect(0, 'slipway up')
      assert.equal((await place.query('select * from c')).length, 1)
      await place.expect(0, 'slipway verify')
    })

    test('a script that was told to stop: what is left of it, and the way on', async () => {
      await using place = await open(hanging)
      const running = place.start('up')
      await running.waitForOutput(/0003_c: made/)
      running.kill('SIGTERM')
      const stopped = await running.done
      assert.equal(stopped.code, 143, stopped.stderr)
      assert.match(stopped.stderr, /stopped by SIGTERM; 0003_c is unfinished"/)
      await place.expect(79, 'slipway up')
      await place.typeAndConfirm(commandIn(stopped, /--retry/))
      await place.expect(0, 'slipway up')
      assert.equal((await place.query('select * from c')).length, 1)
    })

    test('a script that is under way is no failure to doctor, which names who may be at it', async () => {
      await using place = await open(hanging)
      const running = place.start('up')
      await running.waitForOutput(/0003_c: made/)
      const looked = await place.expect(0, 'slipway doctor')
      assert.match(
        looked.stdout,
        /! migrations .*0003_c is not finished; the run lock is held by pid \d+.*may be at it/,
      )
      await killAndWait(running.pid, 'SIGKILL')
      await running.done
      const after = await place.expect(79, 'slipway doctor')
      assert.match(after.stdout, /✗ migrations .*0003_c did not finish/)
      commandIn(after, /--retry/)
    })

    test('a file that is gone for good is forgotten', async () => {
      await using place = await open(two)
      await place.expect(0, 'slipway up')
      place.workspace.write({ 'migrations/0001_a.sql': undefined })
      const refused = await place.expect(65, 'slipway up')
      await place.typeAndConfirm(commandIn(refused, /--forget/))
      await place.expect(0, 'slipway up')
      await place.expect(0, 'slipway verify')
    })

    test('a late migration is run all the same', async () => {
      await using place = await open({ '0002_b.sql': two['0002_b.sql'] })
      await place.expect(0, 'slipway up')
      place.workspace.write({ 'migrations/0001_a.sql': two['0001_a.sql'] })
      const refused = await place.expect(65, 'slipway up')
      await place.expect(0, commandIn(refused, /SLIPWAY_OUT_OF_ORDER/))
      await place.expect(0, 'slipway verify')
    })

    test('the command has the flags that say where', async () => {
      await using place = await open({})
      const where = "--table 'odd table' --dir 'sql files'"
      place.workspace.write({
        'sql files/0001_a.sql': two['0001_a.sql'],
        'migrations/0001_b.sql': two['0002_b.sql'],
      })
      const looked = await place.expect(0, `slipway status ${where}`)
      await place.expect(0, commandIn(looked, /slipway up/))
      assert.deepEqual(await place.query('select * from a'), [])
      place.workspace.write({ 'sql files/0001_a.sql': 'create table a (id integer); -- the key\n' })
      const refused = await place.expect(65, `slipway verify ${where}`)
      await place.typeAndConfirm(commandIn(refused, /--accept/))
      await place.expect(0, `slipway verify ${where}`)
    })

    const foreign = {
      'dbmate and Rails':
        "create table schema_migrations (version varchar(255) primary key); insert into schema_migrations values ('0001')",
      'golang-migrate':
        'create table schema_migrations (version bigint primary key, dirty boolean not null); insert into schema_migrations values (1, false)',
    }
    for (const [tool, history] of Object.entries(foreign))
      test(`beside the history of ${tool}`, async () => {
        await using place = await open(two)
        await place.run(`create table a (id integer); ${history}`)
        const before = await place.query('select * from schema_migrations')
        const refused = await place.expect(65, 'slipway up')
        await place.expect(0, commandIn(refused, /^export/))
        await place.typeAndConfirm(commandIn(refused, /slipway stamp 0*1$/))
        await place.expect(0, 'slipway up')
        await place.expect(0, 'slipway verify')
        assert.deepEqual(await place.query('select * from b'), [])
        assert.deepEqual(await place.query('select * from schema_migrations'), before)
      })
  })
