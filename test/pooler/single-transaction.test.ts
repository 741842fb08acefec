/** `up --single-transaction` through a pooler: a session is needed for what stands between two migrations. */
import assert from 'node:assert/strict'
import { errorOf } from '../dialect/postgres/scene.ts'
import { newestMajor } from '../helpers/postgres.ts'
import { createPooledScene, testPooled } from './pooled-scene.ts'

const files = { '0001_a.sql': 'create table a (n int);', '0002_b.sql': 'create table b (n int);' }
const args = ['up', '--single-transaction']

testPooled('in session mode it works', async () => {
  await using scene = await createPooledScene(newestMajor, { mode: 'session' }, files)
  const result = await scene.run(args)
  assert.equal(result.code, 0, result.stderr)
  assert.deepEqual(await scene.history(), ['0001_a applied', '0002_b applied'])
  assert.equal(await scene.locks(), 0)
})

testPooled('in transaction mode it is refused before anything runs', async () => {
  await using scene = await createPooledScene(newestMajor, { mode: 'transaction' }, files)
  const result = await scene.run(args)
  assert.equal(result.code, 78, result.stderr)
  assert.equal(errorOf(result).code, 'pooler-in-the-way')
  assert.deepEqual(await scene.history(), [])
  await scene.up(0)
})
