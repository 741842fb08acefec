/** Tenants that another run has, servers that are gone, and what is told of many. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startSlipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor, type TestDatabase } from '../helpers/postgres.ts'
import { startProxy } from '../helpers/proxy.ts'
import { until } from '../helpers/until.ts'
import { createSchemas, environment, readHistories, readLines, tenantScene } from './scene.ts'

const nobody = 'postgres://app@127.0.0.1:1'

const stallsIn = (schema: string) => `do $$ begin
  if current_schema() = '${schema}' then perform pg_advisory_xact_lock(42); end if;
end $$;`

test('what another run has is left for the end', () =>
  tenantScene(
    { '0001_sleep.sql': "select pg_sleep(case current_schema() when 'slow' then 60 else 0 end);" },
    ['slow', 'quick', 'third'],
    async ({ workspace, db }) => {
      const start = (tenants: string, ...flags: string[]) =>
        startSlipway(['up', '--tenants', tenants, '--concurrency', '1', ...flags], {
          cwd: workspace.dir,
          env: environment(db, { SLIPWAY_LOG_FORMAT: 'json', SLIPWAY_LOG_LEVEL: 'debug' }),
        })
      const first = start('slow')
      const [sleeping] = await until('the migration sleeps', async () => {
        const rows = await db.query<{ pid: number }>(
          "select pid from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'",
        )
        return rows.length === 0 ? undefined : rows
      })
      const second = start('slow,quick,third')
      await second.waitForOutput(/"waiting-for-lock"/)
      const both = await start(`slow,${nobody}/a`, '--lock-timeout', '100ms', '--wait-timeout', '500ms').done
      assert.equal(Object.keys(await readHistories(db)).length, 3)
      assert.ok(both.code === 69 || both.code === 75, `both are worth trying again: ${both.stderr}`)
      await db.query('select pg_terminate_backend($1)', [sleeping?.pid])
      assert.equal((await first.done).code, 75)
      // Now it would sleep itself.
      second.kill('SIGTERM')
      const { code, stderr } = await second.done
      assert.equal(code, 143, stderr)
      const told = readLines(stderr).flatMap(({ event, tenant }) =>
        tenant !== undefined && ['run-finished', 'waiting-for-lock'].includes(String(event))
          ? [`${tenant} ${event}`]
          : [],
      )
      assert.deepEqual(told.slice(0, 3), [
        'quick run-finished',
        'third run-finished',
        'slow waiting-for-lock',
      ])
      assert.equal(told.at(-1), 'slow run-finished')
      assert.deepEqual(readLines(stderr).at(-1)?.tenants, { migrated: 2, upToDate: 0, failed: 0, notDone: 1 })
    },
  ))

test('a server that is gone is waited for once', () =>
  tenantScene({ '0001_a.sql': 'select 1;' }, ['acme'], async ({ db, run }) => {
    const list = ['/a', '/b', '/c'].map((path) => `${nobody}${path}`)
    const waiting = { SLIPWAY_WAIT_TIMEOUT: '2s', SLIPWAY_CONCURRENCY: '1', SLIPWAY_LOG_FORMAT: 'json' }
    const { code, stderr } = await run(['up', '--tenants', [...list, 'acme'].join()], waiting)
    assert.equal(code, 69, stderr)
    const waits = readLines(stderr).filter(({ event }) => event === 'waiting-for-database')
    assert.deepEqual(
      waits.map(({ tenant }) => tenant),
      ['127.0.0.1:1/a'],
    )
    assert.deepEqual(await readHistories(db), { acme: ['0001_a'] })
  }))

test('a server that is back is reached with one try, also when it is slow', () =>
  tenantScene({ '0001_a.sql': stallsIn('acme') }, ['acme'], async ({ workspace, db }) => {
    await using holder = await db.connect()
    await holder.unsafe('select pg_advisory_lock(42)')
    await using proxy = await startProxy(db.server)
    proxy.closeOnAccept()
    await using other = await createTestDatabase(newestMajor)
    const url = new URL(proxy.through(other.url()))
    url.searchParams.set('sslmode', 'disable')
    const list = [new URL('/gone?sslmode=disable', url), 'acme', url]
    const running = startSlipway(['up', '--concurrency', '1', '--log-level', 'debug'], {
      cwd: workspace.dir,
      env: environment(db, {
        SLIPWAY_TENANTS: list.join(),
        SLIPWAY_WAIT_TIMEOUT: '100ms',
        SLIPWAY_DDL_LOCK_TIMEOUT: '10m',
      }),
    })
    await running.waitForOutput(/gone: /)
    await until('the migration waits', () => waitsFor(db, 'objid = 42'))
    proxy.forward()
    // An answer takes longer than what is left of no time at all, and not nearly as long as a try may take.
    proxy.delay(300)
    await holder.unsafe('select pg_advisory_unlock(42)')
    await running.waitForOutput(new RegExp(`${other.name}: connected`))
    proxy.delay(0)
    const { code, stderr } = await running.done
    assert.equal(code, 69, stderr)
    assert.match(stderr, /3 tenants: 2 migrated, 0 up to date, 1 failed/)
  }))

test('a server that has no connection left is waited for', () =>
  tenantScene(
    { '0001_a.sql': 'create table a (n integer);', '0002_b.sql': 'select pg_sleep(0.2);' },
    [],
    async ({ workspace, db }) => {
      const user = { user: `app_${db.name}`, password: 'app' }
      const schemas = ['a', 'b', 'c', 'd', 'e', 'f']
      await db.query(`create role ${user.user} login password 'app' connection limit 2`)
      for (const schema of schemas) await db.query(`create schema ${schema} authorization ${user.user}`)
      const list = ['--tenants', schemas.join(), '--concurrency', '6']
      const env = environment(db, { SLIPWAY_DATABASE_URL: db.url(user), SLIPWAY_LOG_FORMAT: 'json' })
      const { code, stderr } = await startSlipway(['up', ...list], { cwd: workspace.dir, env }).done
      assert.equal(code, 0, stderr)
      assert.match(stderr, /"waiting-for-database".*too many connections/)
      assert.deepEqual(Object.keys(await readHistories(db)), schemas)
    },
  ))

test('a tenant that failed while another one was waited for has failed', () =>
  tenantScene(
    { '0001_a.sql': "select 1 / (case current_schema() when 'bad' then 0 else 1 end);" },
    ['good', 'bad'],
    async ({ workspace, db, run }) => {
      const flags = [
        '--tenants',
        'good,bad',
        '--concurrency',
        '1',
        '--timeout',
        '20s',
        '--log-level',
        'debug',
      ]
      const env = environment(db, { SLIPWAY_LOG_FORMAT: 'json' })
      const waiting = startSlipway(['wait', ...flags], { cwd: workspace.dir, env })
      await waiting.waitForOutput(/"connected".*"tenant":"good"/)
      assert.equal((await run(['up', '--tenants', 'bad'])).code, 70)
      assert.equal((await run(['up', '--tenants', 'good'])).code, 0)
      const { code, stderr } = await waiting.done
      assert.equal(code, 70, stderr)
      assert.match(stderr, /- bad: the awaited run .* failed/)
    },
  ))

test('exec becomes the command when all tenants are done, and not before', () =>
  tenantScene({ '0001_a.sql': 'create table a (n integer);' }, ['acme', 'globex'], async ({ db, run }) => {
    const exec = (tenants: string) =>
      run(['exec', '--tenants', tenants, '--', 'sh', '-c', 'echo "app $SLIPWAY_TENANTS"'])
    const failed = await exec('acme,nowhere')
    assert.equal(failed.code, 78, failed.stderr)
    assert.equal(failed.stdout, '')
    await createSchemas(db, ['nowhere'])
    const done = await exec('acme,globex,nowhere')
    assert.equal(done.code, 0, done.stderr)
    assert.equal(done.stdout, 'app \n')
    assert.deepEqual(Object.keys(await readHistories(db)), ['acme', 'globex', 'nowhere'])
  }))

test('wait has its --timeout for the list as well, and looks again when it is cut off', () =>
  tenantScene({ '0001_a.sql': 'select 1;' }, ['acme'], async ({ workspace, db, run }) => {
    assert.equal((await run(['up', '--tenants', 'acme'])).code, 0)
    await using proxy = await startProxy(db.server)
    proxy.closeOnAccept()
    const waiting = startSlipway(['wait', '--tenants', "select 'acme'", '--timeout', '60s'], {
      cwd: workspace.dir,
      env: environment(db, { SLIPWAY_DATABASE_URL: proxy.through(db.url()), SLIPWAY_WAIT_TIMEOUT: '1ms' }),
    })
    await waiting.waitForOutput(/waiting for /)
    const cut = proxy.cutBefore(/listed_tenant/)
    proxy.forward()
    await cut
    const { code, stderr } = await waiting.done
    assert.equal(code, 0, stderr)
    assert.match(stderr, /1 tenant: 0 migrated, 1 up to date/)
  }))

test('a COMMIT whose answer is lost is found out, whoever else is left to go on with', () =>
  tenantScene(
    { '0001_a.sql': stallsIn('first') },
    ['first', 'second', 'third'],
    async ({ workspace, db }) => {
      await using holder = await db.connect()
      await using next = await db.connect()
      await holder.unsafe('select pg_advisory_lock(42)')
      await using proxy = await startProxy(db.server)
      const running = startSlipway(['up', '--tenants', 'first,second,third', '--concurrency', '1'], {
        cwd: workspace.dir,
        env: environment(db, {
          SLIPWAY_DATABASE_URL: proxy.through(db.url()),
          SLIPWAY_DDL_LOCK_TIMEOUT: '10m',
          SLIPWAY_LOG_FORMAT: 'json',
        }),
      })
      await until('the migration waits', () => waitsFor(db, 'objid = 42'))
      const [key] = await db.query<{ part: number; rest: number }>(
        `select classid::bigint::int as part, objid::bigint::bit(32)::int as rest from pg_locks
         where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
           and granted and objid <> 42`,
      )
      // In the queue, and so the lock is its own the moment the lost session is gone.
      const taken = next.unsafe(`select pg_advisory_lock(${key?.part}, ${key?.rest})`).execute()
      await until('the next one waits', () => waitsFor(db, 'objid <> 42'))
      const cut = proxy.cutAfterCommit({ having: /'0001_a'/ })
      await holder.unsafe('select pg_advisory_unlock(42)')
      await cut
      await taken
      await running.waitForOutput(/"waiting-for-lock"|"tenant":"second"/)
      await next.unsafe('select pg_advisory_unlock_all()')
      const { code, stderr } = await running.done
      assert.equal(code, 0, stderr)
      assert.match(stderr, /history says it is applied/)
      assert.deepEqual(readLines(stderr).at(-1)?.tenants, { migrated: 3, upToDate: 0, failed: 0, notDone: 0 })
    },
  ))

async function waitsFor(db: TestDatabase, lock: string): Promise<unknown> {
  const rows = await db.query(
    `select 1 from pg_locks where locktype = 'advisory' and not granted and ${lock}
       and database = (select oid from pg_database where datname = current_database())`,
  )
  return rows[0]
}
