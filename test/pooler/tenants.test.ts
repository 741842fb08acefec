/** Tenants behind a pooler that shares server connections: each migration finds its own schema. */
import assert from 'node:assert/strict'
import { newestMajor } from '../helpers/postgres.ts'
import { readHistories } from '../tenants/scene.ts'
import { createPooledScene, requireCode, testPooled } from './pooled-scene.ts'

const files = { '0001_a.sql': 'create table a (n int);', '0002_b.sql': 'insert into a values (1);' }

testPooled('side by side, on few connections', async () => {
  await using scene = await createPooledScene(newestMajor, { mode: 'transaction' }, files)
  const schemas = ['t1', 't2', 't3', 't4', 't5']
  for (const schema of schemas) await scene.db.query(`create schema ${schema}`)
  const list = ['--tenants', schemas.join(), '--concurrency', '3']
  requireCode(await scene.run(['up', ...list]), 0)
  const names = ['0001_a', '0002_b']
  assert.deepEqual(
    await readHistories(scene.db),
    Object.fromEntries(schemas.map((schema) => [schema, names])),
  )
  assert.equal(await scene.locks(), 0)
  requireCode(await scene.run(['up', ...list]), 0)
  const [{ n } = { n: 0 }] = await scene.db.query<{ n: number }>('select count(*)::int as n from t3.a')
  assert.equal(n, 1)
})
