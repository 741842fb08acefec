/** The verbs that look: for a role that can only read, before there is a history, and on a server that refuses writes. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestDatabase } from '../../helpers/postgres.ts'
import { type PostgresProxy, startProxy } from '../../helpers/proxy.ts'
import { type Role, withRole } from './role.ts'
import { createScene, errorOf, type Scene, testEach } from './scene.ts'

const first = { '0001_first.sql': 'create table first (id integer);\nselect pg_sleep(0.5);\n' }
const second = { '0002_second.ts': 'export const up = async ({ sql }) => {\n  await sql`select 1`\n}\n' }

/** Each verb with the exit code it has while a migration is pending. */
const looks: Readonly<Record<string, number>> = {
  status: 0,
  'status --json --exit-code': 3,
  'history --all': 0,
  verify: 0,
  'wait --timeout 4s': 3,
  'wait --for database': 0,
  'up --dry-run': 0,
}

/** Runs all of them at once; each must end as the table says. */
async function runLooks(scene: Scene, url: string, expected = looks): Promise<Record<string, string>> {
  const shown: Record<string, string> = {}
  await Promise.all(
    Object.entries(expected).map(async ([command, code]) => {
      const result = await scene.run(command.split(' '), { SLIPWAY_DATABASE_URL: url })
      assert.equal(result.code, code, `${command}\n${result.stdout}\n${result.stderr}`)
      shown[command] = result.stdout
    }),
  )
  return shown
}

/** Everything that a write would change. */
async function readAll(db: TestDatabase): Promise<unknown> {
  const relations = await db.query(
    "select oid::regclass::text as name, relfilenode from pg_class where relnamespace = 'public'::regnamespace order by 1",
  )
  const tables = relations.filter(({ name }) => /^schema_migrations(_log)?$/.test(String(name)))
  const rows = await Promise.all(tables.map(({ name }) => db.query(`select * from ${name} order by id`)))
  return { relations, rows }
}

interface LockSampler extends AsyncDisposable {
  /** Who was seen with an advisory lock in this database since the last call. */
  takeSeen(): string[]
}

async function sampleAdvisoryLocks(db: TestDatabase): Promise<LockSampler> {
  const sql = await db.connect()
  let seen = new Set<string>()
  let stopped = false
  const sampling = (async () => {
    while (!stopped) {
      const rows = await sql`
        select application_name as name
        from pg_locks join pg_stat_activity using (pid)
        where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`
      for (const { name } of rows) seen.add(String(name))
      await sleep(5)
    }
  })()
  return {
    takeSeen() {
      const taken = [...seen]
      seen = new Set()
      return taken
    },
    async [Symbol.asyncDispose]() {
      stopped = true
      await sampling
      await sql[Symbol.asyncDispose]()
    },
  }
}

/** Every transaction was a read-only one, so nothing can have been written; no lock was asked for, nothing set. */
function requireReadsOnly(proxy: PostgresProxy): void {
  const { queries } = proxy.counts()
  assert.ok(queries.length > 0)
  for (const text of queries) {
    assert.match(text, /^begin transaction read only;/)
    assert.doesNotMatch(text, /\b(set|lock|create|insert|update|delete)\b|advisory/i)
  }
}

interface Watched {
  readonly scene: Scene
  readonly proxy: PostgresProxy
  readonly sampler: LockSampler
  /** A role that may do nothing, and its URL through the proxy. */
  readonly role: Role
  readonly url: string
}

async function withWatchedRole(major: number, work: (watched: Watched) => Promise<void>): Promise<void> {
  await using scene = await createScene(major, first)
  const { db } = scene
  await using proxy = await startProxy(db.server)
  await using sampler = await sampleAdvisoryLocks(db)
  await withRole(db, (role) => work({ scene, proxy, sampler, role, url: proxy.through(db.url(role)) }))
}

testEach('a role that can only read may run every verb that looks, which leaves no trace', async (major) => {
  await withWatchedRole(major, async ({ scene, proxy, sampler, role, url }) => {
    const { db } = scene
    const before = await readAll(db)
    const empty = await runLooks(scene, url)
    assert.match(empty['up --dry-run'] ?? '', /0001_first/)
    assert.deepEqual(await readAll(db), before)
    requireReadsOnly(proxy)
    assert.deepEqual(sampler.takeSeen(), [])

    await scene.up(0)
    assert.match(sampler.takeSeen().join(), /^slipway\//, 'the sampler sees a run lock where there is one')
    await db.query(`grant select on schema_migrations, schema_migrations_log to ${role.user}`)
    await runLooks(scene, url, { 'wait --timeout 10s': 0 })
    scene.write(second)
    const after = await readAll(db)
    proxy.clearCounts()
    const shown = await runLooks(scene, url)
    assert.match(shown['history --all'] ?? '', /0001_first/)
    assert.match(shown['up --dry-run'] ?? '', /0002_second/)
    assert.deepEqual(await readAll(db), after)
    requireReadsOnly(proxy)
    assert.deepEqual(sampler.takeSeen(), [])
  })
})

testEach('the verbs that look at what is wrong leave no trace either', async (major) => {
  await withWatchedRole(major, async ({ scene, proxy, sampler, role, url }) => {
    const { db } = scene
    // Not being able to write is what doctor finds wrong.
    const expected = { doctor: 77, unlock: 0, 'unlock --json': 0, repair: 0, 'stamp head --dry-run': 0 }
    const look = async () => {
      const before = await readAll(db)
      proxy.clearCounts()
      await runLooks(scene, url, expected)
      assert.deepEqual(await readAll(db), before)
      for (const text of proxy.counts().queries) assert.match(text, /^begin transaction read only;/)
      assert.deepEqual(sampler.takeSeen(), [])
    }
    await look()
    await scene.up(0)
    await db.query(`grant select on schema_migrations, schema_migrations_log to ${role.user}`)
    sampler.takeSeen()
    scene.write(second)
    await look()
  })
})

testEach('a role without a privilege on the history is told the GRANT it needs', async (major) => {
  await using scene = await createScene(major, first)
  const { db } = scene
  await withRole(db, async (role) => {
    const env = { SLIPWAY_DATABASE_URL: db.url(role) }
    const forbidden = async (command: string, message: RegExp) => {
      const result = await scene.run(command.split(' '), env)
      assert.equal(result.code, 77, `${command}\n${result.stderr}`)
      const error = errorOf(result)
      assert.equal(error.code, 'privilege-missing')
      assert.match(error.message, message)
      return error.hint ?? ''
    }
    assert.equal(
      await forbidden('up', /may not create public\.schema_migrations/),
      `grant usage, create on schema "public" to "${role.user}"`,
    )
    await scene.up(0)
    scene.write(second)
    const mayRead = `grant usage on schema "public" to "${role.user}"; grant select on "public"."schema_migrations", "public"."schema_migrations_log" to "${role.user}"`
    for (const verb of ['status', 'history', 'verify', 'wait --timeout 5s', 'up --dry-run', 'up'])
      assert.equal(await forbidden(verb, /may not read public\.schema_migrations/), mayRead, verb)
    await db.query(`grant select on schema_migrations to ${role.user}`)
    for (const verb of ['history --all', 'wait --timeout 5s'])
      assert.equal(await forbidden(verb, /denied for table schema_migrations_log/), mayRead, verb)

    await db.query(mayRead)
    const mayWrite = await forbidden('up', /may not write public\.schema_migrations/)
    await db.query(mayWrite)
    assert.equal((await scene.run(['up'], env)).code, 0)
    assert.deepEqual(await scene.history(), ['0001_first applied', '0002_second applied'])
  })
})

testEach('where writing is off by default one can look, and up says why it cannot work', async (major) => {
  await using scene = await createScene(major, first)
  const { db } = scene
  await db.query(`alter database ${db.name} set default_transaction_read_only = on`)
  await runLooks(scene, db.url())
  const result = await scene.up(69, { SLIPWAY_WAIT_TIMEOUT: '1s' })
  assert.equal(errorOf(result).code, 'read-only')
  assert.match(errorOf(result).message, /default_transaction_read_only is on/)
  assert.deepEqual(await scene.history(), [])
})
