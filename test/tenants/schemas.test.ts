/** Schemas of one database: each is migrated for itself, whatever becomes of the others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Report } from '../../src/reporters/report.ts'
import { startSlipway } from '../helpers/cli.ts'
import { readSamples } from '../helpers/serving.ts'
import { until } from '../helpers/until.ts'
import { createSchemas, environment, quote, readHistories, readLines, tenantScene } from './scene.ts'

const files = {
  '0001_a.sql': 'create table a (n integer);',
  '0002_b.ts': 'export const up = async ({ sql }) => { await sql`insert into a values (1)` }\n',
  // Fails where `a` has a row that nobody expects.
  '0003_c.sql': 'alter table a add constraint small check (n < 2);',
}
const names = ['0001_a', '0002_b', '0003_c']
const hostile = "Glo\"bex; drop, 'schema'"

test('all but the broken ones are done, and running again touches only those', () =>
  tenantScene(files, ['acme', hostile, 'initech', 'wayne'], async ({ workspace, db, run }) => {
    await db.query('create table initech.a (n integer)')
    workspace.write({ 'tenants.txt': `# ours\r\nacme\r\n\n${hostile}\ninitech\nnowhere\nwayne\nacme\n` })
    const list = ['--tenants', '@tenants.txt']
    const first = await run(['up', ...list], {
      SLIPWAY_REPORT: 'report.json',
      SLIPWAY_METRICS_FILE: 'slipway.prom',
      SLIPWAY_LOG_FORMAT: 'json',
    })
    assert.equal(first.code, 70, first.stderr)
    assert.deepEqual(await readHistories(db), { acme: names, [hostile]: names, initech: [], wayne: names })

    const lines = readLines(first.stderr)
    const ends = lines.filter(({ event }) => event === 'run-finished')
    assert.deepEqual(
      ends.map(({ tenant, exitCode }) => `${tenant} ${exitCode}`).sort(),
      [`${hostile} 0`, 'acme 0', 'initech 70', 'nowhere 78', 'undefined 70', 'wayne 0'].sort(),
    )
    assert.equal(lines.filter(({ event, code }) => event === 'warning' && code === 'tenant-twice').length, 1)
    const steps = lines.filter(({ event }) => event === 'step-finished')
    assert.equal(steps.length, 9)
    for (const { tenant, msg } of steps) assert.ok(String(msg).startsWith(`${tenant}: 000`))
    assert.equal(new Set(lines.map(({ runId }) => runId)).size, 1)
    const last = ends.at(-1) as { tenants: object; error: { reasons: { tenant: string; code: string }[] } }
    assert.deepEqual(last.tenants, { migrated: 3, upToDate: 0, failed: 2, notDone: 0 })
    assert.deepEqual(last.error.reasons.map(({ tenant, code }) => `${tenant} ${code}`).sort(), [
      'initech migration-failed',
      'nowhere tenant-missing',
    ])

    const report = JSON.parse(workspace.read('report.json')) as Report
    assert.equal(report.outcome, 'failed')
    const results = new Map(report.tenants?.results.map((result) => [result.tenant, result]))
    assert.equal(results.size, 5)
    assert.deepEqual(
      results.get('acme')?.migrations.map(({ name, state }) => `${name} ${state}`),
      ['0001_a applied', '0002_b applied', '0003_c applied'],
    )
    assert.equal(results.get('initech')?.outcome, 'failed')
    assert.equal(results.get('initech')?.migrations[0]?.error?.sqlstate, '42P07')

    const samples = readSamples(workspace.read('slipway.prom'))
    const counted = ['migrated', 'up_to_date', 'failed', 'not_done'].map((state) =>
      samples.get(`slipway_tenants{state="${state}"}`),
    )
    assert.deepEqual(counted, [3, 0, 2, 0])
    assert.equal(samples.get('slipway_run_applied_migrations'), 9)
    assert.equal(samples.get('slipway_run_failed_migrations'), 1)
    assert.equal(samples.get('slipway_ready'), 0)
    assert.ok(!samples.has('slipway_run_lock_wait_seconds'), 'several may have waited at once')

    await createSchemas(db, ['nowhere'])
    await db.query('drop table initech.a')
    const again = await run(['up', ...list], { SLIPWAY_LOG_FORMAT: 'pretty' })
    assert.equal(again.code, 0, again.stderr)
    assert.match(again.stderr, /5 tenants: 3 up to date, 2 at once/)
    assert.match(again.stderr, /✓ initech: 3 migrations applied/)
    assert.match(again.stderr, /✓ 5 tenants: 2 migrated, 3 up to date/)
    const after = await readHistories(db)
    assert.deepEqual(after, { acme: names, [hostile]: names, initech: names, nowhere: names, wayne: names })
    assert.deepEqual(Object.keys(after).includes('public'), false)
  }))

test('what is read of all: status, verify, a dry run; and one alone where a verb knows only one', () =>
  tenantScene(files, ['acme', 'wayne'], async ({ workspace, db, run }) => {
    const env = {
      SLIPWAY_TENANTS: "select name::char(9), 'x' as name from tenants where name <> 'x' order by 1 -- all;",
    }
    await db.query("create table tenants as select * from (values ('acme'), ('wayne'), ('zeta')) as t (name)")
    assert.equal((await run(['up', '--tenants', 'wayne'])).code, 0)
    const status = await run(['status'], env)
    assert.equal(status.code, 78, status.stdout)
    assert.match(status.stdout, /^3 tenants: 1 up to date, 1 with pending migrations, 1 with trouble$/m)
    assert.match(status.stdout, /^✗ zeta +there is no schema zeta/m)
    await db.query("delete from tenants where name = 'zeta'")
    assert.equal((await run(['status', '--exit-code'], env)).code, 3)
    const asJson = JSON.parse((await run(['status', '--json'], env)).stdout) as {
      tenants: { tenant: string; counts: { pending: number } }[]
    }
    assert.deepEqual(
      asJson.tenants.map(({ tenant, counts }) => `${tenant} ${counts.pending}`),
      ['acme 3', 'wayne 0'],
    )
    const dry = await run(['up', '--dry-run'], env)
    assert.equal(dry.code, 0, dry.stderr)
    assert.match(dry.stdout, /○ acme +3 to run: 0001_a, 0002_b, 0003_c/)
    const waited = await run(['wait', '--timeout', '100ms'], env)
    assert.equal(waited.code, 3, waited.stderr)
    assert.deepEqual(Object.keys(await readHistories(db)), ['wayne'])

    workspace.write({ 'migrations/0001_a.sql': 'create table a (n bigint);' })
    const verified = await run(['verify'], env)
    assert.equal(verified.code, 65, verified.stdout)
    assert.match(verified.stdout, /✗ wayne +0001_a/)
    const repaired = await run(['repair', '--accept', 'all', '--yes', '--tenants', 'wayne'])
    assert.equal(repaired.code, 0, repaired.stderr)
    assert.match((await run(['history', '--tenants', 'wayne'])).stdout, /0003_c/)
  }))

test('a schema is made where that is wanted, and shared ones stand behind it', () =>
  tenantScene(
    { '0001_a.sql': 'create table orders (price money_amount);' },
    ['common'],
    async ({ db, run }) => {
      await db.query('create domain common.money_amount as numeric(12, 2)')
      const flags = ['--create-schemas', '--shared-schemas', 'common']
      const made = await run(['up', '--tenants', 'acme', ...flags])
      assert.equal(made.code, 0, made.stderr)
      assert.deepEqual(await readHistories(db), { acme: ['0001_a'] })
      const url = new URL(db.url())
      url.pathname += '_new'
      const elsewhere = { SLIPWAY_DATABASE_URL: String(url) }
      const founded = await run(
        ['up', '--tenants', 'common', '--create-schemas', '--create-database'],
        elsewhere,
      )
      assert.equal(founded.code, 70, founded.stderr)
      await db.query(`drop database ${db.name}_new`)
      const none = await run(['up', '--tenants', 'values (1) limit 0', '--allow-no-tenants'])
      assert.equal(none.code, 0, none.stderr)
      assert.match(none.stderr, /0 tenants: 0 migrated/)
    },
  ))

test('the budget of failures is kept, and what was not begun with is named', () =>
  tenantScene({ '0001_a.sql': 'select 1 / 0;' }, ['a', 'b', 'c'], async ({ run }) => {
    const flags = ['--tenants', 'a,b,c', '--max-failures', '1', '--concurrency', '1']
    const { code, stderr } = await run(['up', ...flags])
    assert.equal(code, 70, stderr)
    assert.match(stderr, /1 of 3 tenants failed, 2 were not begun with:\n\s*- a: 0001_a failed/)
    assert.match(stderr, /3 tenants: 0 migrated, 0 up to date, 1 failed, 2 not done; exit 70/)
  }))

test('no further tenant is begun with when the time is over', () =>
  tenantScene({ '0001_a.sql': 'create table a (n integer);' }, ['a', 'b', 'c'], async ({ db, run }) => {
    const flags = ['--tenants', 'a,b,c', '--max-duration', '1ms', '--concurrency', '1']
    const { code, stderr } = await run(['up', ...flags])
    assert.equal(code, 3, stderr)
    assert.match(stderr, /2 tenants were not begun with: the time of --max-duration 1 ms was over/)
    assert.match(stderr, /3 tenants: 1 migrated, 0 up to date, 2 not done; exit 3/)
    assert.deepEqual(Object.keys(await readHistories(db)), ['a'])
    assert.equal((await run(['up', '--tenants', 'a,b,c'])).code, 0)
  }))

test('two shards never touch one tenant, and all of them together take every one', () => {
  const schemas = Array.from({ length: 12 }, (_, index) => `t${index}`)
  return tenantScene({ '0001_a.sql': 'create table a (n integer);' }, schemas, async ({ db, run }) => {
    const env = { SLIPWAY_TENANTS: schemas.join(), SLIPWAY_SHARD: '2' }
    const lists: string[][] = []
    for (const index of ['0', '1']) {
      const { code, stderr } = await run(['up'], {
        ...env,
        JOB_COMPLETION_INDEX: index,
        SLIPWAY_LOG_FORMAT: 'json',
      })
      assert.equal(code, 0, stderr)
      const ends = readLines(stderr).filter(
        (line) => line.event === 'run-finished' && line.tenant !== undefined,
      )
      for (const { exitCode, applied } of ends) assert.deepEqual([exitCode, applied], [0, ['0001_a']])
      const found = readLines(stderr).find((line) => line.event === 'tenants-found')
      assert.deepEqual([found?.all, found?.tenants, found?.upToDate], [12, ends.length, 0])
      lists.push(ends.map(({ tenant }) => String(tenant)))
    }
    const [first = [], second = []] = lists
    assert.ok(first.length > 0 && second.length > 0, 'both have some')
    assert.deepEqual([...first, ...second].sort(), [...schemas].sort())
    assert.equal(Object.keys(await readHistories(db)).length, 12)
    const forgotten = await run(['up'], { ...env, SLIPWAY_SHARD: undefined, JOB_COMPLETION_INDEX: '1' })
    assert.match(forgotten.stderr, /JOB_COMPLETION_INDEX is 1, but this run takes all tenants/)
  })
})

test('a row that names nothing is the first part’s, wherever the query has it', () =>
  tenantScene({ '0001_a.sql': 'select 1;' }, ['acme'], async ({ run }) => {
    const part = (shard: string) =>
      run([
        'up',
        '--tenants',
        "values (null), (''), (null), ('postgres://app@db/%zz'), (null)",
        '--shard',
        shard,
      ])
    const first = await part('1/2')
    assert.equal(first.code, 78, first.stderr)
    assert.match(first.stderr, /5 of 5 tenants failed/)
    const second = await part('2/2')
    assert.equal(second.code, 0, second.stderr)
  }))

test('the query for tenants waits ten seconds for a lock, and what may pass is worth trying again', () =>
  tenantScene({ '0001_a.sql': 'select 1;' }, ['10s'], async ({ db, run }) => {
    const waits = await run(['up', '--tenants', "select current_setting('lock_timeout')"])
    assert.equal(waits.code, 0, waits.stderr)
    await db.query(
      `create function fail(code text) returns text language plpgsql
       as $$ begin raise 'because' using errcode = code; end $$`,
    )
    for (const [sqlstate, exit] of [
      ['55P03', 75],
      ['40001', 75],
      ['57014', 75],
      ['53200', 75],
      ['42P01', 78],
    ] as const) {
      const { code, stderr } = await run(['up', '--tenants', `select fail('${sqlstate}')`])
      assert.equal(code, exit, stderr)
      assert.match(stderr, /quer(?:y|ying) for tenants/, stderr)
    }
  }))

test('a signal stops the one that runs and begins with no other; a lock is one tenant’s alone', () =>
  tenantScene(
    {
      '0001_a.sql': 'create table a (n integer);',
      '0002_sleep.sql': "select pg_sleep(case current_schema() when 'slow' then 60 else 0 end);",
    },
    ['quick', 'slow', 'third'],
    async ({ workspace, db, run }) => {
      const sleeping = () =>
        until('the migration sleeps', async () => {
          const rows = await db.query(
            "select pid from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'",
          )
          return rows[0]
        })
      const running = startSlipway(['up', '--tenants', 'quick,slow,third', '--concurrency', '1'], {
        cwd: workspace.dir,
        env: environment(db),
      })
      await sleeping()
      // The lock of `slow` is held: that of `third` is free, and the same tenant has to wait.
      assert.equal((await run(['up', '--tenants', 'third'])).code, 0)
      const locked = await run(['up', '--tenants', 'slow,third', '--lock-timeout', '100ms'])
      assert.equal(locked.code, 75, locked.stderr)
      assert.match(locked.stderr, /- slow: the run lock of .* was not free/)
      running.kill('SIGTERM')
      const { code, stderr } = await running.done
      assert.equal(code, 143, stderr)
      assert.match(stderr, /3 tenants: 1 migrated, 0 up to date, 2 not done; exit 143/)
      assert.deepEqual(await readHistories(db), {
        quick: ['0001_a', '0002_sleep'],
        slow: ['0001_a'],
        third: ['0001_a', '0002_sleep'],
      })
      assert.equal((await db.query(`select from ${quote('slow')}.a`)).length, 0)
    },
  ))

test('a name that no tenant can have is the failure of that one', () =>
  tenantScene({ '0001_a.sql': 'select 1;' }, ['acme'], async ({ db, run }) => {
    const long = 'é'.repeat(32)
    const { code, stderr } = await run(['up', '--tenants', `pg_catalog,${long},acme`])
    assert.equal(code, 78, stderr)
    assert.match(stderr, /- pg_catalog: item 1 of --tenants is pg_catalog, a schema of PostgreSQL itself/)
    assert.match(stderr, /- é+: item 2 of --tenants has 64 bytes, of which PostgreSQL would keep 63/)
    assert.deepEqual(Object.keys(await readHistories(db)), ['acme'])
  }))

test('what one tenant’s migration throws where nobody awaits it is that one’s failure', () =>
  tenantScene(
    {
      '0001_a.ts': `export const up = async ({ sql }) => {
  const [{ schema }] = await sql\`select current_schema() as schema\`
  if (schema === 'broken') setTimeout(async () => { throw new Error('nobody waits') }, 10)
  await sql\`select pg_sleep(0.5)\`
}
`,
    },
    ['acme', 'broken', 'wayne'],
    async ({ db, run }) => {
      const { code, stderr } = await run(['up', '--tenants', 'acme,broken,wayne'])
      assert.equal(code, 70, stderr)
      assert.match(stderr, /tenants failed:\n\s*- broken: .*nobody waits/)
      assert.equal(stderr.match(/^ *3 \| /gm)?.length, 1, 'its place is shown once')
      assert.deepEqual(await readHistories(db), { acme: ['0001_a'], broken: [], wayne: ['0001_a'] })
    },
  ))
