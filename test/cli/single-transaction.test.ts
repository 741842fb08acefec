/** `up --single-transaction` on both databases: everything is applied, or nothing is; and what it refuses. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type RunningSlipway, type SlipwayResult, startSlipway } from '../helpers/cli.ts'
import { faultOptions } from '../helpers/fault-point.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { readSqlite } from '../helpers/sqlite.ts'
import { createWorkspace, type Workspace, writeMigrations } from '../helpers/workspace.ts'

interface Place extends AsyncDisposable {
  readonly workspace: Workspace
  readonly url: string
  query(text: string): Promise<Record<string, unknown>[]>
}

const places: Readonly<Record<string, () => Promise<Place>>> = {
  PostgreSQL: async () => {
    const db = await createTestDatabase(newestMajor)
    const workspace = createWorkspace()
    return {
      workspace,
      url: db.url(),
      query: (text) => db.query(text),
      [Symbol.asyncDispose]: async () => {
        workspace[Symbol.dispose]()
        await db[Symbol.asyncDispose]()
      },
    }
  },
  SQLite: async () => {
    const workspace = createWorkspace()
    const file = workspace.path('app.db')
    return {
      workspace,
      url: `sqlite://${file}`,
      query: async (text) => readSqlite(file, text),
      [Symbol.asyncDispose]: async () => workspace[Symbol.dispose](),
    }
  },
}

const files = {
  '0001_a.sql': 'create table a (n integer);\ninsert into a values (1);',
  '0002_b.ts': `export const up = async ({ sql, columnExists }) => {
  if (!(await columnExists('a', 'n'))) throw new Error('the one before cannot be seen')
  await sql\`insert into a values (\${2})\`
  await sql\`create table b (n integer)\`
}\n`,
  '0003_elsewhere.sql': '-- migrate:up dialects:none\nselect 1;',
  '0004_c.sql': 'insert into b select n from a;\ninsert into a values (3);',
}

interface Line {
  readonly event: string
  readonly msg: string
  readonly migration?: string
  readonly [field: string]: unknown
}

const linesOf = ({ stderr }: SlipwayResult) =>
  stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

test('SQLite: a script that makes all run again is told as one run', async () => {
  using workspace = createWorkspace()
  const dir = writeMigrations(workspace, {
    '0001_family.sql': 'create table p (id integer primary key);\ncreate table c (p integer references p);',
    '0002_rebuild.ts':
      "export const up = async ({ sql }) => { await sql.raw('drop table p'); await sql.raw('create table p (id integer primary key)') }\n",
  })
  const env = { SLIPWAY_DATABASE_URL: 'sqlite::memory:', SLIPWAY_DIR: dir }
  const result = await startSlipway(['up', '--single-transaction'], { env }).done
  assert.equal(result.code, 0, result.stderr)
  const begun = linesOf(result).filter(({ event }) => event === 'step-started')
  assert.deepEqual(
    begun.map(({ migration }) => migration),
    ['0001_family', '0002_rebuild'],
  )
})

for (const [dialect, open] of Object.entries(places))
  describe(dialect, () => {
    const own = dialect === 'SQLite' ? 'postgres' : 'sqlite'
    const all = { ...files, '0003_elsewhere.sql': `-- migrate:up dialects:${own}\nselect 1;` }

    const start = (
      place: Place,
      more: Readonly<Record<string, string>> = all,
      options: { args?: readonly string[]; fault?: string; env?: Record<string, string> } = {},
    ): RunningSlipway => {
      const dir = writeMigrations(place.workspace, more)
      const { nodeOptions = [], env = {} } =
        options.fault === undefined ? {} : faultOptions({ fault: options.fault })
      return startSlipway(['up', '--single-transaction', ...(options.args ?? [])], {
        nodeOptions,
        env: { SLIPWAY_DATABASE_URL: place.url, SLIPWAY_DIR: dir, ...env, ...options.env },
      })
    }
    const names = async (place: Place) =>
      (await place.query('select name, state from schema_migrations order by id')).map(
        ({ name, state }) => `${name} ${state}`,
      )
    /** The tables of migrations, and what history says. */
    const nothing = async (place: Place) => {
      if (dialect === 'SQLite' && !place.workspace.has('app.db')) return
      const catalogue =
        dialect === 'SQLite' ? 'select name from sqlite_schema' : 'select relname as name from pg_class'
      const tables = await place.query(
        `${catalogue} where ${dialect === 'SQLite' ? 'name' : 'relname'} in ('a', 'b')`,
      )
      assert.deepEqual(tables, [])
      const rows = await names(place).catch(() => [])
      assert.deepEqual(rows, [])
    }

    test('everything, in order, in one transaction', async () => {
      await using place = await open()
      const result = await start(place).done
      assert.equal(result.code, 0, result.stderr)
      assert.deepEqual(await names(place), [
        '0001_a applied',
        '0002_b applied',
        '0003_elsewhere skipped',
        '0004_c applied',
      ])
      assert.deepEqual(
        await place.query('select (select count(*) from a) + 10 * (select count(*) from b) as n'),
        [{ n: dialect === 'SQLite' ? 23 : '23' }],
      )
      if (dialect === 'PostgreSQL') {
        const xids = await place.query(
          'select distinct xmin::text from schema_migrations union select distinct xmin::text from schema_migrations_log',
        )
        assert.equal(xids.length, 1)
      }
      const events = linesOf(result).filter(({ event }) => /^step-|^planned$/.test(event))
      assert.deepEqual(
        events.map(({ event, migration = '' }) => `${event} ${migration}`.trim()),
        [
          'planned',
          ...['0001_a', '0002_b', '0003_elsewhere', '0004_c'].map((name) => `step-started ${name}`),
          ...['0001_a', '0002_b', '0003_elsewhere', '0004_c'].map((name) => `step-finished ${name}`),
        ],
      )
      assert.equal(events[0]?.together, true)
      // Nothing is left to do, and the flag is no reason to do anything.
      const again = await start(place).done
      assert.equal(again.code, 0, again.stderr)
      assert.match(again.stderr, /up to date: 4 applied/)
    })

    const failing = { ...all, '0004_c.sql': 'insert into b select n from a;\nselect * from nowhere;' }
    test('a failure in the last one: nothing is applied, and that is what is told', async () => {
      await using place = await open()
      const result = await start(place, failing).done
      assert.equal(result.code, 70, result.stderr)
      await nothing(place)
      const last = linesOf(result).at(-1)
      assert.match(
        last?.msg ?? '',
        /4 migrations in one transaction, rolled back with 0004_c: nothing was applied; exit 70/,
      )
      assert.deepEqual(
        [last?.applied, last?.skipped, last?.pending],
        [[], [], Object.keys(all).map((name) => name.replace(/\.\w+$/, ''))],
      )
      assert.equal(linesOf(result).filter(({ event }) => event === 'step-finished').length, 0)
      const [failure] = await place.query(
        "select name, error from schema_migrations_log where event = 'failure'",
      )
      assert.equal(failure?.name, '0004_c')
      const shown = await start(place, failing, { env: { SLIPWAY_LOG_FORMAT: 'pretty' } }).done
      assert.match(
        shown.stderr,
        /^stopped: 4 migrations in one transaction, rolled back with 0004_c: nothing was applied; exit 70/m,
      )
      assert.doesNotMatch(shown.stderr, /✓/)
    })

    test('a script that throws', async () => {
      await using place = await open()
      const result = await start(place, {
        ...all,
        '0004_c.sql': 'select 1;',
        '0005_d.ts': 'export const up = () => { throw new Error("no") }\n',
      }).done
      assert.equal(result.code, 70, result.stderr)
      await nothing(place)
    })

    test('with --steps and --to', async () => {
      await using place = await open()
      assert.equal((await start(place, all, { args: ['--steps', '1'] }).done).code, 0)
      assert.deepEqual(await names(place), ['0001_a applied'])
      assert.equal((await start(place, all, { args: ['--to', '0003'] }).done).code, 0)
      assert.deepEqual(await names(place), ['0001_a applied', '0002_b applied', '0003_elsewhere skipped'])
    })

    test('only migrations for another database: all are recorded as skipped', async () => {
      await using place = await open()
      const more = { '0001_a.sql': all['0003_elsewhere.sql'], '0002_b.sql': all['0003_elsewhere.sql'] }
      const result = await start(place, more).done
      assert.equal(result.code, 0, result.stderr)
      assert.deepEqual(await names(place), ['0001_a skipped', '0002_b skipped'])
    })

    for (const fault of ['last-statement-done:2', 'history-row-written:3', 'commit-sent', 'committed'])
      test(`killed at ${fault}: all or nothing`, async () => {
        await using place = await open()
        const killed = await start(place, all, { fault }).done
        assert.equal(killed.signal, 'SIGKILL', killed.stderr)
        const result = await start(place).done
        assert.equal(result.code, 0, result.stderr)
        const applied = linesOf(result).at(-1)?.applied
        const wasCommitted =
          fault === 'committed' || (fault === 'commit-sent' && (applied as string[]).length === 0)
        assert.deepEqual(applied, wasCommitted ? [] : ['0001_a', '0002_b', '0004_c'])
        assert.equal((await names(place)).length, 4)
        assert.equal((await place.query('select n from a')).length, 3)
      })

    test('SIGTERM in the middle', async () => {
      await using place = await open()
      const result = await start(place, all, { fault: 'last-statement-done:2:term' }).done
      assert.equal(result.code, 143, result.stderr)
      await nothing(place)
      assert.match(linesOf(result).at(-1)?.msg ?? '', /nothing was applied; exit 143/)
    })

    test('what cannot be part of it is refused, all of it by name, before anything runs', async () => {
      for (const args of [[], ['--dry-run']]) {
        await using place = await open()
        const more = {
          ...all,
          '0005_apart.sql': '-- migrate:up transaction:false\nselect 1;',
          '0006_apart.ts':
            'export const options = { transaction: false }\nexport const up = async () => {}\n',
        }
        const result = await start(place, more, { args }).done
        assert.equal(result.code, 64, result.stderr)
        const { error } = linesOf(result).at(-1) as unknown as {
          error: { code: string; message: string; hint: string; reasons: { message: string }[] }
        }
        assert.equal(error.code, 'single-transaction')
        assert.deepEqual(
          error.reasons.map(({ message }) => message),
          ['0005_apart', '0006_apart'].map(
            (name) => `${name} cannot be part of a single transaction: it declares transaction: false`,
          ),
        )
        assert.match(error.hint, /leave out --single-transaction/)
        await nothing(place)
        if (args.length > 0) continue
        assert.equal((await start(place, more, { args: ['--to', '0004'] }).done).code, 0)
      }
    })

    test('one that is unfinished is refused', async () => {
      await using place = await open()
      const broken = {
        '0001_a.sql': '-- migrate:up transaction:false\ncreate table a (n integer);\nselect * from nowhere;',
      }
      const dir = writeMigrations(place.workspace, broken)
      const first = await startSlipway(['up'], { env: { SLIPWAY_DATABASE_URL: place.url, SLIPWAY_DIR: dir } })
        .done
      assert.equal(first.code, 70, first.stderr)
      const result = await start(place, {
        '0001_a.sql': '-- migrate:up transaction:false\ncreate table a (n integer);\nselect 1;',
      }).done
      assert.equal(result.code, 64, result.stderr)
      assert.match(
        result.stderr,
        /0001_a cannot be part of a single transaction: it was begun outside a transaction/,
      )
    })

    test('the dry run says that it is one transaction', async () => {
      await using place = await open()
      const result = await start(place, all, { args: ['--dry-run'] }).done
      assert.equal(result.code, 0, result.stderr)
      assert.match(result.stdout, /^4 to run in one transaction, 0 applied/)
    })

    test('several at once: each is applied once', async () => {
      await using place = await open()
      const results = await Promise.all(Array.from({ length: 4 }, () => start(place).done))
      for (const { code, stderr } of results) assert.equal(code, 0, stderr)
      assert.equal((await names(place)).length, 4)
      assert.equal((await place.query('select n from a')).length, 3)
    })
  })
