/** Thirty runners through a pooler that gives a server connection to each transaction: what thirty direct ones do. */
import assert from 'node:assert/strict'
import { newestMajor, postgresMajors } from '../helpers/postgres.ts'
import { counting, requireAllDone, requireDoneOnce, runners, startAll } from '../helpers/starters.ts'
import { until } from '../helpers/until.ts'
import { createPooledScene, type PooledScene, testPooled } from './pooled-scene.ts'

async function requireOnce(scene: PooledScene, envs: readonly Readonly<Record<string, string>>[]) {
  const look = async () => {
    const rows = await scene.db.query("select 1 from schema_migrations where state = 'applied'")
    return rows.length
  }
  const dir = scene.workspace.path('migrations')
  requireAllDone(
    await startAll(
      envs.map((env) => ({ SLIPWAY_DIR: dir, ...env })),
      look,
    ),
  )
  await requireDoneOnce(scene.db)
}

/** Fewer server connections than runners, each way. */
const sizes = [3, 20]

for (const [n, major] of postgresMajors.entries()) {
  const size = sizes[n % sizes.length] ?? 20
  testPooled(
    `${runners} runners through ${size} server connections to an empty PostgreSQL ${major}`,
    async () => {
      const settings = { default_pool_size: size }
      await using scene = await createPooledScene(major, { mode: 'transaction', settings }, counting())
      await requireOnce(scene, [{ SLIPWAY_DATABASE_URL: scene.url }])
    },
  )
}

testPooled(`${runners} runners, half of them direct, exclude each other`, async () => {
  await using scene = await createPooledScene(newestMajor, { mode: 'transaction' }, counting())
  await requireOnce(scene, [{ SLIPWAY_DATABASE_URL: scene.url }, scene.direct])
})

testPooled('a failing migration is tried by one runner only, and no runner reports success', async () => {
  await using scene = await createPooledScene(
    newestMajor,
    { mode: 'transaction' },
    {
      '0001_tries.sql': 'create sequence tries;\ncreate table gate ();',
      '0002_fails.sql': "select nextval('tries');\nlock table gate in access share mode;\nselect 1 / 0;",
    },
  )
  const env = { SLIPWAY_DDL_LOCK_TIMEOUT: '2m' }
  assert.equal((await scene.run(['up', '--to', '0001_tries'], env)).code, 0)
  await using gate = await scene.db.connect()
  await gate.unsafe('begin; lock table gate')
  const running = Array.from({ length: 10 }, () => scene.start(['up'], env))
  await until('nine runners wait for the tenth', () =>
    running.filter((one) => one.output().includes('waiting-for-lock')).length === 9 ? true : undefined,
  )
  await gate.unsafe('commit')
  const results = await Promise.all(running.map((one) => one.done))
  assert.deepEqual([...new Set(results.map(({ code }) => code))], [70])
  // A sequence is not rolled back, so it counts the attempts.
  const [tries] = await scene.db.query<{ last_value: string }>('select last_value from tries')
  assert.equal(Number(tries?.last_value), 1)
  assert.equal(results.filter(({ stderr }) => stderr.includes('failed-elsewhere')).length, 9)
})
