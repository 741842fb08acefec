/** Whole runs over TLS: work, cancellation, and the second connection that watches over a long statement. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Authority, type Certificate, createAuthority } from '../../helpers/certificates.ts'
import { slipway, startSlipway } from '../../helpers/cli.ts'
import {
  createDatabaseOn,
  createTestDatabase,
  newestMajor,
  postgresMajors,
  type TestDatabase,
} from '../../helpers/postgres.ts'
import { startTlsFront } from '../../helpers/tls-front.ts'
import { startTlsServer, type TlsServer } from '../../helpers/tls-server.ts'
import { until } from '../../helpers/until.ts'
import { createWorkspace, writeMigrations } from '../../helpers/workspace.ts'
import { errorOf, eventsOf } from './scene.ts'

let authority: Authority
let certificate: Certificate
before(async () => {
  authority = await createAuthority()
  certificate = await authority.issue({ name: 'x', alternatives: ['DNS:localhost', 'DNS:db.example'] })
})
after(() => authority[Symbol.dispose]())

const sleeping =
  "select 1 from pg_stat_activity where datname = current_database() and state = 'active' and query ~ 'pg_sleep' and pid <> pg_backend_pid()"

/** `up` through a TLS front that lets nothing else through. */
async function withFront(
  files: Readonly<Record<string, string>>,
  work: (place: {
    db: TestDatabase
    front: Awaited<ReturnType<typeof startTlsFront>>
    env: Record<string, string>
  }) => Promise<void>,
): Promise<void> {
  await using db = await createTestDatabase(newestMajor)
  await using front = await startTlsFront({ certificate, target: db.server })
  using workspace = createWorkspace()
  await work({
    db,
    front,
    env: {
      SLIPWAY_DATABASE_URL: db
        .url()
        .replace(/@[^/]*/, `@db.example:${front.port}`)
        .concat('?hostaddr=127.0.0.1'),
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: authority.root,
      SLIPWAY_DIR: writeMigrations(workspace, files),
      SLIPWAY_LOG_FORMAT: 'json',
    },
  })
}

test('SIGTERM cancels the statement over TLS', () =>
  withFront({ '0001_slow.sql': 'select pg_sleep(30);' }, async ({ db, front, env }) => {
    await using watcher = await db.connect()
    const sleeps = async () => (await watcher.unsafe(sleeping)).length > 0
    const running = startSlipway(['up'], { env })
    await until('the statement runs', sleeps)
    const before = front.connections
    running.kill('SIGTERM')
    await until('the statement is gone', async () => !(await sleeps()), { timeoutMs: 5000 })
    const result = await running.done
    assert.deepEqual([result.code, errorOf(result).code], [143, 'terminated'])
    assert.ok(front.connections > before, 'the request came over a connection of its own')
  }))

test('a long statement is watched over TLS', () =>
  withFront(
    {
      '0001_patience.sql': 'create table patience ();',
      '0002_slow.sql': `-- migrate:up transaction:false
do $$ begin while not exists (select from patience) loop perform pg_sleep(0.02); end loop; end $$;`,
    },
    async ({ db, front, env }) => {
      const running = startSlipway(['up'], { env: { ...env, SLIPWAY_KEEPALIVE: '200ms' } })
      // Two probes that cannot get through end the run; so after a few it is certain that they do.
      await until('the session was looked after four times', () => front.connections >= 5)
      await db.query('insert into patience default values')
      const result = await running.done
      assert.equal(result.code, 0, result.stderr)
      const [connected] = eventsOf(result, 'connected')
      assert.equal(connected?.encryption, 'TLSv1.3')
      assert.match(String(connected?.msg), /^connected to PostgreSQL \S+, TLSv1\.3$/)
    },
  ))

test('a megabyte of SQL over TLS', () =>
  withFront(
    {
      '0001_long.sql': `create table t (a text);\n${`insert into t values ('${'x'.repeat(1000)}');\n`.repeat(1000)}`,
    },
    async ({ db, env }) => {
      const result = await slipway(['up'], { env })
      assert.equal(result.code, 0, result.stderr)
      assert.deepEqual(await db.query('select count(*)::int as n from t'), [{ n: 1000 }])
    },
  ))

for (const major of postgresMajors)
  test(`PostgreSQL ${major}: up with verify-full, from the variables of libpq alone`, async () => {
    await using tls: TlsServer = await startTlsServer(major)
    await using db = await createDatabaseOn(tls.server)
    using workspace = createWorkspace()
    const env = {
      PGHOST: 'db.example',
      PGHOSTADDR: '127.0.0.1',
      PGPORT: String(tls.server.port),
      PGUSER: 'postgres',
      PGPASSWORD: tls.server.password,
      PGDATABASE: db.name,
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: tls.authority.root,
      PGAPPNAME: 'shop',
      PGOPTIONS: '-c search_path=elsewhere',
      ...(major >= 17 ? { PGSSLNEGOTIATION: 'direct' } : {}),
      SLIPWAY_DIR: writeMigrations(workspace, {
        '0001_a.sql':
          "create table seen as select current_setting('application_name') as name, current_setting('search_path') as path, ssl from pg_stat_ssl where pid = pg_backend_pid();",
      }),
    }
    await db.query('create schema elsewhere')
    const result = await slipway(['up'], { env })
    assert.equal(result.code, 0, result.stderr)
    const [seen] = await db.query<{ name: string; path: string; ssl: boolean }>(
      'select * from elsewhere.seen',
    )
    assert.match(String(seen?.name), /^slipway\/\S+ \S+ shop$/)
    assert.deepEqual([seen?.path, seen?.ssl], ['elsewhere', true])
    const wrong = await slipway(['status'], { env: { ...env, PGHOST: 'other.example' } })
    assert.deepEqual([wrong.code, errorOf(wrong).code], [77, 'tls-failed'])
    assert.match(
      errorOf(wrong).message,
      /certificate is for db\.example, localhost, 127\.0\.0\.1, not for other\.example/,
    )
  })
