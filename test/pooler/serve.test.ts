/** `serve` behind a pooler that shares connections: its looks are read-only transactions, and leave nothing behind. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startPgbouncer, withoutPgbouncer } from '../helpers/pgbouncer.ts'
import { openPlace } from '../helpers/place.ts'
import { newestMajor, sharedPostgres } from '../helpers/postgres.ts'
import { startServing } from '../helpers/serving.ts'
import { until } from '../helpers/until.ts'

test('migrates and looks on', { skip: withoutPgbouncer }, async () => {
  await using place = await openPlace('postgres', { '0001_a.sql': 'create table a (id integer);\n' })
  const server = await sharedPostgres(newestMajor)
  await using pooler = await startPgbouncer(server, {
    mode: 'transaction',
    settings: { default_pool_size: 1 },
  })
  const env = { ...place.env, SLIPWAY_DATABASE_URL: pooler.through(place.env.SLIPWAY_DATABASE_URL ?? '') }
  await using serving = await startServing({ cwd: place.workspace.dir, env })
  await serving.until('ready')
  place.workspace.write({ 'migrations/0002_b.sql': 'create table b (id integer);\n' })
  await until('the new file is seen', async () => (await serving.status()).status?.counts.pending === 1)
  await place.expect(0, 'up')
  await serving.until('ready')
  assert.equal((await serving.status()).problem, null)
  assert.equal(await serving.stop(), 0)
})
