/**
 * SIGKILL in the middle of operations outside a transaction: what is left is the schema before one of them or after
 * it, with every row, and the next run ends as one that nobody disturbed.
 */
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { dumpCatalogue, dumpSqliteCatalogue } from '../../helpers/catalogue.ts'
import { slipway } from '../../helpers/cli.ts'
import { faultOptions } from '../../helpers/fault-point.ts'
import { createTestDatabase, newestMajor } from '../../helpers/postgres.ts'
import { readSqlite } from '../../helpers/sqlite.ts'
import { until } from '../../helpers/until.ts'
import { createWorkspace, type Workspace, writeMigrations } from '../../helpers/workspace.ts'

const step = (body: string) => `export const options = { transaction: false, resumable: true }
export const up = async ({ op }) => {
  ${body}
}
`

const migrations = {
  '0001_tables.ts': `export const up = async ({ op, sql }) => {
  await op.createEnum('mood', ['a', 'b'])
  for (const table of ['one', 'two'])
    await op.createTable(table, { columns: { id: { type: 'integer', primaryKey: true }, mood: 'mood' } })
  await sql\`insert into one values (1, 'a'), (2, 'b')\`
  await sql\`insert into two values (1, 'a'), (2, 'b')\`
}
`,
  '0002_enum.ts': step(`await op.addEnumValue('mood', 'c', { after: 'a' })`),
  '0003_table.ts': step(
    `await op.createTable('three', { columns: { id: 'integer' }, comment: 'the third', checks: ['id > 0'] })`,
  ),
  '0004_drop.ts': step(`await op.dropTable('three')`),
  '0005_column.ts': step(`await op.addColumn('one', 'x', { type: 'text', unique: true })`),
  '0006_change.ts': step(`await op.alterColumn('two', 'mood', { nullable: false, default: 'b' })`),
}

const rows =
  "select 'one' as place, count(*) as rows, max(id) as last from one union all select 'two', count(*), max(id) from two"

interface Place extends AsyncDisposable {
  readonly url: string
  /** When nobody works there any more. */
  look(): Promise<string>
}

interface Kind {
  readonly points: readonly string[]
  open(workspace: Workspace): Promise<Place>
}

const kinds: Readonly<Record<string, Kind>> = {
  SQLite: {
    points: ['foreign-keys-off', 'rebuild-step'],
    open: async (workspace) => {
      const file = workspace.path('app.db')
      return {
        url: `sqlite://${file}`,
        // A copy: looking at the file would do the next run's work of undoing what the killed one left.
        look: async () => {
          for (const ending of ['', '-journal', '-wal'])
            if (workspace.has(`app.db${ending}`)) copyFileSync(`${file}${ending}`, `${file}.seen${ending}`)
            else if (workspace.has(`app.db.seen${ending}`))
              workspace.write({ [`app.db.seen${ending}`]: undefined })
          readSqlite(`${file}.seen`, 'select 1')
          return `${dumpSqliteCatalogue(`${file}.seen`)}${JSON.stringify(readSqlite(`${file}.seen`, rows))}`
        },
        async [Symbol.asyncDispose]() {},
      }
    },
  },
  PostgreSQL: {
    points: ['statement-sent', 'statement-done'],
    open: async () => {
      const db = await createTestDatabase(newestMajor)
      return {
        url: db.url(),
        look: async () => {
          const others =
            'select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()'
          await until('nobody else is connected', async () => (await db.query(others)).length === 0)
          return `${await dumpCatalogue((text) => db.query(text))}${JSON.stringify(await db.query(rows))}`
        },
        [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
      }
    },
  },
}

async function up(
  workspace: Workspace,
  { url }: Place,
  more: { readonly to?: string; readonly fault?: string; readonly log?: string } = {},
) {
  const { to, ...options } = more
  const { nodeOptions, env } = faultOptions(options)
  return await slipway(['up', ...(to === undefined ? [] : ['--to', to])], {
    env: { SLIPWAY_DATABASE_URL: url, SLIPWAY_DIR: writeMigrations(workspace, migrations), ...env },
    nodeOptions,
  })
}

/** What it looks like after each migration, and where to kill. */
async function goUndisturbed(kind: Kind): Promise<{ states: readonly string[]; faults: readonly string[] }> {
  using workspace = createWorkspace()
  await using place = await kind.open(workspace)
  const states: string[] = []
  for (const to of ['0001', '0002', '0003', '0004', '0005', '0006']) {
    const run = await up(workspace, place, { to })
    assert.equal(run.code, 0, run.stderr)
    states.push(await place.look())
  }
  using again = createWorkspace()
  await using other = await kind.open(again)
  const log = again.path('checkpoints')
  const run = await up(again, other, { log })
  assert.equal(run.code, 0, run.stderr)
  const seen = new Map<string, number>()
  const faults = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [point = '', migration] = line.split(' ')
      const nth = (seen.get(point) ?? 0) + 1
      seen.set(point, nth)
      return kind.points.includes(point) && migration !== '0001_tables' ? [`${point}:${nth}`] : []
    })
  return { states, faults }
}

for (const [label, kind] of Object.entries(kinds))
  test(`killed within an operation on ${label}`, { concurrency: 3 }, async (t) => {
    const { states, faults } = await goUndisturbed(kind)
    assert.ok(faults.length > 20, `${faults}`)
    const kill = async (fault: string) => {
      using workspace = createWorkspace()
      await using place = await kind.open(workspace)
      const first = await up(workspace, place, { fault })
      assert.equal(first.signal, 'SIGKILL', first.stderr)
      assert.ok(states.includes(await place.look()), `${fault}: half of an operation`)
      const second = await up(workspace, place)
      assert.equal(second.code, 0, second.stderr)
      assert.equal(await place.look(), states.at(-1))
    }
    await Promise.all(faults.map((fault) => t.test(fault, () => kill(fault))))
  })
