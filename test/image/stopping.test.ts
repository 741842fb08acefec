/** `docker stop` in the middle of a migration. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { until } from '../helpers/until.ts'
import { createWorkspace } from '../helpers/workspace.ts'
import { ask, type Harbour, image, openHarbour, startRun, uniqueName } from './docker.ts'

let harbour: Harbour
before(async () => {
  harbour = await openHarbour()
})
after(() => harbour[Symbol.asyncDispose]())

for (const name of ['runner', 'slim'] as const)
  test(`${name}: 143 long before the grace period ends, rolled back, and the next run completes`, async () => {
    const table = `t_${name}`
    const migration = (seconds: number) =>
      `create table ${table} (id integer);\nselect pg_sleep(${seconds});\n`
    using workspace = createWorkspace({ 'migrations/0001_slow.sql': migration(600) })
    const flags = ['--volume', `${workspace.path('migrations')}:/app/migrations:ro`]
    const env = { SLIPWAY_TABLE: `history_${name}` }
    const container = uniqueName()
    const running = startRun(
      harbour,
      { flags: [...flags, '--name', container], env, image: image[name] },
      'up',
    )
    await running.waitForOutput(/step-started/)
    const sleeps = `select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep%' and pid <> pg_backend_pid()`
    await until('it works', async () => (await harbour.psql(sleeps)) === '1', { timeoutMs: 60_000 })
    // Docker kills it with 137 when the time is over.
    await ask(['stop', '--time', '30', container])
    const { code, stderr } = await running.done
    assert.equal(code, 143, stderr)
    assert.equal(await harbour.psql(sleeps), '0')
    assert.equal(await harbour.psql(`select to_regclass('${table}') is null`), 't')

    workspace.write({ 'migrations/0001_slow.sql': migration(0) })
    const next = await startRun(harbour, { flags, env, image: image[name] }).done
    assert.equal(next.code, 0, next.stderr)
    assert.equal(await harbour.psql(`select state from history_${name}`), 'applied')
  })
