/** A runner that waits for the run lock leaves the processor to the one that has it: it reads no migration yet. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slipway, startSlipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { until } from '../helpers/until.ts'
import { createWorkspace, writeMigrations } from '../helpers/workspace.ts'

const codeOf = (lines: string) => /"code":"([^"]+)"/.exec(lines)?.[1]

test('a file that does not parse is told by the runner with the lock, not by one that never gets it', async () => {
  await using db = await createTestDatabase(newestMajor)
  using workspace = createWorkspace()
  const dir = writeMigrations(workspace, { '0001_sleeps.sql': 'select pg_sleep(600);' })
  const env = { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_DIR: dir, SLIPWAY_LOCK_TIMEOUT: '300ms' }
  const holder = startSlipway(['up'], { env })
  await until('the first runner is at its migration', async () => {
    const [row] = await db.query(
      "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'",
    )
    return row
  })
  writeMigrations(workspace, { '0002_broken.sql': 'create tabel a ();' })

  const waited = await slipway(['up'], { env })
  assert.deepEqual([waited.code, codeOf(waited.stderr)], [75, 'lock-timeout'], waited.stderr)

  holder.kill('SIGTERM')
  await holder.done
  const alone = await slipway(['up'], { env })
  assert.deepEqual([alone.code, codeOf(alone.stderr)], [66, 'sql-syntax'], alone.stderr)
})
