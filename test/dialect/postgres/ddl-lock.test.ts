/** Tables that the app holds while a migration wants them: the migration lets go in time, says why, and tries again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { newestMajor, type TestDatabase } from '../../helpers/postgres.ts'
import { until } from '../../helpers/until.ts'
import { createScene, errorOf, eventsOf, type Scene, script, testEach } from './scene.ts'

interface Holder {
  readonly pid: number
  release(): Promise<void>
}

/** Transactions that hold tables, each in a session of its own. Ends them all when disposed of. */
function createHolders(db: TestDatabase) {
  const sessions: AsyncDisposable[] = []
  return {
    async hold(text: string): Promise<Holder> {
      const sql = await db.connect()
      sessions.push(sql)
      await sql.unsafe(`begin; ${text}`)
      const [row] = await sql`select pg_backend_pid() as pid`
      return { pid: Number(row?.pid), release: async () => void (await sql.unsafe('rollback')) }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()))
    },
  }
}

interface Retry {
  readonly migration: string
  readonly sqlstate: string
  readonly reason: string
  readonly blockers: readonly { readonly pid: number; readonly statement?: string }[]
}

interface Outcome {
  readonly retries: readonly Retry[]
  readonly stderr: string
}

/** `up` while these are held; they are let go once it has told of its first retry, and it succeeds. */
async function upWhileHeld(scene: Scene, holders: readonly Holder[]): Promise<Outcome> {
  const running = scene.start(['up'])
  await running.waitForOutput(/"event":"step-retrying"/)
  await Promise.all(holders.map((holder) => holder.release()))
  const result = await running.done
  assert.equal(result.code, 0, result.stderr)
  const retries = eventsOf(result, 'step-retrying') as unknown as Retry[]
  assert.ok(retries.length > 0)
  for (const retry of retries) assert.equal(retry.sqlstate, '55P03')
  return { retries, stderr: result.stderr }
}

function pidsOf(retry: Retry | undefined): number[] {
  return (retry?.blockers ?? []).map(({ pid }) => pid).sort((a, b) => a - b)
}

async function columnsOf(db: TestDatabase, table: string): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    'select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 order by attnum',
    [table],
  )
  return rows.map(({ name }) => name)
}

const partitioned = `create table parted (id integer not null) partition by range (id);
create table parted_1 partition of parted for values from (0) to (10);
create table parted_2 partition of parted for values from (10) to (20);
create table parted_3 partition of parted for values from (20) to (30);`

/** What a reader does, what the migration wants meanwhile; the reader must be named as the one in the way. */
const cases: readonly {
  readonly name: string
  readonly tables: string
  readonly reader: string
  readonly file: string
  readonly text: string
}[] = [
  {
    name: 'a SQL migration that alters a table',
    tables: 'create table held (id integer);',
    reader: 'select from held',
    file: '0001_alter.sql',
    text: 'alter table held add column note text;',
  },
  {
    name: 'a SQL migration that alters a partitioned table of which one partition is held',
    tables: partitioned.replaceAll('parted', 'held'),
    reader: 'select from held_2',
    file: '0001_alter.sql',
    text: 'alter table held add column note text;',
  },
  {
    name: 'a TypeScript migration',
    tables: 'create table held (id integer);',
    reader: 'select from held',
    file: '0001_alter.ts',
    text: script('await sql`alter table held add column note text`'),
  },
  {
    name: 'a TypeScript migration on a partitioned table',
    tables: partitioned.replaceAll('parted', 'held'),
    reader: 'select from held_3',
    file: '0001_alter.ts',
    text: script('await sql`alter table held add column note text`'),
  },
  {
    name: 'a statement outside a transaction',
    tables: 'create table held (id integer);',
    reader: 'select from held',
    file: '0001_alter.sql',
    text: '-- migrate:up transaction:false\nalter table held add column note text;\nselect 1;',
  },
]

for (const { name, tables, reader, file, text } of cases) {
  testEach(`a held table is met with 55P03 and retried, naming who holds it: ${name}`, async (major) => {
    await using scene = await createScene(major, { [file]: text })
    await scene.db.query(tables)
    await using holders = createHolders(scene.db)
    const holder = await holders.hold(reader)
    const { retries, stderr } = await upWhileHeld(scene, [holder])
    assert.equal(retries[0]?.migration, '0001_alter')
    assert.deepEqual(pidsOf(retries[0]), [holder.pid], stderr)
    assert.deepEqual(await columnsOf(scene.db, 'held'), ['id', 'note'])
    assert.deepEqual(await scene.history(), ['0001_alter applied'])
  })
}

test('only those are named whose lock is in the way', async () => {
  await using scene = await createScene(newestMajor, { '0001_index.sql': 'create index on held (id);' })
  await scene.db.query('create table held (id integer)')
  await using holders = createHolders(scene.db)
  await holders.hold('select from held')
  const writer = await holders.hold('insert into held values (1)')
  const { retries, stderr } = await upWhileHeld(scene, [writer])
  assert.deepEqual(pidsOf(retries[0]), [writer.pid], stderr)
})

test('a transactional TypeScript migration runs its body again', async () => {
  await using scene = await createScene(newestMajor, {
    '0001_alter.ts': script(`await sql\`select nextval('tries')\`
      await sql\`insert into effects values (1)\`
      await sql\`alter table held add column note text\``),
  })
  await scene.db.query(
    'create table held (id integer); create table effects (n integer); create sequence tries',
  )
  await using holders = createHolders(scene.db)
  const { retries } = await upWhileHeld(scene, [await holders.hold('select from held')])
  // A sequence is not rolled back, so it counts the attempts.
  const [tries] = await scene.db.query('select last_value::int as count from tries')
  assert.equal(tries?.count, retries.length + 1)
  assert.equal((await scene.db.query('select from effects')).length, 1)
})

test('a budget that is spent ends with 75 and names who was in the way', async () => {
  for (const [file, text] of [
    ['0001_alter.sql', 'alter table held add column note text;'],
    ['0001_alter.ts', script('await sql`alter table held add column note text`')],
  ] as const) {
    await using scene = await createScene(newestMajor, { [file]: text })
    await scene.db.query('create table held (id integer)')
    await using holders = createHolders(scene.db)
    const holder = await holders.hold('select from held')
    const result = await scene.up(75, { SLIPWAY_DDL_RETRY_FOR: '1s', SLIPWAY_DDL_LOCK_TIMEOUT: '200ms' })
    const error = errorOf(result)
    assert.equal(error.code, 'ddl-lock-timeout')
    assert.equal(error.sqlstate, '55P03')
    assert.match(error.message, new RegExp(`held up by pid ${holder.pid} `))
    assert.match(error.message, /\(\d+ attempts?\)/)
    assert.deepEqual(await scene.history(), [])
    await holder.release()
    await scene.up(0)
  }
})

test('three tables held by three sessions share one budget', async () => {
  await using scene = await createScene(newestMajor, {
    '0001_alter.sql': ['a', 'b', 'c'].map((name) => `alter table ${name} add column note text;`).join('\n'),
  })
  await scene.db.query('create table a (id int); create table b (id int); create table c (id int)')
  await using holders = createHolders(scene.db)
  const first = await holders.hold('select from a')
  const others = [await holders.hold('select from b'), await holders.hold('select from c')]
  const waitsFor = (table: string) =>
    until(`a migration waits for ${table}`, async () => {
      const rows = await scene.db.query(
        'select from pg_locks where relation = $1::regclass and not granted',
        [table],
      )
      return rows.length > 0
    })
  const running = scene.start(['up'], { SLIPWAY_DDL_LOCK_TIMEOUT: '4s' })
  await waitsFor('a')
  await sleep(1500)
  await first.release()
  await running.waitForOutput(/"event":"step-retrying"/)
  await Promise.all(others.map((holder) => holder.release()))
  const result = await running.done
  assert.equal(result.code, 0, result.stderr)
  const [retry] = eventsOf(result, 'step-retrying') as unknown as Retry[]
  // A timeout of each lock's own would still have had time left for b, and would say "due to lock timeout".
  assert.equal(retry?.reason, 'its table locks were not free within 4000 ms')
  assert.deepEqual(
    pidsOf(retry),
    others.map(({ pid }) => pid).sort((a, b) => a - b),
  )
  for (const table of ['a', 'b', 'c']) assert.deepEqual(await columnsOf(scene.db, table), ['id', 'note'])
})
