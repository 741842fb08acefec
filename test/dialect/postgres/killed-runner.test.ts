/** A runner is killed in the middle of a statement: the server ends its work, and whoever waits goes on. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { effectsTable, patientMigrations, withStage } from '../../helpers/interrupted-run.ts'
import { postgresMajors, sharedPostgres } from '../../helpers/postgres.ts'
import { until } from '../../helpers/until.ts'

/** client_connection_check_interval is PostgreSQL 14's. */
for (const major of postgresMajors.filter((one) => one >= 14))
  describe(`killed during a statement on PostgreSQL ${major}`, { concurrency: 2 }, () => {
    for (const transaction of [true, false])
      it(`its statement and its lock are gone within 10 s, transaction:${transaction}`, async () =>
        withStage(
          {
            '0001_effects.sql': effectsTable,
            '0002_sleeps.sql': `-- migrate:up transaction:${transaction}\nselect pg_sleep(60);`,
          },
          async (stage) => {
            const run = stage.start({ direct: true })
            await stage.executing('pg_sleep')
            assert.equal(await stage.locks(), 1)
            run.kill('SIGKILL')
            await until(
              'the session and its lock are gone',
              async () => (await stage.backends()).length === 0 && (await stage.locks()) === 0,
              { timeoutMs: 10_000 },
            )
          },
          await sharedPostgres(major),
        ))

    for (const kind of ['transaction', 'stepwise'] as const)
      it(`a second runner that waits for the lock completes within seconds, ${kind}`, async () =>
        withStage(
          patientMigrations(kind),
          async (stage) => {
            const first = stage.start({ direct: true })
            const pid = await stage.executing('from patience')
            const second = stage.start({ direct: true })
            await second.waitForOutput(new RegExp(`run lock is held by pid ${pid}`))
            first.kill('SIGKILL')
            await until('the first session is gone', async () => !(await stage.backends()).includes(pid), {
              timeoutMs: 10_000,
            })
            await stage.executing('from patience')
            await stage.allow()
            assert.equal((await second.done).code, 0, second.output())
            assert.equal((await first.done).signal, 'SIGKILL')
            assert.deepEqual(await stage.effects(), ['after', 'before'])
            assert.deepEqual(await stage.history(), ['0001_effects applied', '0002_sleeps applied'])
          },
          await sharedPostgres(major),
        ))
  })
